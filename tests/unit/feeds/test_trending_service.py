"""ListTrending over a real catalogue and a real Valkey; no feature service runs, so papers come from the catalogue."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cocite.cache.connecting import connect
from cocite.cache.keys import Keys
from cocite.cache.redis_store import RedisStore
from cocite.catalogue.events import EventKind
from cocite.catalogue.records import Fields, PaperRecord
from cocite.core.clock import DAY_MS
from cocite.core.errors import InvalidArgument
from cocite.feeds.contents import PaperContents
from cocite.feeds.secrets import Signer
from cocite.feeds.trending.formula import Window
from cocite.feeds.trending.service import Trending
from cocite.serving.channel import open_channel
from cocite.serving.deadline import Deadline
from cocite.v1 import degradation_pb2
from cocite.v1 import feed_service_pb2 as pb
from support.redis_stores import valkey
from support.trending import Community, Replica, reader
from support.valkey import RealValkey

__all__ = ["valkey"]  # fixtures

CLICK, SAVE, UPVOTE, VIEW = EventKind.CLICK, EventKind.SAVE, EventKind.UPVOTE, EventKind.VIEW
PAPERS = 30
SIGNER = Signer(b"a secret of the tests")
WAIT_S = 30.0


class Service:
    """Trending as the process wires it, save that a test says when it counts."""

    def __init__(self, community: Community, url: str) -> None:
        self.store = RedisStore(connect(url, 5.0, 4))
        self.channel = open_channel("127.0.0.1:1")
        contents = PaperContents(self.channel, community.catalogue)
        self.trending = Trending(community.catalogue, community.log, self.store, Keys("test"), contents, SIGNER)

    def count(self) -> None:
        while self.trending._counter.count():
            pass
        self.trending._looked()
        self.trending._lists.clear()  # they hold for a second

    def ask(self, **request: object) -> pb.ListTrendingResponse:
        return self.trending.answer(pb.ListTrendingRequest(**request), Deadline.after(WAIT_S))  # type: ignore[arg-type]

    def ids(self, **request: object) -> list[str]:
        return [item.paper.paper_id for item in self.ask(**request).items]

    def close(self) -> None:
        self.trending.close()
        self.channel.close()
        self.store.close()


@pytest.fixture
def community(tmp_path: Path) -> Iterator[Community]:
    made = Community(tmp_path, PAPERS)
    made.days_pass((time.time_ns() // 1_000_000 - made.now) / DAY_MS)
    yield made
    made.close()


@pytest.fixture
def service(community: Community, valkey: RealValkey) -> Iterator[Service]:
    made = Service(community, valkey.url)
    yield made
    made.close()


def test_a_page_tells_papers_places_counts_and_fields(service: Service, community: Community) -> None:
    for name in "ab":
        community.act(reader(name), UPVOTE, 1)
    community.act(reader("a"), SAVE, 2)
    service.count()
    answer = service.ask()
    first, second = answer.items
    assert (first.paper.paper_id, first.paper.title, first.rank, first.upvotes, first.saves) == (
        "s2:1",
        "Paper 1",
        1,
        2,
        0,
    )
    assert (second.paper.paper_id, second.rank, second.upvotes, second.saves) == ("s2:2", 2, 0, 1)
    assert first.score > second.score > 0
    assert list(answer.fields) == ["Biology", "Physics"]
    assert not answer.next_page_token
    assert not answer.degraded
    assert all(SIGNER.verify("shown", item.attribution_token) for item in answer.items)
    assert SIGNER.verify("shown", first.attribution_token) != SIGNER.verify("shown", second.attribution_token)


def test_nobody_did_anything(service: Service) -> None:
    assert service.ids() == []
    service.count()
    answer = service.ask()
    assert (list(answer.items), list(answer.fields), list(answer.degraded)) == ([], [], [])


def test_fields_are_compared_whole_and_in_any_case(service: Service, community: Community) -> None:
    for number in (1, 2, 3):
        community.act(reader("a"), UPVOTE, number)
    service.count()
    assert service.ids(field="PHYSICS") == ["s2:2"]
    assert set(service.ids(field="biology")) == {"s2:1", "s2:3"}
    assert service.ids(field="bio") == service.ids(field="0:") == service.ids(field="*") == []
    assert service.ids(field="ﬀ \x00 <b>") == []


def test_pages_go_on_where_the_one_before_ended(service: Service, community: Community) -> None:
    for number in range(1, 26):
        community.act(reader("a"), CLICK, number)
    service.count()
    seen: list[str] = []
    token = ""
    for _ in range(3):
        answer = service.ask(page_size=10, page_token=token)
        assert [item.rank for item in answer.items] == list(range(len(seen) + 1, len(seen) + len(answer.items) + 1))
        seen += [item.paper.paper_id for item in answer.items]
        token = answer.next_page_token
    assert not token
    assert sorted(seen) == sorted(f"s2:{number}" for number in range(1, 26))


@pytest.mark.parametrize("change", [{"window": pb.TRENDING_WINDOW_DAY}, {"field": "Physics"}])
def test_a_token_of_another_list_is_refused(service: Service, community: Community, change: dict[str, object]) -> None:
    for number in (1, 2):
        community.act(reader("a"), CLICK, number)
    service.count()
    token = service.ask(page_size=1).next_page_token
    assert service.ask(page_size=5, page_token=token).items[0].rank == 2
    with pytest.raises(InvalidArgument, match="another request"):
        service.ask(page_token=token, **change)
    with pytest.raises(InvalidArgument, match="no token"):
        service.ask(page_token=SIGNER.sign("feed page", 1, b"x", 1))


def test_ties_go_by_upvotes_of_all_time_then_year_then_id(service: Service, community: Community) -> None:
    community.catalogue.write([PaperRecord(("s2:99",), Fields("Newer", year=2024))])
    community.now -= 90 * DAY_MS  # too long ago to count
    community.act(reader("z"), UPVOTE, 28)
    community.now += 90 * DAY_MS
    community.record([community.event(reader("a"), CLICK, number) for number in (99, 30, 29, 28)])
    service.count()
    assert service.ids() == ["s2:28", "s2:99", "s2:29", "s2:30"]


def test_windows_look_back_differently_far(service: Service, community: Community) -> None:
    community.now -= 5 * DAY_MS
    for name in "abc":
        community.act(reader(name), CLICK, 1)
    community.now += 5 * DAY_MS
    community.act(reader("d"), CLICK, 2)
    service.count()
    assert service.ids(window=pb.TRENDING_WINDOW_DAY) == ["s2:2", "s2:1"]
    assert service.ids(window=pb.TRENDING_WINDOW_MONTH) == ["s2:1", "s2:2"]
    assert service.ids() == service.ids(window=pb.TRENDING_WINDOW_WEEK)


def test_a_repeated_question_is_answered_from_its_bytes_until_something_counts(
    service: Service, community: Community
) -> None:
    community.act(reader("a"), CLICK, 1)
    service.count()
    request = pb.ListTrendingRequest(page_size=5)
    assert service.trending.at_once(request.SerializeToString()) is None
    answer = service.ask(page_size=5)
    kept = service.trending.at_once(request.SerializeToString())
    assert kept is not None and pb.ListTrendingResponse.FromString(bytes(kept.answer)) == answer  # type: ignore[arg-type]
    community.act(reader("a"), CLICK, 2)
    service.count()
    assert service.trending.at_once(request.SerializeToString()) is None
    assert len(service.ids(page_size=5)) == 2


def test_a_deleted_reader_is_out_of_the_next_answer(service: Service, community: Community) -> None:
    community.act(reader("a"), CLICK, 1)
    community.act(reader("b"), CLICK, 2)
    service.count()
    assert len(service.ids()) == 2
    key = community.key_of(reader("a"))
    assert key is not None
    service.trending.forget(key)
    assert service.trending.at_once(pb.ListTrendingRequest().SerializeToString()) is None
    assert service.ids() == ["s2:2"]


def test_without_redis_the_last_list_goes_on_and_says_so(
    service: Service, community: Community, valkey: RealValkey
) -> None:
    community.act(reader("a"), CLICK, 1)
    service.count()
    before = service.ask()
    valkey.kill()
    community.act(reader("a"), CLICK, 2)
    kept = service.trending._lists._kept
    kept[Window.WEEK, ""] = replace(kept[Window.WEEK, ""], until=0.0, serving=None)  # its moment is over
    answer = service.ask()
    assert [d.cause for d in answer.degraded] == [degradation_pb2.DEGRADED_CAUSE_CACHE_UNAVAILABLE]
    assert answer.items == before.items
    assert service.trending.at_once(pb.ListTrendingRequest(page_size=7).SerializeToString()) is None
    valkey.start()
    service.store.ping()
    service.count()
    assert sorted(service.ids()) == ["s2:1", "s2:2"]
    assert not service.ask().degraded


def test_without_redis_and_a_list_the_last_events_are_counted(
    service: Service, community: Community, valkey: RealValkey
) -> None:
    valkey.kill()
    community.act(reader("a"), UPVOTE, 1)
    community.act(reader("a"), CLICK, 2)
    answer = service.ask()
    assert [item.paper.paper_id for item in answer.items] == ["s2:1", "s2:2"]
    assert [d.cause for d in answer.degraded] == [degradation_pb2.DEGRADED_CAUSE_CACHE_UNAVAILABLE]
    assert list(answer.fields) == ["Biology", "Physics"]
    assert service.ids(field="physics") == ["s2:2"]


def test_sums_from_redis_and_of_the_last_events_make_the_same_list(
    service: Service, community: Community, valkey: RealValkey
) -> None:
    for number in range(1, 20):
        who = reader(number % 5, session=number % 2 == 0)
        community.act(who, VIEW, number, position=number)
        community.act(who, (CLICK, SAVE, UPVOTE)[number % 3], number)
        community.now -= 3_600_000
    service.count()
    from_redis = service.ask(page_size=30)
    valkey.kill()
    service.trending._lists.clear()
    from_catalogue = service.ask(page_size=30)
    assert [item.paper.paper_id for item in from_catalogue.items] == [item.paper.paper_id for item in from_redis.items]
    assert len(from_redis.items) == 19


def test_feeds_are_told_what_readers_kept_this_week(service: Service, community: Community) -> None:
    for name in "abc":
        community.act(reader(name), SAVE, 1)
    community.act(reader("a"), UPVOTE, 1)
    community.act(reader("a"), CLICK, 2)  # opened, kept by nobody
    service.count()
    (item,) = service.trending.feed_items(Deadline.after(WAIT_S))
    assert item.paper.paper_id == "s2:1"
    assert item.reasons[0].trending_now.readers == 3


def test_the_follower_counts_what_was_recorded(service: Service, community: Community) -> None:
    service.trending.start()
    community.act(reader("a"), CLICK, 1)
    service.trending.wake()
    end = threading.Event()
    waited = Deadline.after(WAIT_S)
    answer = service.ask()
    while waited.remaining() and (answer.degraded or not answer.items):  # until then the last events are counted
        end.wait(0.05)
        answer = service.ask()
    assert [item.paper.paper_id for item in answer.items] == ["s2:1"]
    assert not answer.degraded


def test_two_replicas_count_each_event_once(community: Community, valkey: RealValkey) -> None:
    replicas = [Replica(community, valkey.url) for _ in range(2)]
    replicas[0].count_all()
    for number in range(1, PAPERS):
        community.record([community.event(reader(n), CLICK, number) for n in range(20)])
    threads = [threading.Thread(target=replica.count_all) for replica in replicas]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    numbers = replicas[0].numbers()
    assert {numbers[target][-1] for target in numbers} == {20.0}
    for replica in replicas:
        replica.close()
