"""A run of the digest against a real mail server that is not always kind."""

from contextlib import contextmanager
from datetime import date

import pytest

from cocite.catalogue.event_records import ReaderName
from cocite.catalogue.mails import HAND_OVER_MS, Mails
from cocite.catalogue.readers import Readers
from cocite.catalogue.store import Catalogue
from cocite.catalogue.subscription_records import Choice, Period, Taken
from cocite.catalogue.subscriptions import Subscriptions
from cocite.core.errors import Unauthenticated
from cocite.core.settings import Settings
from cocite.feeds.digest_job import digest_job
from cocite.feeds.digest_occasions import Occasion
from cocite.feeds.digest_sending import REFUSALS, DigestRun, Writer
from cocite.feeds.mail_courier import Courier
from cocite.feeds.mail_delivery import Delivery
from cocite.feeds.mail_settings import mail_server
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.degradation_pb2 import (
    DEGRADED_CAUSE_CACHE_UNAVAILABLE,
    DEGRADED_CAUSE_RECOMMENDER_UNAVAILABLE,
    Degradation,
)
from support.digests import SECRET, SENDER, age_mails, subscribe
from support.mail_server import Mailbox, running_mail_server
from support.ports import free_port
from support.scripted_feeds import ScriptedFeeds, new, paper, running_feeds

OCCASION = Occasion(Period.DAILY, (date(2026, 11, 23),))
NEXT = Occasion(Period.DAILY, (date(2026, 11, 24),))


@pytest.fixture
def catalogue(tmp_path):
    with Catalogue.open(f"sqlite:///{tmp_path / 'catalogue.db'}") as opened:
        yield opened


@pytest.fixture(scope="module")
def feeds():
    with running_feeds(ScriptedFeeds(new=new(paper(1, "", "Physics")))) as running:
        yield running


@contextmanager
def job_for(tmp_path, catalogue, feeds, smtp_url: str):
    settings = Settings(home=tmp_path, smtp_url=smtp_url, mail_from=SENDER, feed_secret=SECRET)
    with digest_job(settings, catalogue, feeds.target, 1000.0, sends=True) as job:
        yield job, settings


@contextmanager
def digest(tmp_path, catalogue, feeds, box: Mailbox, retry_s=(), reconnect_s=(0.01,), occasion=OCCASION):
    """A run that waits no longer than a test has time for."""
    with (
        job_for(tmp_path, catalogue, feeds, box.url) as (job, settings),
        Delivery(mail_server(settings), SENDER) as delivery,
    ):
        courier = Courier(delivery, job.mails, 1000.0, reconnect_s=reconnect_s)
        writer: Writer = job._writer(occasion)
        yield DigestRun(occasion, job.subscriptions, job.mails, writer, courier, job.stop, retry_s)


def send(*arguments, **more):
    with digest(*arguments, **more) as run:
        return run.send()


def test_who_is_put_off_is_tried_again_in_the_run_and_by_the_next(tmp_path, catalogue, feeds):
    for name in "abc":
        subscribe(catalogue, f"{name}@example.org")
    greylists = Mailbox(
        to_recipient={"a@example.org": ["450 4.2.0 later", "250 OK"]},
        to_content={"b@example.org": ["451 4.3.0 later", "451 4.3.0 later", "250 OK"]},
    )
    with running_mail_server(greylists) as box:
        report = send(tmp_path, catalogue, feeds, box, retry_s=(0.01,))
        assert +report.outcomes == {"sent": 2, "waiting": 1}
        assert not report.complete
        assert box.recipients == ["a@example.org", "c@example.org"]
        report = send(tmp_path, catalogue, feeds, box)
        assert (+report.outcomes, report.complete) == ({"sent": 1, "taken before": 2}, True)
        assert box.recipients == ["a@example.org", "b@example.org", "c@example.org"]


@pytest.mark.parametrize("change", ["unsubscribed", "deleted"])
def test_who_leaves_while_the_mail_is_on_its_way_is_not_mailed(tmp_path, catalogue, feeds, change):
    to = subscribe(catalogue, "a@example.org")

    class Leaves(Mailbox):
        """The server accepts the recipient, who leaves at that moment."""

        async def handle_RCPT(self, *arguments):
            if change == "unsubscribed":
                Subscriptions(catalogue).end(to.key)
            else:
                with catalogue.writing() as connection:
                    connection.exec_driver_sql("DELETE FROM subscriptions")
            return await super().handle_RCPT(*arguments)

    with running_mail_server(Leaves()) as box:
        report = send(tmp_path, catalogue, feeds, box)
        assert report.outcomes == {"not wanted": 1}
        assert box.received == []


