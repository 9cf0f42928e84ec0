"""Counting in a real Valkey: whatever happens in whatever order, the sums are those of the catalogue's events."""

import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cocite.catalogue.activity import Activity, ActivityLog
from cocite.catalogue.events import EventKind, ReaderName
from cocite.catalogue.readers import Readers
from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.clock import DAY_MS
from cocite.core.errors import Unavailable
from cocite.feeds.trending import counter, redis_sums
from cocite.feeds.trending.formula import HORIZON_MS, LIFE_S, Window
from cocite.feeds.trending.redis_sums import Outcome
from cocite.feeds.trending.sums import counted_sums
from cocite.feeds.trending.tally import NOTHING, Numbers
from support.redis_stores import valkey
from support.trending import Community, Replica, reader
from support.valkey import RealValkey

__all__ = ["valkey"]  # fixtures

PAPERS = 6
VIEW, CLICK, SAVE, UPVOTE, DISMISS = (
    EventKind.VIEW,
    EventKind.CLICK,
    EventKind.SAVE,
    EventKind.UPVOTE,
    EventKind.DISMISS,
)
ANN, BEN = reader("ann"), reader("ben")


class Interrupted(ActivityLog):
    """An activity log in which something happens right after events were read, let_pass times undisturbed."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__(catalogue)
        self.let_pass = 0
        self.meanwhile: Callable[[], object] | None = None

    def after(self, sequence: int, limit: int) -> list[Activity]:
        found = super().after(sequence, limit)
        self._interrupt()
        return found

    def changes(self, reader_keys: Sequence[int], kinds: Collection[int], first: int, last: int) -> list[Activity]:
        found = super().changes(reader_keys, kinds, first, last)
        self._interrupt()
        return found

    def _interrupt(self) -> None:
        self.let_pass -= 1
        if self.let_pass < 0 and (meanwhile := self.meanwhile):
            self.meanwhile = None
            meanwhile()


@pytest.fixture
def community(tmp_path: Path) -> Iterator[Community]:
    made = Community(tmp_path, PAPERS)
    yield made
    made.close()


@pytest.fixture
def replica(community: Community, valkey: RealValkey) -> Iterator[Replica]:
    made = Replica(community, valkey.url)
    yield made
    made.close()


def expected(replica: Replica, community: Community) -> dict[int, Numbers]:
    generation = replica.sums.generation()
    assert generation is not None
    last = community.events.last()
    sums = counted_sums(community.events, generation.first, last, generation.landmark_ms)
    return sums.of


def assert_same(found: dict[int, Numbers], wanted: dict[int, Numbers]) -> None:
    for target in found.keys() | wanted.keys():
        np.testing.assert_allclose(
            found.get(target, NOTHING), wanted.get(target, NOTHING), rtol=1e-9, atol=1e-9, err_msg=str(target)
        )


def assert_lists_follow(replica: Replica) -> None:
    """Every list holds exactly the papers that readers acted on, at what the sums say."""
    generation = replica.sums.generation()
    assert generation is not None
    papers = replica.events.papers(list(replica.numbers()))
    for window in Window:
        for field in ("", "physics", "biology"):
            found = replica.sums.candidates(generation, window, field)
            wanted = {
                target: [numbers[window], numbers[3 + window], numbers[6 + window]]
                for target, numbers in replica.numbers().items()
                if numbers[-1] > 0.5
                and target in papers
                and (not field or papers[target].fields[0].casefold() == field)
            }
            assert dict(zip(found.targets, found.numbers.tolist(), strict=True)) == wanted


def look_at_lists(replica: Replica) -> None:
    """Read every list, which is how a loss is noticed that no event has run into."""
    for window in Window:
        for field in ("", "physics", "biology"):
            generation = replica.sums.generation()
            if generation is not None:
                with suppress(Unavailable):
                    replica.sums.candidates(generation, window, field)


names = st.integers(0, 3)
readers = st.builds(lambda number: ReaderName(number == 3, f"reader {number}"), names)
acts = st.tuples(
    readers,
    st.sampled_from([VIEW, CLICK, SAVE, UPVOTE, DISMISS, EventKind.SUBMIT]),
    st.integers(1, PAPERS + 1),  # the last one is of no paper
    st.booleans(),
    st.integers(0, 12),
)
steps = st.one_of(
    st.tuples(st.just("act"), st.lists(acts, min_size=1, max_size=4)),
    st.tuples(st.just("count"), st.integers(0, 1)),
    st.tuples(
        st.just("race"),
        st.lists(acts, max_size=3),
        st.sampled_from(["count", "forget", "lose"]),
        readers,
        st.integers(0, 1),
    ),
    st.tuples(st.just("forget"), readers, st.booleans()),
    st.tuples(st.just("lose"), st.sampled_from(["all", "state", "papers", "list"])),
    st.tuples(st.just("wait"), st.floats(0.01, 0.4)),
)
_parts = st.lists(st.lists(steps, max_size=6), max_size=6)
chapters = _parts.map(lambda parts: [step for part in parts for step in part])


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """Folder of a catalogue of papers that nobody has done anything with."""
    Community(tmp_path, PAPERS).close()
    return tmp_path


class Story:
    """Two replicas of one community, and what befalls them."""

    def __init__(self, folder: Path, url: str) -> None:
        self.community = Community(folder, PAPERS)
        self.interrupted = Interrupted(self.community.catalogue)
        self.replicas = [Replica(self.community, url, self.interrupted), Replica(self.community, url)]
        self.replicas[0].store.commands([("FLUSHALL",)])

    def close(self) -> None:
        for replica in self.replicas:
            replica.close()
        self.community.close()

    def act(self, acts: list[tuple[ReaderName, EventKind, int, bool, int]]) -> None:
        for who, kind, number, undo, position in acts:
            self.community.act(who, kind, number, undo and kind in (SAVE, UPVOTE, DISMISS), position)

    def wait(self, days: float) -> None:
        self.community.days_pass(days)

    def forget(self, who: ReaderName, slowly: bool = False) -> None:
        """Slowly: others count before the reader is gone from the catalogue."""
        key = self.community.key_of(who)
        if key is not None:
            self.replicas[1].counter.forget(key)
            if slowly:
                self.community.act(who, UPVOTE, 1)
                self.count(1)
            Readers(self.community.catalogue).delete(who)

    def race(
        self, acts: list[tuple[ReaderName, EventKind, int, bool, int]], what: str, who: ReaderName, let_pass: int
    ) -> None:
        """While the first replica is about to count, the second does something."""
        self.act(acts)
        doing = {"count": lambda: self.count(1), "forget": lambda: self.forget(who), "lose": self.lose}
        self.interrupted.let_pass = let_pass
        self.interrupted.meanwhile = doing[what]
        self.count(0)
        self.interrupted.meanwhile = None

    def count(self, which: int) -> None:
        self.replicas[which].counter.count()

    def lose(self, what: str = "all") -> None:
        replica = self.replicas[1]
        generation = replica.sums.generation()
        if what == "all" or generation is None:
            replica.store.commands([("FLUSHALL",)])
            return
        prefix = f"test:{{trending}}:1:{generation.name}:"
        keys = {"state": "test:{trending}:1:state", "papers": f"{prefix}papers", "list": f"{prefix}1:"}
        replica.store.commands([("DEL", keys[what])])


@given(chapters)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_counted_as_it_comes_is_what_is_counted_at_once(
    tmp_path_factory: pytest.TempPathFactory, empty: Path, valkey: RealValkey, story: list[tuple[object, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("story")
    shutil.copy(empty / "catalogue.db", folder)
    one = Story(folder, valkey.url)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(counter, "BATCH", 3)
            one.count(1)
            for name, *arguments in story:
                getattr(one, str(name))(*arguments)
            first, second = one.replicas
            look_at_lists(first)
            second.count_all()
            first.count_all()
        assert_same(first.numbers(), expected(first, one.community))
        assert_lists_follow(first)
    finally:
        one.close()


def test_events_count_at_the_next_look_and_taken_back_ones_do_not(replica: Replica, community: Community) -> None:
    replica.count_all()
    community.act(ANN, UPVOTE, 1)
    community.act(BEN, CLICK, 2)
    replica.count_all()
    assert replica.ids() == ["s2:1", "s2:2"]
    community.act(ANN, UPVOTE, 1, undo=True)
    community.now += 2000  # lists hold for a moment
    replica.count_all()
    assert replica.ids() == ["s2:2"]


def test_an_event_ahead_of_its_paper_shows_nothing_until_there_is_one(replica: Replica, community: Community) -> None:
    community.act(ANN, SAVE, PAPERS + 1)
    replica.count_all()
    assert replica.ids() == []
    community.catalogue.write([PaperRecord((f"s2:{PAPERS + 1}",), Fields("Came later"))])
    community.act(BEN, CLICK, PAPERS + 1)
    community.now += 2000
    replica.count_all()
    assert replica.ids() == [f"s2:{PAPERS + 1}"]
    assert_same(replica.numbers(), expected(replica, community))


def test_a_reader_who_goes_is_out_of_every_list_at_once(replica: Replica, community: Community) -> None:
    community.act(ANN, UPVOTE, 1)
    community.act(BEN, CLICK, 2)
    community.act(ANN, VIEW, 2, position=1)
    replica.count_all()
    key = community.key_of(ANN)
    assert key is not None
    replica.counter.forget(key)
    replica.counter.forget(key)  # sent again
    replica.lists.clear()
    assert replica.ids() == ["s2:2"]
    Readers(community.catalogue).delete(ANN)
    assert_same(replica.numbers(), expected(replica, community))


def test_a_reader_who_goes_while_redis_is_away_is_out_once_it_is_back(
    replica: Replica, community: Community, valkey: RealValkey
) -> None:
    community.act(ANN, UPVOTE, 1)
    community.act(BEN, CLICK, 2)
    replica.count_all()
    key = community.key_of(ANN)
    assert key is not None
    for _ in range(3):
        replica.store._breaker.failed()
    replica.counter.forget(key)  # Redis is left alone: nothing is taken out
    Readers(community.catalogue).delete(ANN)
    replica.store._breaker.succeeded()
    assert len(replica.numbers()) > len(expected(replica, community))
    replica.count_all()
    replica.lists.clear()
    assert replica.ids() == ["s2:2"]
    assert_same(replica.numbers(), expected(replica, community))


def test_the_past_counts_in_full_after_a_loss_and_ends_at_the_horizon(replica: Replica, community: Community) -> None:
    community.act(ANN, UPVOTE, 1)
    community.days_pass(1)
    community.act(ANN, UPVOTE, 2)
    community.now += HORIZON_MS - DAY_MS // 2  # the first is just too long ago
    replica.count_all()
    assert replica.ids(Window.MONTH) == ["s2:2"]


def test_a_generation_is_made_anew_after_a_day_and_the_one_before_ends(replica: Replica, community: Community) -> None:
    community.act(ANN, UPVOTE, 1)
    replica.count_all()
    first = replica.sums.generation()
    assert first is not None
    community.days_pass(1.5)
    replica.count_all()
    second = replica.sums.generation()
    assert second is not None and second.landmark_ms == community.now
    (life,) = replica.store.commands([("TTL", f"test:{{trending}}:1:{first.name}:papers")])
    assert 0 < life <= 60


def test_every_key_has_an_end(replica: Replica, community: Community, valkey: RealValkey) -> None:
    replica.count_all()
    for number in range(1, PAPERS + 1):
        community.act(ANN, UPVOTE, number)
    community.act(BEN, CLICK, 1)
    replica.count_all()
    key = community.key_of(BEN)
    assert key is not None
    replica.counter.forget(key)
    keys = valkey.raw.keys("*")
    assert len(keys) == 1 + 2 + 3 * 3 + 1  # state, papers and fields, lists of all and of two fields, who is gone
    assert all(0 < valkey.raw.ttl(key) <= LIFE_S for key in keys)


def test_one_of_several_makes_lost_sums_anew(replica: Replica, community: Community) -> None:
    community.act(ANN, UPVOTE, 1)
    assert replica.sums.lock(b"another")
    replica.count_all()
    assert replica.sums.generation() is None
    assert replica.ids() == ["s2:1"]  # counted for this answer alone
    replica.sums.unlock(b"nobody")
    replica.count_all()
    assert replica.sums.generation() is None
    replica.sums.unlock(b"another")
    replica.count_all()
    assert replica.sums.generation() is not None


def test_lists_are_trimmed_and_lose_nothing_that_is_shown(
    replica: Replica, community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_sums, "INDEXED", 2)
    replica.count_all()
    for number, kind in ((1, CLICK), (2, SAVE), (3, UPVOTE)):
        community.act(ANN, kind, number)
    replica.count_all()
    assert replica.ids() == ["s2:3", "s2:2"]
    for name in "bcde":
        community.act(reader(name), CLICK, 1)  # comes back with all it has
    community.now += 2000
    replica.count_all()
    assert replica.ids() == ["s2:1", "s2:3"]
    assert_same(replica.numbers(), expected(replica, community))


def test_papers_only_seen_are_not_kept_beyond_the_bound(
    replica: Replica, community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_sums, "MOST_PAPERS", 2)
    replica.count_all()
    for number in range(1, PAPERS + 1):
        community.act(ANN, VIEW, number, position=1)
        replica.count_all()
    assert len(replica.numbers()) == 2
    community.act(ANN, CLICK, PAPERS)
    replica.count_all()
    assert len(replica.numbers()) == 3
    assert replica.ids() == [f"s2:{PAPERS}"]


def test_a_flood_in_one_step_is_nothing_to_a_reader_who_was_there(replica: Replica, community: Community) -> None:
    """What is counted of an event sent a thousand times is what is counted of one."""
    community.act(ANN, VIEW, 1, position=1)
    community.act(ANN, CLICK, 1)
    replica.count_all()
    once = replica.numbers()
    events = [community.event(ANN, kind, 1, position=1) for kind in (VIEW, CLICK) for _ in range(1000)]
    community.record(events)
    replica.count_all()
    assert replica.numbers() == once


def test_outcomes_are_told_apart(replica: Replica, community: Community) -> None:
    community.act(ANN, CLICK, 1)
    replica.count_all()
    generation = replica.sums.generation()
    assert generation is not None
    nothing = counted_sums(community.events, 2, 1, generation.landmark_ms)
    assert replica.sums.add(generation, nothing, {}, 7)[0] is Outcome.DONE
    assert replica.sums.add(generation, nothing, {}, 8)[0] is Outcome.MOVED
    after = replica.sums.generation()
    assert after is not None and after.cursor == 7
    replica.store.commands([("DEL", f"test:{{trending}}:1:{after.name}:papers")])
    assert replica.sums.add(after, nothing, {}, 9)[0] is Outcome.LOST
    assert replica.sums.generation() is None


def test_what_another_replica_counted_in_between_is_known(community: Community, valkey: RealValkey) -> None:
    first, second = (Replica(community, valkey.url) for _ in range(2))
    first.count_all()
    for replica, kind, undo in ((first, UPVOTE, False), (second, UPVOTE, True), (first, CLICK, False)):
        community.act(ANN, kind, 1, undo)
        replica.count_all()
    assert_same(first.numbers(), expected(first, community))
    for replica in (first, second):
        replica.close()


def test_a_reader_who_goes_is_not_counted_while_still_in_the_catalogue(replica: Replica, community: Community) -> None:
    community.act(ANN, UPVOTE, 1)
    replica.count_all()
    key = community.key_of(ANN)
    assert key is not None
    replica.counter.forget(key)
    community.act(ANN, UPVOTE, 2)
    replica.count_all()
    assert all(numbers[-1] == 0 for numbers in replica.numbers().values())
