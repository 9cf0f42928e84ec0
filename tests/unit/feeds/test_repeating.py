"""Work that is done again and again, whatever goes wrong."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cocite.core.errors import Unavailable
from cocite.feeds.repeating import Repeating

WAIT_S = 20.0
NEVER_S = 3600.0


@contextmanager
def repeating(work: Callable[[], None], **times: float) -> Iterator[Repeating]:
    made = Repeating("work", work, **{"rest_s": 0.0, "idle_s": NEVER_S, "longest_pause_s": NEVER_S, **times})
    made.start()
    try:
        yield made
    finally:
        made.close()


def test_it_outlives_what_goes_wrong() -> None:
    looked = threading.Semaphore(0)
    outcomes = iter([RuntimeError("a bug"), Unavailable("no")])

    def work() -> None:
        looked.release()
        if outcome := next(outcomes, None):
            raise outcome

    with repeating(work, rest_s=0.001, idle_s=0.001):
        for _ in range(4):
            assert looked.acquire(timeout=WAIT_S)


def test_it_works_when_it_is_woken_and_not_otherwise() -> None:
    worked = threading.Semaphore(0)
    with repeating(lambda: worked.release()) as made:
        assert worked.acquire(timeout=WAIT_S), "at once"
        assert not worked.acquire(timeout=0.1)
        made.wake()
        assert worked.acquire(timeout=WAIT_S)


def test_what_fails_is_not_tried_more_often_by_whoever_wakes_it() -> None:
    tries = threading.Semaphore(0)

    def work() -> None:
        tries.release()
        raise Unavailable("gone for lunch")

    with repeating(work) as made:
        assert tries.acquire(timeout=WAIT_S)
        for _ in range(5):
            made.wake()
        assert not tries.acquire(timeout=0.1)


def test_it_ends_without_waiting_for_its_time() -> None:
    worked = threading.Event()
    for work in (worked.set, lambda: 1 / 0):
        with repeating(work) as made:
            worked.wait(0.2)
            started = time.monotonic()
        assert not made._thread.is_alive()
        assert time.monotonic() - started < NEVER_S / 100
