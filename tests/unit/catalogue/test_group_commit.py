"""How callers share transactions: what is bounded, and who answers for whom."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from cocite.catalogue.group_commit import GroupCommit
from cocite.core.errors import DeadlineExceeded, Overloaded, Unavailable

WAIT_S = 30.0


class Store:
    """Writes numbers when it may; negative ones it cannot, and with 0 it is away."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.writing = threading.Semaphore(0)
        self.groups: list[list[int]] = []

    def write(self, items: Sequence[int]) -> list[int]:
        self.writing.release()
        assert self.may.wait(WAIT_S)
        if 0 in items:
            raise Unavailable("away")
        if min(items) < 0:
            raise ValueError("negative")
        self.groups.append(list(items))
        return [-item for item in items]


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def commits(store: Store) -> Iterator[GroupCommit[int, int]]:
    opened = GroupCommit(store.write, most_queued=10, most_together=6)
    yield opened
    store.may.set()
    opened.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as opened:
        yield opened


def until_queued(commits: GroupCommit[int, int], items: int) -> None:
    for _ in range(3000):
        if commits._queued == items:
            return
        threading.Event().wait(0.01)
    pytest.fail("the calls did not come")


def test_calls_that_wait_share_a_transaction(
    store: Store, commits: GroupCommit[int, int], pool: ThreadPoolExecutor
) -> None:
    first = pool.submit(commits.submit, [1], WAIT_S)
    store.writing.acquire()
    others = []
    for place, items in enumerate(([2, 3], [4], [5, 6, 7], [8])):
        others.append(pool.submit(commits.submit, items, WAIT_S))
        until_queued(commits, (2, 3, 6, 7)[place])
    store.may.set()
    assert [call.result(WAIT_S) for call in (first, *others)] == [[-1], [-2, -3], [-4], [-5, -6, -7], [-8]]
    assert store.groups == [[1], [2, 3, 4, 5, 6, 7], [8]]


def test_what_waits_is_bounded(store: Store, commits: GroupCommit[int, int], pool: ThreadPoolExecutor) -> None:
    pool.submit(commits.submit, [1], WAIT_S)
    store.writing.acquire()
    large = pool.submit(commits.submit, list(range(1, 12)), WAIT_S)  # alone in the queue, however large
    until_queued(commits, 11)
    with pytest.raises(Overloaded) as refused:
        commits.submit([1], WAIT_S)
    assert refused.value.retry_after_s
    store.may.set()
    assert len(large.result(WAIT_S)) == 11
    assert commits.submit([1], WAIT_S) == [-1]


def test_who_waited_too_long_and_was_not_begun_is_not_written(
    store: Store, commits: GroupCommit[int, int], pool: ThreadPoolExecutor
) -> None:
    with pytest.raises(DeadlineExceeded):
        commits.submit([1], 0.01)  # under way: it may land
    store.writing.acquire()
    with pytest.raises(DeadlineExceeded):
        commits.submit([2], 0.01)
    store.may.set()
    assert commits.submit([3], WAIT_S) == [-3]
    assert store.groups in ([[1], [3]], [[3]])


def test_no_caller_answers_for_another(store: Store, commits: GroupCommit[int, int], pool: ThreadPoolExecutor) -> None:
    pool.submit(commits.submit, [1], WAIT_S)
    store.writing.acquire()
    good = pool.submit(commits.submit, [2, 3], WAIT_S)
    until_queued(commits, 2)
    bad = pool.submit(commits.submit, [4, -1], WAIT_S)
    until_queued(commits, 4)
    store.may.set()
    assert good.result(WAIT_S) == [-2, -3]
    with pytest.raises(ValueError, match="negative"):
        bad.result(WAIT_S)


def test_a_store_that_is_away_is_asked_once_for_all(
    store: Store, commits: GroupCommit[int, int], pool: ThreadPoolExecutor
) -> None:
    pool.submit(commits.submit, [1], WAIT_S)
    store.writing.acquire()
    calls = []
    for number in range(3):
        calls.append(pool.submit(commits.submit, [number], WAIT_S))
        until_queued(commits, number + 1)
    store.may.set()
    for call in calls:
        with pytest.raises(Unavailable, match="away"):
            call.result(WAIT_S)
    assert store.writing.acquire(blocking=False)  # for the three together
    assert not store.writing.acquire(blocking=False)
    assert commits.submit([5], WAIT_S) == [-5]


def test_closing_writes_what_is_queued_and_takes_no_more(store: Store, pool: ThreadPoolExecutor) -> None:
    commits = GroupCommit(store.write, most_queued=10, most_together=6)
    first = pool.submit(commits.submit, [1], WAIT_S)
    store.writing.acquire()
    second = pool.submit(commits.submit, [2], WAIT_S)
    until_queued(commits, 1)
    store.may.set()
    commits.close()
    assert (first.result(WAIT_S), second.result(WAIT_S)) == ([-1], [-2])
    with pytest.raises(Unavailable):
        commits.submit([3], WAIT_S)
