"""A day in the life of a daily-papers site: papers come in, readers act, what they are shown changes, a model is
trained on it, the digest goes out once, and a reader who leaves is gone.

Each test is a part of the day and stands on those before it.
"""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta

import grpc
import httpx
import pytest

from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.feed_service_pb2_grpc import FeedServiceStub
from support.arxiv_listing import ArxivListing, Listed, some
from support.mail_server import running_mail_server
from support.stack import Stack, eventually

pytestmark = pytest.mark.timeout(240)

SMALL = "doi:10.1002/asi.4630240406"
NEW = "arxiv:2611.00007"
TITLE = "Co-citation maps of daily science"
ABSTRACT = "We draw maps of science from the co-citation of papers, day by day, and show them to readers."
YESTERDAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
ANN = pb.ReaderRef(reader_id="ann-who-reads-maps")
OTHERS = [pb.ReaderRef(reader_id=f"reader-{number}") for number in range(6)]
EMAIL = "ann@reader.example"


@pytest.fixture(scope="module")
def mailbox():
    with running_mail_server() as mailbox:
        yield mailbox


@pytest.fixture(scope="module")
def site(trained_demo, mailbox, tmp_path_factory):
    mails = {"smtp_url": mailbox.url, "mail_from": "Papers <papers@site.example>"}
    with Stack(trained_demo.copied_to(tmp_path_factory.mktemp("day"), fresh_interval_s="0.3", **mails)) as stack:
        yield stack


@pytest.fixture(scope="module")
def home(site):
    """For commands beside the running stack."""
    targets = {f"{name}_target": target for name, target in site.targets.items() if name in ("feeds", "recommender")}
    return site.home.of_demo(**targets)


@pytest.fixture(scope="module")
def feeds(site):
    with grpc.insecure_channel(site.targets["feeds"]) as channel:
        yield FeedServiceStub(channel)


def act(feeds, reader, kind, *papers: str, undo: bool = False) -> None:
    events = [
        pb.Event(event_id=str(uuid.uuid4()), reader=reader, kind=kind, paper_id=paper, undo=undo) for paper in papers
    ]
    answer = feeds.RecordEvents(pb.RecordEventsRequest(events=events), timeout=20)
    assert [result.status for result in answer.results] == [pb.EVENT_STATUS_RECORDED] * len(papers)


def feed(feeds, reader) -> pb.ListFeedResponse:
    return feeds.ListFeed(pb.ListFeedRequest(reader=reader, page_size=50), timeout=20)


def ids(answer) -> list[str]:
    return [item.paper.paper_id for item in answer.items]


def model(site) -> str:
    return httpx.get(f"http://{site.targets['gateway']}/v1/model", timeout=10).json()["modelVersion"]


def trained(home, site) -> dict:
    """What `cocite train` says, once its model serves."""
    told = json.loads(home.run("train", "--force", "--json", check=True).stdout)
    assert eventually(lambda: model(site) == told["model_version"])
    return told


def test_new_papers_come_in_and_are_listed_with_papers_like_them(home, feeds):
    listing = ArxivListing()
    try:
        listing.entries = [*some(2, newest=YESTERDAY - timedelta(days=2)), Listed(NEW[6:], TITLE, YESTERDAY, ABSTRACT)]
        home.having(arxiv_url=listing.url).run("ingest", "--follow", "arxiv:cs.DL", "--once", check=True)
    finally:
        listing.close()

    def of_the_day():
        request = pb.ListNewRequest(date=f"{YESTERDAY:%Y-%m-%d}", similar=3)
        return feeds.ListNew(request, timeout=20)

    assert eventually(lambda: [len(item.similar) for item in of_the_day().items] == [3])
    assert ids(of_the_day()) == [NEW]
    assert of_the_day().previous_date == f"{YESTERDAY - timedelta(days=2):%Y-%m-%d}"


