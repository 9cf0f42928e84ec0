import threading

import pytest

from cocite.core.errors import Unavailable
from cocite.serving.health_watch import HealthWatch


class Store:
    def __init__(self, up: bool) -> None:
        self.up = up

    def ping(self) -> None:
        if not self.up:
            raise Unavailable("gone")


@pytest.mark.parametrize(("redis", "catalogue", "ready"), [(1, 1, True), (1, 0, True), (0, 1, True), (0, 0, False)])
def test_one_store_that_answers_is_enough(redis: int, catalogue: int, ready: bool) -> None:
    heard: list[bool] = []
    watch = HealthWatch([Store(bool(redis)).ping, Store(bool(catalogue)).ping], heard.append, period_s=60)
    watch.close()
    assert heard == [ready]


def test_it_follows_the_stores_until_it_is_closed() -> None:
    store, heard, changed = Store(True), [], threading.Event()

    def hear(ready: bool) -> None:
        heard.append(ready)
        if ready != heard[0]:
            changed.set()

    watch = HealthWatch([store.ping], hear, period_s=0.01)
    store.up = False
    assert changed.wait(30)
    watch.close()
    assert not watch._thread.is_alive()


def test_a_bug_in_a_probe_does_not_end_the_watching() -> None:
    heard: list[bool] = []
    often = threading.Event()

    def broken() -> None:
        raise ZeroDivisionError

    def hear(ready: bool) -> None:
        heard.append(ready)
        if len(heard) > 2:
            often.set()

    watch = HealthWatch([broken], hear, period_s=0.01)
    assert often.wait(30)
    watch.close()
    assert not any(heard)
