"""Single flight, and what is kept: with threads that meet at barriers, never by waiting for a while."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from cocite.core.errors import InvalidArgument
from cocite.serving.answer_memory import AnswerMemory
from cocite.serving.deadline import Deadline
from cocite.serving.wire_cache import MAX_ANSWER_BYTES, Computed, WireCache

METHOD, REQUEST = "/a.B/C", b"request"
N = 6


class Joining(Deadline):
    """A deadline that tells of each call that is about to wait for another, and lets it wait so long."""

    joined = threading.Semaphore(0)
    patience_s = 60.0

    def share(self, fraction: float, at_most: float) -> float:
        type(self).joined.release()
        return self.patience_s


class Hurried(Joining):
    joined = threading.Semaphore(0)
    patience_s = 0.0


@dataclass
class Second:
    """A second level in a dict; gate holds get() up."""

    kept: dict[tuple[str, str, bytes], bytes] = field(default_factory=dict)
    asked: int = 0

    def get(self, model: str, method: str, request: bytes) -> bytes | None:
        self.asked += 1
        return self.kept.get((model, method, request))

    def put(self, model: str, method: str, request: bytes, answer: bytes) -> None:
        self.kept[model, method, request] = answer


def wire(second: Second | None = None, max_bytes: int = 10**7) -> WireCache:
    made = WireCache(frozenset({METHOD}), AnswerMemory(max_bytes, 60.0), second)
    made.serve("m1")
    return made


class Computation:
    """Counts its runs. Each tells that it has begun and goes on once it may."""

    def __init__(self, outcome: Callable[[int], Computed] = lambda run: Computed(b"answer %d" % run, "m1")) -> None:
        self.outcome = outcome
        self.runs = 0
        self.begun = threading.Semaphore(0)
        self.go = threading.Event()
        self._lock = threading.Lock()

    def __call__(self) -> Computed:
        with self._lock:
            self.runs += 1
            run = self.runs
        self.begun.release()
        assert self.go.wait(60)
        return self.outcome(run)


def ask(
    pool: ThreadPoolExecutor, cache: WireCache, compute: Callable[[], Computed], deadline: Deadline
) -> "Future[bytes]":
    return pool.submit(cache.answer, METHOD, REQUEST, compute, deadline)


def soon(kind: type[Deadline] = Deadline) -> Deadline:
    return kind.after(120)


def test_equal_requests_under_way_are_computed_once() -> None:
    cache, compute = wire(), Computation()
    with ThreadPoolExecutor(N) as pool:
        asked = [ask(pool, cache, compute, soon(Joining)) for _ in range(N)]
        assert compute.begun.acquire(timeout=60)
        for _ in range(N - 1):
            assert Joining.joined.acquire(timeout=60)
        compute.go.set()
        assert {each.result(60) for each in asked} == {b"answer 1"}
    assert compute.runs == 1


def test_without_waiting_for_one_another_each_is_computed() -> None:
    """The control: were answers not shared, the test above would count as many runs as calls."""
    cache, compute = wire(), Computation()
    with ThreadPoolExecutor(N) as pool:
        asked = [ask(pool, cache, compute, soon(Hurried)) for _ in range(N)]
        for _ in range(N):
            assert compute.begun.acquire(timeout=60)
        compute.go.set()
        assert len({each.result(60) for each in asked}) == N
    assert compute.runs == N


def test_a_call_that_arrives_as_another_lands_computes_nothing() -> None:
    cache, compute = wire(), Computation()
    compute.go.set()
    assert [cache.answer(METHOD, REQUEST, compute, soon()) for _ in range(3)] == [b"answer 1"] * 3
    assert cache.get(METHOD, REQUEST) == b"answer 1" and compute.runs == 1


def test_requests_that_differ_are_computed_side_by_side() -> None:
    cache, compute = wire(), Computation()
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(cache.answer, METHOD, name, compute, soon(Joining)) for name in (b"a", b"b")]
        for _ in range(2):
            assert compute.begun.acquire(timeout=60)
        compute.go.set()
        assert {each.result(60) for each in asked} == {b"answer 1", b"answer 2"}


def failing(run: int) -> Computed:
    if run == 1:
        raise InvalidArgument("the first is wrong")
    return Computed(b"answer %d" % run, "m1")


def unshared(run: int) -> Computed:
    return Computed(b"answer %d" % run)


@pytest.mark.parametrize("outcome", [failing, unshared])
def test_what_must_not_be_shared_makes_others_compute_by_themselves(outcome: Callable[[int], Computed]) -> None:
    cache, compute = wire(), Computation(outcome)
    with ThreadPoolExecutor(3) as pool:
        first = ask(pool, cache, compute, soon(Joining))
        assert compute.begun.acquire(timeout=60)
        others = [ask(pool, cache, compute, soon(Joining)) for _ in range(2)]
        for _ in others:
            assert Joining.joined.acquire(timeout=60)
        compute.go.set()
        assert {each.result(60) for each in others} == {b"answer 2", b"answer 3"}
        if outcome is failing:
            assert isinstance(first.exception(60), InvalidArgument)
        else:
            assert first.result(60) == b"answer 1"
    assert (cache.get(METHOD, REQUEST) is None) == (outcome is unshared)


def test_a_call_waits_for_a_part_of_its_own_time_only() -> None:
    cache, slow = wire(), Computation()
    with ThreadPoolExecutor(1) as pool:
        first = ask(pool, cache, slow, soon())
        assert slow.begun.acquire(timeout=60)
        # The first cannot land before this call is back: it computes by itself while there is time.
        late = cache.answer(METHOD, REQUEST, lambda: Computed(b"mine", "m1"), Deadline.after(0.2))
        slow.go.set()
        assert (late, first.result(60)) == (b"mine", b"answer 1")


def test_an_answer_of_another_model_than_the_serving_one_is_given_and_not_kept() -> None:
    second = Second()
    cache = wire(second)

    def swapped_meanwhile() -> Computed:
        cache.serve("m2")
        return Computed(b"of m1", "m1")

    assert cache.answer(METHOD, REQUEST, swapped_meanwhile, soon()) == b"of m1"
    assert cache.get(METHOD, REQUEST) is None and not second.kept
    assert cache.answer(METHOD, REQUEST, lambda: Computed(b"of m2", "m2"), soon()) == b"of m2"
    assert second.kept == {("m2", METHOD, REQUEST): b"of m2"}


def test_one_that_is_too_large_is_given_and_not_kept() -> None:
    second, large = Second(), bytes(MAX_ANSWER_BYTES + 1)
    cache = wire(second)
    assert cache.answer(METHOD, REQUEST, lambda: Computed(large, "m1"), soon()) == large
    assert cache.get(METHOD, REQUEST) is None and not second.kept


def test_the_second_level_is_asked_before_anything_is_computed_and_fills_the_first() -> None:
    second = Second({("m1", METHOD, REQUEST): b"shared"})
    cache, compute = wire(second), Computation()
    assert [cache.answer(METHOD, REQUEST, compute, soon()) for _ in range(2)] == [b"shared"] * 2
    assert (second.asked, compute.runs) == (1, 0)


def test_before_a_model_serves_nothing_is_kept_or_looked_for() -> None:
    second = Second({("", METHOD, REQUEST): b"shared"})
    cache = WireCache(frozenset({METHOD}), AnswerMemory(10**6, 60.0), second)
    assert cache.answer(METHOD, REQUEST, lambda: Computed(b"answer"), soon()) == b"answer"
    assert cache.get(METHOD, REQUEST) is None and second.asked == 0


def test_no_flight_is_left_behind() -> None:
    cache = wire()
    for outcome in (failing, unshared):
        compute = Computation(outcome)
        compute.go.set()
        for _ in range(2):
            try:
                cache.answer(METHOD, REQUEST, compute, soon())
            except InvalidArgument:
                continue
    assert not cache._flights
