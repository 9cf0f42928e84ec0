import sys
import threading
import time
from collections.abc import Callable

import pytest

from cocite.serving.pools import AtOnce, BoundedPool


def test_a_pool_is_full_while_as_many_run_or_wait_as_it_may_be_given() -> None:
    go = threading.Event()
    with BoundedPool(1, 2, "test") as pool:
        running = pool.submit(go.wait, 60)
        assert not pool.full
        waiting = pool.submit(go.wait, 60)
        assert pool.full
        go.set()
        assert running.result() and waiting.result()
    assert not pool.full


def test_what_fails_or_is_cancelled_makes_room_too() -> None:
    go = threading.Event()
    with BoundedPool(1, 2, "test") as pool:
        failing = pool.submit(lambda: go.wait(60) and 1 / 0)
        cancelled = pool.submit(go.wait, 60)
        assert pool.full and cancelled.cancel()
        assert not pool.full
        go.set()
        with pytest.raises(ZeroDivisionError):
            failing.result()
    assert not pool.full


def test_what_a_closed_pool_refuses_does_not_count() -> None:
    pool = BoundedPool(1, 1, "test")
    pool.shutdown()
    with pytest.raises(RuntimeError):
        pool.submit(print)
    assert not pool.full


def test_a_pool_is_full_while_a_task_has_waited_for_too_long() -> None:
    go, begun = threading.Event(), threading.Event()
    with BoundedPool(1, 100, "test", longest_wait_s=0.05) as pool:
        pool.submit(lambda: begun.set() or go.wait(60))
        assert begun.wait(60)
        time.sleep(0.1)
        assert not pool.full  # it runs, and nothing waits
        waiting = pool.submit(go.wait, 60)
        assert eventually(lambda: pool.full)
        assert waiting.cancel()
        assert not pool.full
        last = pool.submit(go.wait, 60)
        assert eventually(lambda: pool.full)
        go.set()
        assert last.result(60)
        assert not pool.full


def test_a_pool_is_full_when_another_task_would_wait_for_too_long_at_the_pace_of_late() -> None:
    with BoundedPool(1, 1000, "test", longest_wait_s=0.5) as pool:
        for future in [pool.submit(time.sleep, 0.02) for _ in range(20)]:
            future.result(60)
        taken = 0
        while not pool.full:
            pool.submit(time.sleep, 0.02)
            taken += 1
        assert taken <= 30, "they take 0.6 seconds at least, and none has waited yet"
    assert not pool.full


def test_a_pool_whose_tasks_wait_for_nobody_takes_them_as_they_come() -> None:
    with BoundedPool(2, 1000, "test", longest_wait_s=0.001) as pool:
        for _ in range(50):
            assert not pool.full
            pool.submit(time.sleep, 0.002).result(60)


def test_callers_who_allow_little_are_not_kept_waiting_for_long() -> None:
    go = threading.Event()
    with BoundedPool(1, 1000, "test", longest_wait_s=600.0) as pool:
        pool.submit(go.wait, 60)
        pool.submit(go.wait, 60)
        time.sleep(0.2)
        assert not pool.full
        for _ in range(100):
            pool.allowed(0.3)
        assert pool.full
        for _ in range(100):
            pool.allowed(30.0)
        assert not pool.full
        go.set()


def test_a_caller_who_allows_next_to_nothing_does_not_shut_the_pool() -> None:
    with BoundedPool(1, 1000, "test", longest_wait_s=600.0) as pool:
        for _ in range(100):
            pool.allowed(0.0)
        assert not pool.full
        pool.submit(time.sleep, 0.001).result(60)
        assert not pool.full


def test_what_runs_at_once_has_run_before_it_is_waited_for() -> None:
    threads: list[threading.Thread] = []
    done = AtOnce().submit(lambda: threads.append(threading.current_thread()))
    assert done.done() and threads == [threading.current_thread()]
    with pytest.raises(ZeroDivisionError):
        AtOnce().submit(lambda: 1 / 0).result()


def eventually(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 60
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def test_a_pool_can_be_asked_while_tasks_come_and_go() -> None:
    asked, failed, done = 0, [], threading.Event()

    def ask() -> None:
        nonlocal asked
        while not done.is_set():
            try:
                assert not pool.full
                asked += 1
            except BaseException as error:
                failed.append(error)
                return

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns in the middle of things
    try:
        with BoundedPool(4, 1 << 20, "test", longest_wait_s=600.0) as pool:
            asking = threading.Thread(target=ask)
            asking.start()
            for future in [pool.submit(int) for _ in range(20_000)]:
                future.result(60)
            done.set()
            asking.join(60)
    finally:
        sys.setswitchinterval(interval)
    assert asked and not failed