def test_an_address_that_bounces_three_times_is_not_mailed_any_more(tmp_path, catalogue, feeds):
    subscribe(catalogue, "gone@example.org")
    subscribe(catalogue, "here@example.org")
    with running_mail_server(Mailbox(to_recipient={"gone@example.org": ["550 5.1.1 no such user"]})) as box:
        days = [Occasion(Period.DAILY, (date(2026, 11, day),)) for day in (20, 21, 22, 23)]
        reports = [send(tmp_path, catalogue, feeds, box, occasion=day) for day in days]
        assert [report.outcomes["bounced"] for report in reports] == [1, 1, 1, 0]
        assert [report.ended for report in reports] == [0, 0, 1, 0]
        assert reports[0].problems == [("g***@example.org", "bounced", "550 5.1.1 no such user")]
        assert box.recipients == ["here@example.org"] * 4
    assert Subscriptions(catalogue).counts() == {("daily", "bounced"): 1, ("daily", "confirmed"): 1}


def test_a_server_that_takes_nobody_is_not_believed_about_everybody(tmp_path, catalogue, feeds):
    everybody = [f"{number}@example.org" for number in range(REFUSALS + 5)]
    for email in everybody:
        subscribe(catalogue, email)
    with running_mail_server(Mailbox(to_recipient={email: ["550 no"] for email in everybody})) as box:
        report = send(tmp_path, catalogue, feeds, box)
        assert report.outcomes == {"bounced": REFUSALS}
        assert "has refused 20 mails in a row" in report.stopped
        box.to_recipient.clear()
        assert send(tmp_path, catalogue, feeds, box).outcomes == {"sent": len(everybody)}


def test_a_lost_connection_is_made_again(tmp_path, catalogue, feeds):
    for name in "abc":
        subscribe(catalogue, f"{name}@example.org")
    busy = Mailbox(to_recipient={"a@example.org": ["421 4.3.2 too busy", "250 OK"]})
    with running_mail_server(busy) as box:
        assert send(tmp_path, catalogue, feeds, box).outcomes == {"sent": 3}


def test_a_run_that_stops_goes_on_the_next_time(tmp_path, catalogue, feeds):
    for name in "ab":
        subscribe(catalogue, f"{name}@example.org")
    report = send(tmp_path, catalogue, feeds, Mailbox(port=free_port()))
    assert (report.outcomes, report.complete) == ({}, False)
    assert "no mail server answers" in report.stopped
    with running_mail_server() as box:
        assert send(tmp_path, catalogue, feeds, box).outcomes == {"sent": 2}


def test_what_the_server_never_answered_is_sent_again_only_when_told_to(tmp_path, catalogue, feeds):
    subscribe(catalogue, "a@example.org")
    with running_mail_server(Mailbox(to_content={"a@example.org": ["", "250 OK"]})) as box:
        report = send(tmp_path, catalogue, feeds, box)
        assert (report.outcomes, report.complete, report.in_doubt) == ({"unsure": 1}, False, 1)
        report = send(tmp_path, catalogue, feeds, box)
        assert (report.outcomes, report.complete, report.in_doubt) == ({"taken before": 1}, True, 1)
        report = send(tmp_path, catalogue, feeds, box, occasion=NEXT)
        assert (report.outcomes, report.in_doubt) == ({"sent": 1}, 0)
        with job_for(tmp_path, catalogue, feeds, box.url) as (job, _):
            assert job.retry_unsure().outcomes == {"sent": 1}
            assert job.mails.in_doubt(OCCASION.name) == 0
            assert job.retry_unsure().outcomes == {}
    ids = [each.mail["Message-ID"] for each in box.received]
    assert ids[0] == ids[2] != ids[1]  # by which its reader's program may know it for the same


def test_a_run_tells_of_the_mail_that_one_before_died_with(tmp_path, catalogue, feeds):
    to = subscribe(catalogue, "a@example.org")
    assert Mails(catalogue).take(to, OCCASION.name) is Taken.TAKEN
    with running_mail_server() as box:
        report = send(tmp_path, catalogue, feeds, box)
    assert (report.outcomes, report.in_doubt, box.received) == ({"taken before": 1}, 1, [])


@pytest.mark.parametrize("change", ["rotated", "deleted", "nothing"])
def test_an_address_of_a_feed_that_is_void_by_then_ends_no_run(tmp_path, catalogue, change):
    readers = Readers(catalogue)
    reader = readers.create(ReaderName(True, "a" * 64))
    subscribe(catalogue, "a@example.org", Choice(Period.DAILY, (), reader.reader_key))
    subscribe(catalogue, "b@example.org")
    refused = []

    def feed(request):
        if change != "nothing" and refused:
            return pb.ListFeedResponse()
        refused.append(request.reader.feed_token)
        if change == "rotated":
            readers.rotate(reader.reader_key)
        if change == "deleted":
            readers.delete(reader.reader)
        raise Unauthenticated("this feed address opens no feed any more", hint="ask its owner for the new one")

    with running_feeds(ScriptedFeeds(new=new(paper(1)), feed=feed)) as feeds, running_mail_server() as box:
        report = send(tmp_path, catalogue, feeds, box)
    assert len(refused) == 1
    if change == "nothing":
        assert "give both the same COCITE_FEED_SECRET" in report.stopped
    else:
        assert report.stopped == ""
        gone = ["not wanted"] * (change == "deleted")
        assert sorted(report.outcomes.elements()) == [*gone, *["sent"] * (2 - len(gone))]


