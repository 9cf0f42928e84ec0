import threading
from concurrent.futures import ThreadPoolExecutor

from cocite.serving.breaker import Breaker
from support.feature_stores import Clock


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(3, 1.0, clock)
    for _ in range(3):
        assert breaker.allow()
        breaker.failed()
    return breaker


def test_it_opens_after_so_many_failures_in_a_row_and_says_so_once() -> None:
    breaker = Breaker(3, 1.0, Clock())
    assert [breaker.failed() for _ in range(4)] == [False, False, True, False]
    assert not breaker.closed and not breaker.allow()


def test_a_success_in_between_starts_the_count_anew() -> None:
    breaker = Breaker(3, 1.0, Clock())
    for _ in range(10):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.closed and breaker.allow()


def test_half_open_lets_one_probe_through_at_a_time() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 100 + 0.99
    assert not breaker.allow()
    clock.now = 100 + 1.0
    assert [breaker.allow() for _ in range(5)] == [True, False, False, False, False]


def test_a_probe_that_fails_opens_it_for_another_pause() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 100 + 1.0
    assert breaker.allow()
    clock.now = 100 + 1.5
    assert not breaker.failed()
    clock.now = 100 + 2.4
    assert not breaker.allow()
    clock.now = 100 + 2.5
    assert breaker.allow()


def test_a_probe_that_succeeds_closes_it_and_says_so_once() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 100 + 1.0
    assert breaker.allow()
    assert [breaker.succeeded(), breaker.succeeded()] == [True, False]
    assert all(breaker.allow() for _ in range(5))


def test_a_probe_that_never_reports_does_not_keep_it_open_for_ever() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 100 + 1.0
    assert breaker.allow()
    clock.now = 100 + 2.0
    assert breaker.allow()


def test_of_many_threads_one_probes() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 100 + 1.0
    start = threading.Barrier(16)

    def ask() -> bool:
        start.wait()
        return breaker.allow()

    with ThreadPoolExecutor(16) as pool:
        assert sum(f.result() for f in [pool.submit(ask) for _ in range(16)]) == 1
