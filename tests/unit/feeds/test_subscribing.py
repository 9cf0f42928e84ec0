"""Subscribing as the feed service answers it: a mail through a real server, a link, and the end of it."""

import re
import time

import grpc
import pytest
import sqlalchemy as sa

from cocite.catalogue.event_records import ReaderName
from cocite.catalogue.mails import Mails
from cocite.catalogue.readers import Readers
from cocite.catalogue.schema import readers, subscriptions
from cocite.catalogue.store import Catalogue
from cocite.catalogue.subscription_records import Choice, Period
from cocite.catalogue.subscriptions import Subscriptions
from cocite.core.clock import DAY_MS, HOUR_MS, now_ms
from cocite.core.errors import InvalidArgument, NotFound, NotReady
from cocite.core.settings import Settings
from cocite.feeds.mail_confirming import ConfirmationSender, start_sender
from cocite.feeds.mail_settings import mail_server, postmark
from cocite.feeds.secrets import signer
from cocite.feeds.subscribing import Subscribing
from cocite.v1 import feed_service_pb2 as pb
from support.digests import SECRET, age_mails
from support.mail_server import Mailbox, running_mail_server
from support.ports import free_port
from support.stack import eventually

ADDRESS = "reader@example.org"
DAILY = pb.SubscribeRequest(email=ADDRESS, period=pb.DIGEST_PERIOD_DAILY)


def settings_for(home, smtp_url: str) -> Settings:
    return Settings(
        home=home,
        smtp_url=smtp_url,
        mail_from="Papers <papers@example.org>",
        public_url="https://papers.example.org/",
        feed_secret=SECRET,
    )


@pytest.fixture
def catalogue(tmp_path):
    with Catalogue.open(f"sqlite:///{tmp_path / 'catalogue.db'}") as opened:
        yield opened


@pytest.fixture
def box():
    with running_mail_server() as running:
        yield running


@pytest.fixture
def site(tmp_path, catalogue, box):
    """What answers, with a sender that runs."""
    settings = settings_for(tmp_path, box.url)
    sign = signer(settings)
    sender = start_sender(settings, catalogue, sign)
    yield Subscribing(Subscriptions(catalogue), Readers(catalogue), sign, settings, sender)
    sender.close()


def came(box: Mailbox, count: int) -> str:
    """The text of the last mail, once that many have come."""
    end = time.monotonic() + 20
    while len(box.received) < count and time.monotonic() < end:
        time.sleep(0.01)
    assert len(box.received) == count
    return box.received[-1].mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def token(text: str) -> str:
    (found,) = re.findall(r"^https://papers\.example\.org/confirm\?token=(\S+)$", text, re.MULTILINE)
    return found


def test_from_the_request_to_the_end(site, box, catalogue):
    assert site.subscribe(DAILY) == pb.SubscribeResponse()
    text = came(box, 1)
    assert box.recipients == [ADDRESS]
    held = Subscriptions(catalogue)
    assert held.confirmed(Period.DAILY, 0, 9) == []
    answer = site.confirm(pb.ConfirmSubscriptionRequest(token=token(text)))
    assert answer.period == pb.DIGEST_PERIOD_DAILY
    (subscription,) = held.confirmed(Period.DAILY, 0, 9)
    link = postmark(site._settings, site._signer).unsubscribe_url(subscription.key)
    ending = pb.UnsubscribeRequest(token=link.partition("token=")[2])
    assert site.unsubscribe(ending) == site.unsubscribe(ending) == pb.UnsubscribeResponse()
    assert held.confirmed(Period.DAILY, 0, 9) == []
    with pytest.raises(NotFound, match="subscribe again"):
        site.confirm(pb.ConfirmSubscriptionRequest(token=token(text)))


def test_the_answer_does_not_tell_whether_an_address_is_known(site, box, catalogue):
    answers = [site.subscribe(DAILY) for _ in range(3)]
    came(box, 1)
    assert answers == [pb.SubscribeResponse()] * 3
    age_mails(catalogue, HOUR_MS)
    site.subscribe(DAILY)
    came(box, 2)


def test_a_token_for_one_thing_does_not_do_another(site, box):
    site.subscribe(DAILY)
    confirms = token(came(box, 1))
    with pytest.raises(NotFound, match="this link is not valid"):
        site.unsubscribe(pb.UnsubscribeRequest(token=confirms))
    with pytest.raises(NotFound):
        site.confirm(pb.ConfirmSubscriptionRequest(token=confirms[:-2] + "AA"))


