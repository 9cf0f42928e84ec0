"""An experiment as it is run: the command line, the feed service, readers' events, the report; and replay."""

import json
import time
import uuid
from collections.abc import Iterator

import grpc
import pytest

from cocite.core.settings import Settings
from cocite.feeds.experiments_tokens import ShownItem, read_shown_token
from cocite.feeds.interleaving import TEAM_B
from cocite.feeds.secrets import signer
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.feed_service_pb2_grpc import FeedServiceStub

pytestmark = pytest.mark.timeout(180)

READERS = [pb.ReaderRef(reader_id=f"experiment-{number}") for number in range(3)]
NAME = "a-day"


@pytest.fixture
def home(demo_home, stack):
    return demo_home.of_demo(recommender_target=stack.targets["recommender"])


@pytest.fixture
def feeds(stack) -> Iterator[FeedServiceStub]:
    with grpc.insecure_channel(stack.targets["feeds"]) as channel:
        stub = FeedServiceStub(channel)
        yield stub
        for reader in READERS:
            stub.DeleteReader(pb.DeleteReaderRequest(reader=reader), timeout=10)


def act(feeds, reader, kind, paper_id: str, token: str = "") -> None:
    event = pb.Event(event_id=str(uuid.uuid4()), reader=reader, kind=kind, paper_id=paper_id, attribution_token=token)
    answer = feeds.RecordEvents(pb.RecordEventsRequest(events=[event]), timeout=10)
    assert [result.status for result in answer.results] == [pb.EVENT_STATUS_RECORDED]


def first_pages(feeds, reader) -> list[pb.FeedItem]:
    """Two pages of ten."""
    one = feeds.ListFeed(pb.ListFeedRequest(reader=reader, page_size=10), timeout=20)
    request = pb.ListFeedRequest(reader=reader, page_size=10, page_token=one.next_page_token)
    return [*one.items, *feeds.ListFeed(request, timeout=20).items]


def feed_in_experiment(feeds, reader, sign) -> tuple[list[pb.FeedItem], list[ShownItem]]:
    """The reader's feed once the feed service knows of the experiment, and what its tokens say."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        items = first_pages(feeds, reader)
        shown = [read_shown_token(sign, item.attribution_token) for item in items]
        if all(shown):
            return items, shown
        time.sleep(0.5)
        act(feeds, reader, pb.EVENT_KIND_VIEW, items[-1].paper.paper_id)  # a feed is kept until something happens
    raise AssertionError("no interleaved feed")


def test_an_experiment_from_start_to_report(home, feeds):
    sign = signer(Settings(home=home.path))
    popular = feeds.ListFeed(pb.ListFeedRequest(reader=READERS[0]), timeout=20).items
    home.run("experiment", "start", NAME, "--a", "recommender", "--b", "diverse", check=True)
    again = home.run("experiment", "start", "another", "--a", "default", "--b", "newer")
    assert (again.returncode, "is running" in again.stderr) == (1, True)
    for number, reader in enumerate(READERS):
        for item in popular[number : number + 3]:
            act(feeds, reader, pb.EVENT_KIND_SAVE, item.paper.paper_id)
        items, shown = feed_in_experiment(feeds, reader, sign)
        assert first_pages(feeds, reader) == items
        assert len({each.answer for each in shown}) == 1
        assert {each.experiment for each in shown} == {shown[0].experiment}
        assert sorted(each.team for each in shown[:2]) == [1, 2]
        assert [each.rank for each in shown] == list(range(1, 21))
        for item, each in zip(items, shown, strict=True):
            if each.team == TEAM_B and each.rank <= 4:
                act(feeds, reader, pb.EVENT_KIND_CLICK, item.paper.paper_id, item.attribution_token)
    act(feeds, READERS[0], pb.EVENT_KIND_CLICK, popular[9].paper.paper_id, "x" * 90)
    _check_report(home)
    _check_replay(home)
    home.run("experiment", "stop", check=True)
    (listed,) = json.loads(home.run("experiment", "list", "--json", check=True).stdout)
    assert (listed["name"], listed["ranking_b"]) == (NAME, "diverse")
    assert listed["stopped_at"] >= listed["started_at"]
    assert home.run("experiment", "stop").returncode == 1


def _check_report(home) -> None:
    picture = home.path / "a-day.svg"
    told = json.loads(home.run("experiment", "report", NAME, "--json", "--plot", str(picture), check=True).stdout)
    assert (told["wins_a"], told["wins_b"], told["readers"]) == (0, 3, 3)
    assert told["credited"] >= 3
    assert told["not_credited"] == {"no token of an interleaved feed, or forged": 1}
    assert not told["enough"]
    assert picture.read_text().startswith("<svg")
    printed = home.run("experiment", "report", NAME, check=True)
    assert "too little to tell: 3 answers won, of 3 readers" in printed.stdout
    assert "1 did not" in printed.stderr


def _check_replay(home) -> None:
    rankings = ("--ranking", "default", "--ranking", "diverse")
    told = json.loads(home.run("experiment", "replay", *rankings, "--json", check=True).stdout)
    assert [each["ranking"] for each in told["rankings"]] == ["default", "diverse"]
    assert told["kept"] == told["sampled"] == 6  # of three saves of each reader all but the first
    assert (told["asked"], told["readers"], told["learned"]) == (6, 3, 0)
    for each in told["rankings"]:
        assert 0 <= each["recall"]["low"] <= each["recall"]["value"] <= each["recall"]["high"] <= 1
        assert 0 <= each["mrr"]["value"] <= 1
    table = home.run("experiment", "replay", "--sample", "2", check=True)
    assert "recall@20" in table.stdout
    assert "2 saves and upvotes" in table.stdout
    assert home.run("experiment", "replay", "--ranking", "best").returncode == 2