@pytest.mark.parametrize("later", ["in the run", "in the next"])
def test_who_has_a_feed_waits_for_the_recommender_and_holds_up_nobody(tmp_path, catalogue, later):
    reader = Readers(catalogue).create(ReaderName(True, "a" * 64))
    subscribe(catalogue, "a@example.org", Choice(Period.DAILY, (), reader.reader_key))
    subscribe(catalogue, "b@example.org")
    away = pb.ListFeedResponse(degraded=[Degradation(cause=DEGRADED_CAUSE_RECOMMENDER_UNAVAILABLE)])
    back = pb.ListFeedResponse(items=[pb.FeedItem(paper=paper(7))], personal=True)
    answers = iter([away, back])
    with (
        running_feeds(ScriptedFeeds(new=new(paper(1)), feed=lambda request: next(answers))) as feeds,
        running_mail_server() as box,
    ):
        report = send(tmp_path, catalogue, feeds, box, retry_s=(0.01,) if later == "in the run" else ())
        if later == "in the next":
            assert (+report.outcomes, report.complete, report.stopped) == ({"sent": 1, "waiting": 1}, False, "")
            assert report.problems == [
                ("a***@example.org", "waiting", "the recommender does not answer the feed service")
            ]
            report = send(tmp_path, catalogue, feeds, box)
        assert report.complete
        assert box.recipients == ["a@example.org", "b@example.org"]
        (personal,) = (each.mail for each in box.received if each.mail["To"] == "a@example.org")
    assert "Paper 7" in personal.get_body(("plain",)).get_content()


def test_a_feed_without_a_model_for_it_is_no_reason_to_wait(tmp_path, catalogue):
    reader = Readers(catalogue).create(ReaderName(True, "a" * 64))
    subscribe(catalogue, "a@example.org", Choice(Period.DAILY, (), reader.reader_key))
    slow = pb.ListFeedResponse(degraded=[Degradation(cause=DEGRADED_CAUSE_CACHE_UNAVAILABLE)])
    with (
        running_feeds(ScriptedFeeds(new=new(paper(1)), feed=lambda request: slow)) as feeds,
        running_mail_server() as box,
    ):
        assert send(tmp_path, catalogue, feeds, box).outcomes == {"sent": 1}


def test_who_left_is_not_sent_what_is_unsure(tmp_path, catalogue, feeds):
    to = subscribe(catalogue, "a@example.org")
    Mails(catalogue).take(to, OCCASION.name)
    age_mails(catalogue, HAND_OVER_MS + 1)
    Subscriptions(catalogue).end(to.key)
    with running_mail_server() as box, job_for(tmp_path, catalogue, feeds, box.url) as (job, _):
        assert job.retry_unsure().outcomes == {"not wanted": 1}
        assert box.received == []
        assert job.mails.unsure() == []


def test_who_has_nothing_new_gets_nothing_and_may_get_it_later(tmp_path, catalogue, feeds):
    subscribe(catalogue, "a@example.org", Choice(Period.DAILY, ("Biology",)))
    with running_mail_server() as box:
        assert send(tmp_path, catalogue, feeds, box).outcomes == {"nothing new": 1}
        with running_feeds(ScriptedFeeds(new=new(paper(2, "", "Biology")))) as later:
            assert send(tmp_path, catalogue, later, box).outcomes == {"sent": 1}


def test_the_feed_of_a_reader_is_asked_for_by_its_own_token_and_other_lists_once(tmp_path, catalogue):
    scripted = ScriptedFeeds(new=new(paper(1)))
    for name in "ab":
        reader = Readers(catalogue).create(ReaderName(True, name * 64))
        subscribe(catalogue, f"{name}@example.org", Choice(Period.DAILY, (), reader.reader_key))
    with running_feeds(scripted) as feeds, running_mail_server() as box:
        assert send(tmp_path, catalogue, feeds, box).outcomes == {"sent": 2}
    kinds = [type(request).__name__ for request in scripted.requests]
    assert sorted(kinds) == ["ListFeedRequest"] * 2 + ["ListNewRequest", "ListTrendingRequest"]
    tokens = {request.reader.feed_token for request in scripted.requests if hasattr(request, "reader")}
    assert len(tokens - {""}) == 2


def test_a_feed_service_that_is_away_stops_the_run(tmp_path, catalogue):
    subscribe(catalogue, "a@example.org")

    class Nowhere:
        target = f"127.0.0.1:{free_port()}"

    with running_mail_server() as box:
        report = send(tmp_path, catalogue, Nowhere, box)
        assert "nothing answers at" in report.stopped
        assert box.received == []


def test_confirmations_that_wait_go_with_the_digest(tmp_path, catalogue, feeds):
    Subscriptions(catalogue).ask("new@example.org", Choice(Period.DAILY))
    with running_mail_server() as box, job_for(tmp_path, catalogue, feeds, box.url) as (job, _):
        job.send(OCCASION, lambda done: None)
        assert box.recipients == ["new@example.org"]
        job.send(OCCASION, lambda done: None)
        assert len(box.received) == 1