def test_a_reader_is_subscribed_by_name_and_never_by_feed_token(site, catalogue, box):
    with pytest.raises(InvalidArgument, match="a feed token opens ListFeed alone"):
        site.subscribe(pb.SubscribeRequest(email=ADDRESS, period=1, reader=pb.ReaderRef(feed_token="x" * 30)))
    site.subscribe(pb.SubscribeRequest(email=ADDRESS, period=1, reader=pb.ReaderRef(reader_id="ada")))
    text = came(box, 1)
    assert "a personal feed" in text
    site.confirm(pb.ConfirmSubscriptionRequest(token=token(text)))
    with catalogue.reading() as connection:
        (key,) = connection.execute(sa.select(readers.c.reader_key)).scalars()
        assert list(connection.execute(sa.select(subscriptions.c.reader_key)).scalars()) == [key]


def test_fields_chosen_by_a_stranger_do_not_stand_in_the_mail(site, box):
    site.subscribe(pb.SubscribeRequest(email=ADDRESS, period=2, fields=["BUY AT https://evil.example", "Physics"]))
    text = came(box, 1)
    html = box.received[0].mail.get_body(("html",)).get_content()
    assert "evil" not in text + html
    assert "the 2 subjects you named" in text
    assert "the 2 subjects you named" in html


@pytest.mark.parametrize("email", ["a..b@example.org", ".a@example.org", "a.@example.org", "x" * 65 + "@example.org"])
def test_an_address_that_no_mail_can_be_sent_to_is_refused(site, email):
    with pytest.raises(InvalidArgument, match="no mail can be sent to this address"):
        site.subscribe(pb.SubscribeRequest(email=email, period=1))


def test_without_a_mail_server_it_says_what_to_set(tmp_path, catalogue):
    settings = settings_for(tmp_path, "")
    sign = signer(settings)
    assert start_sender(settings, catalogue, sign) is None
    silent = Subscribing(Subscriptions(catalogue), Readers(catalogue), sign, settings, None)
    with pytest.raises(NotReady, match="set COCITE_SMTP_URL"):
        silent.subscribe(DAILY)
    assert Subscriptions(catalogue).counts() == {}


def test_mails_wait_for_a_server_that_is_away(tmp_path, catalogue):
    port = free_port()
    settings = settings_for(tmp_path, f"smtp://127.0.0.1:{port}")
    sign = signer(settings)
    held = Subscriptions(catalogue)
    sender = ConfirmationSender(held, Mails(catalogue), postmark(settings, sign), mail_server(settings), look_s=0.05)
    sender.start()
    try:
        Subscribing(held, Readers(catalogue), sign, settings, sender).subscribe(DAILY)
        time.sleep(0.2)
        assert Mails(catalogue).counts() == {("confirm", "waiting"): 1}
        with running_mail_server(port=port) as box:
            came(box, 1)
    finally:
        sender.close()


def test_addresses_that_nobody_answered_for_are_forgotten_without_a_digest(tmp_path, catalogue):
    reader = Readers(catalogue).create(ReaderName(False, "ada"))
    Subscriptions(catalogue).ask(ADDRESS, Choice(Period.DAILY, (), reader.reader_key))
    settings = settings_for(tmp_path, f"smtp://127.0.0.1:{free_port()}")
    later = Subscriptions(catalogue, lambda: now_ms() + 8 * DAY_MS)
    stamp = postmark(settings, signer(settings))
    sender = ConfirmationSender(later, Mails(catalogue), stamp, mail_server(settings))
    sender.start()
    try:
        assert eventually(lambda: not later.counts())
    finally:
        sender.close()
    assert Readers(catalogue).find(reader.reader) is None, "of whom nothing else was known"


def test_the_feed_service_answers_so(tmp_path, box):
    from cocite.feeds.main import build
    from cocite.v1.feed_service_pb2_grpc import FeedServiceStub

    settings = settings_for(tmp_path, box.url).model_copy(update={"feeds_listen": "127.0.0.1:0", "drain_s": 0})
    process = build(settings)
    try:
        with grpc.insecure_channel(process.server.start()) as channel:
            stub = FeedServiceStub(channel)
            stub.Subscribe(DAILY, timeout=20)
            answer = stub.ConfirmSubscription(pb.ConfirmSubscriptionRequest(token=token(came(box, 1))), timeout=20)
            assert answer.period == pb.DIGEST_PERIOD_DAILY
            with pytest.raises(grpc.RpcError) as refused:
                stub.Unsubscribe(pb.UnsubscribeRequest(token="x" * 30), timeout=20)
            assert refused.value.code() is grpc.StatusCode.NOT_FOUND
            with pytest.raises(grpc.RpcError) as wrong:
                stub.Subscribe(pb.SubscribeRequest(email="a@b\r\nBcc: c@d", period=1), timeout=20)
            assert wrong.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    finally:
        process.server.stop(lame_duck_s=0)
        process.close()
