"""The two ways of making load, over anything that sends calls: no sockets, and the clock is given."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

LATE_S = 1e-3  # a call sent that much after it was due was not sent at its time
TICK_S = 0.1  # how often watch is asked
_SPIN_S = 200e-6  # a sleep ends about that late; the rest of a wait is spent awake


class Sender(Protocol):
    """What the loops need; cocite.load.pool.Pool is one."""

    @property
    def in_flight(self) -> int:
        """Calls that have begun and not ended."""

    @property
    def room(self) -> int:
        """How many calls may begin now."""

    def send(self, starts: Sequence[float]) -> int:
        """Begin calls whose time counts from starts, those that there is room for; how many of the first have begun."""

    def poll(self, timeout_s: float) -> None:
        """Wait that long for answers."""


@dataclass(slots=True)
class Window:
    """A stretch of load. Times are seconds of the clock.

    watch is asked every TICK_S, with the time since begin, whether to end. sent: calls begun. Of those of an open loop
    that count, warm-up apart: timed: begun; late: of these those that began late; unsent: due and never begun.
    """

    clock: Callable[[], float]
    watch: Callable[[float], bool]
    begin: float
    sent: int = 0
    timed: int = 0
    late: int = 0
    unsent: int = 0
    interrupted: bool = False
    _next_look: float = 0.0

    def stopped(self, now: float) -> bool:
        """Whether watch wants the end."""
        if now >= self._next_look:
            self._next_look = now + TICK_S
            self.interrupted |= self.watch(now - self.begin)
        return self.interrupted


def closed_loop(sender: Sender, window: Window, concurrency: int, seconds: float) -> None:
    """Keep as many calls under way as concurrency says, or as there is room for."""
    end = window.begin + seconds
    while (now := window.clock()) < end and not window.stopped(now):
        wanted = concurrency - sender.in_flight
        if wanted > 0:
            window.sent += sender.send([now] * wanted)
        sender.poll(min(TICK_S, end - now))


def open_loop(sender: Sender, window: Window, due: Sequence[float], counted_from: float, patience_s: float) -> None:
    """Begin calls when they are due (ascending), however the answers come.

    Each counts from the time it was due, also where it begins later. Lateness is told of calls due from counted_from
    on. Where there is no room, calls wait, at most until patience_s after the last was due.
    """
    at, total = 0, len(due)
    last_chance = due[-1] + patience_s if due else 0.0
    while at < total and (now := window.clock()) < last_chance and not window.stopped(now):
        ready = bisect_right(due, now, at)
        free = min(ready - at, sender.room)
        if free:
            begun = at + sender.send(due[at : at + free])
            first = bisect_left(due, counted_from, at, begun)
            window.timed += begun - first
            window.late += max(0, bisect_left(due, now - LATE_S, at, begun) - first)
            window.sent += begun - at
            at = begun
        if at < total:
            wait = due[at] - window.clock() - _SPIN_S
            full = wait < 0 and not sender.room
            sender.poll(TICK_S if full else max(0.0, min(wait, TICK_S)))
    if not window.interrupted:
        window.unsent = total - bisect_left(due, counted_from, at)


def drain(sender: Sender, window: Window, patience_s: float) -> None:
    """Wait until no call is under way, at most patience_s."""
    end = window.clock() + patience_s
    while sender.in_flight and (now := window.clock()) < end and not window.stopped(now):
        sender.poll(min(TICK_S, end - now))