def test_what_readers_do_makes_trending(feeds):
    assert ids(feeds.ListTrending(pb.ListTrendingRequest(), timeout=20)) == []
    kept = ids(feed(feeds, OTHERS[0]))[:3]
    for reader in OTHERS:
        act(feeds, reader, pb.EVENT_KIND_UPVOTE, NEW)
    act(feeds, OTHERS[0], pb.EVENT_KIND_SAVE, *kept)

    def trending():
        return feeds.ListTrending(pb.ListTrendingRequest(window=pb.TRENDING_WINDOW_DAY), timeout=20)

    assert eventually(lambda: ids(trending())[:1] == [NEW] and {*ids(trending())} == {NEW, *kept})
    assert trending().items[0].upvotes == len(OTHERS)


def test_a_feed_follows_its_reader_in_the_next_request(feeds):
    before = feed(feeds, ANN)
    assert not before.personal
    assert ids(before)
    act(feeds, ANN, pb.EVENT_KIND_SAVE, SMALL)
    after = feed(feeds, ANN)
    assert after.personal
    assert ids(after) != ids(before)
    assert SMALL not in ids(after)
    assert any(
        (reason.acted_on.kind, reason.acted_on.paper_id) == (pb.EVENT_KIND_SAVE, SMALL)
        for item in after.items
        for reason in item.reasons
    )
    unwanted = ids(after)[0]
    act(feeds, ANN, pb.EVENT_KIND_DISMISS, unwanted)
    assert unwanted not in ids(feed(feeds, ANN))
    act(feeds, ANN, pb.EVENT_KIND_DISMISS, unwanted, undo=True)
    assert unwanted in ids(feed(feeds, ANN))


def test_training_learns_from_what_readers_did(home, site, feeds):
    told = trained(home, site)
    assert told["events"] == {"readers": 1 + len(OTHERS), "by_kind": {"save": 4, "upvote": 6}}
    assert eventually(lambda: feed(feeds, ANN).model_version == told["model_version"])


def test_the_digest_goes_out_once(home, site, feeds, mailbox):
    feeds.Subscribe(
        pb.SubscribeRequest(email=EMAIL, period=pb.DIGEST_PERIOD_DAILY, reader=ANN),
        timeout=20,
    )
    assert eventually(lambda: mailbox.recipients == [EMAIL])
    asked = mailbox.received[0].mail.get_body(("plain",)).get_content()
    token = re.search(r"/confirm\?token=(\S+)", asked)[1]
    home.run("digest", "send", "--period", "daily", check=True)
    assert mailbox.recipients == [EMAIL], "nobody who has not confirmed gets a digest"
    feeds.ConfirmSubscription(pb.ConfirmSubscriptionRequest(token=token), timeout=20)
    for _ in range(2):
        home.run("digest", "send", "--period", "daily", check=True)
    assert mailbox.recipients == [EMAIL, EMAIL]
    digest = mailbox.received[1].mail
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for kind in ("plain", "html"):
        assert TITLE in digest.get_body((kind,)).get_content()


def test_a_reader_who_leaves_is_gone(home, site, feeds, mailbox):
    held = feeds.GetReader(pb.GetReaderRequest(reader=ANN), timeout=20)
    assert held.event_count == 3
    assert [subscription.confirmed for subscription in held.subscriptions] == [True]
    assert feeds.DeleteReader(pb.DeleteReaderRequest(reader=ANN), timeout=20).deleted_events == 3
    assert feeds.GetReader(pb.GetReaderRequest(reader=ANN), timeout=20) == pb.GetReaderResponse()
    assert not feed(feeds, ANN).personal
    for path in home.path.glob("catalogue.db*"):
        content = path.read_bytes()
        assert ANN.reader_id.encode() not in content
        assert EMAIL.encode() not in content
    weekly = ("digest", "send", "--period", "weekly")
    home.run(*weekly, check=True)
    home.run("digest", "send", "--period", "daily", check=True)
    assert mailbox.recipients == [EMAIL, EMAIL]
    told = trained(home, site)
    assert told["events"] == {"readers": len(OTHERS), "by_kind": {"save": 3, "upvote": 6}}
