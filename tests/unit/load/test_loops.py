"""The loops with a clock that stands still until somebody waits, and a sender that does what a test says."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from cocite.load.loops import Window, closed_loop, drain, open_loop


@dataclass
class World:
    """Time, and a server that takes service_s for each call, one after another, of at most `places` in flight."""

    service_s: float = 0.0
    places: int = 1000
    send_takes_s: float = 0.0
    now: float = 100.0
    begun: list[tuple[float, float]] = field(default_factory=list)  # when each call was due, and sent
    latencies: list[float] = field(default_factory=list)
    _waiting: list[tuple[float, float]] = field(default_factory=list)  # start and end of each call in flight
    _free_at: float = 0.0

    def clock(self) -> float:
        return self.now

    @property
    def in_flight(self) -> int:
        return len(self._waiting)

    @property
    def room(self) -> int:
        return self.places - self.in_flight

    def send(self, starts: Sequence[float]) -> int:
        self.now += self.send_takes_s
        sent = starts[: self.room]
        for start in sent:
            self._free_at = max(self._free_at, self.now) + self.service_s
            self._waiting.append((start, self._free_at))
            self.begun.append((start, self.now))
        return len(sent)

    def poll(self, timeout_s: float) -> None:
        first = min((end for _, end in self._waiting), default=float("inf"))
        self.now = max(self.now, min(first, self.now + max(timeout_s, 1e-5)))
        self.latencies += [self.now - start for start, end in self._waiting if end <= self.now]
        self._waiting = [call for call in self._waiting if call[1] > self.now]


def window(world: World, watch=lambda seconds: False) -> Window:
    return Window(world.clock, watch, world.now)


def due(count: int, every: float, begin: float = 100.0) -> list[float]:
    return [begin + every * n for n in range(count)]


def test_a_pause_of_the_server_counts_for_every_call_that_was_due_in_it():
    """Where calls wait for room, each is timed from when it was due, and told as late: nothing is omitted."""
    world = World(service_s=1.0, places=1)
    told = window(world)
    open_loop(world, told, due(10, 0.1), 0.0, patience_s=60)
    drain(world, told, 60)
    expected = [1.0 + 0.9 * n for n in range(10)]  # call n is due at 0.1 n and answered at n + 1
    assert world.latencies == pytest.approx(expected, abs=1e-3)
    assert [start for start, _ in world.begun] == due(10, 0.1)
    assert (told.sent, told.timed, told.late, told.unsent) == (10, 10, 9, 0)


def test_a_slow_generator_is_told_as_late_and_its_delay_counts():
    world = World(send_takes_s=0.05)
    told = window(world)
    open_loop(world, told, due(100, 0.01), 0.0, patience_s=60)
    drain(world, told, 60)
    assert told.late == sum(sent - 0.05 - start > 1e-3 for start, sent in world.begun) > 50
    assert max(world.latencies) >= 0.05


def test_calls_sent_in_time_are_not_late():
    world = World(service_s=0.001)
    told = window(world)
    open_loop(world, told, due(100, 0.01), 0.0, patience_s=60)
    assert (told.sent, told.timed, told.late, told.unsent) == (100, 100, 0, 0)
    assert all(start <= sent < start + 1e-3 for start, sent in world.begun)


def test_the_warm_up_counts_for_nothing_in_lateness():
    world = World(service_s=1.0, places=1)
    told = window(world)
    open_loop(world, told, due(10, 0.1), 100.0 + 0.65, patience_s=60)
    assert (told.sent, told.timed, told.late) == (10, 3, 3)


def test_what_finds_no_room_in_time_is_told_as_unsent():
    world = World(service_s=50.0, places=1)
    told = window(world)
    open_loop(world, told, due(10, 0.1), 0.0, patience_s=60)
    assert (told.sent, told.unsent) == (2, 8)


def test_an_end_asked_for_ends_an_open_loop_and_leaves_nothing_unsent():
    world = World(service_s=0.001)
    told = window(world, watch=lambda seconds: seconds > 0.5)
    open_loop(world, told, due(100, 0.01), 0.0, patience_s=60)
    assert told.interrupted
    assert 50 <= told.sent < 100
    assert told.unsent == 0


def test_a_closed_loop_keeps_as_many_under_way_as_it_is_told():
    world = World(service_s=0.01)
    told = window(world)
    closed_loop(world, told, 5, seconds=2.0)
    assert world.in_flight in (4, 5)
    assert len(world.latencies) == pytest.approx(200, abs=2)
    assert max(world.latencies) == pytest.approx(0.05, abs=1e-3)
    drain(world, told, 60)
    assert world.in_flight == 0
    assert len(world.latencies) == told.sent


def test_a_closed_loop_goes_on_with_what_room_there_is():
    world = World(service_s=0.01, places=3)
    closed_loop(world, window(world), 5, seconds=1.0)
    assert max(world.latencies) == pytest.approx(0.03, abs=1e-3)


def test_an_end_asked_for_ends_a_closed_loop():
    world = World(service_s=0.01)
    told = window(world, watch=lambda seconds: seconds > 0.5)
    closed_loop(world, told, 1, seconds=1e6)
    assert told.interrupted
    assert 50 <= told.sent < 80


def test_draining_ends_when_patience_does():
    world = World(service_s=1e6)
    world.send([100.0])
    drain(world, window(world), 5)
    assert world.in_flight == 1
    assert world.now == pytest.approx(105)
