"""What one reader's events add to papers: a fold over the reader's own events, whatever others do.

So a reader can be counted, counted again and taken back alone, and the sums of all do not depend on the order in which
readers come.
"""

from collections.abc import Iterable
from typing import NamedTuple

from cocite.catalogue.activity import Activity
from cocite.catalogue.event_records import EventKind
from cocite.core.clock import DAY_MS
from cocite.feeds.trending.formula import RULES, Rules, growth

ACTS = (EventKind.CLICK, EventKind.SAVE, EventKind.UPVOTE, EventKind.SUBMIT)
COUNTED = (EventKind.VIEW, *ACTS)

# By day, week and month, decayed forwards from a landmark: points of readers with a past, points of newcomers,
# exposures; and how many readers acted.
Numbers = tuple[float, float, float, float, float, float, float, float, float, float]
NOTHING: Numbers = (0.0,) * 10


class Addition(NamedTuple):
    """What an event adds to the sums of a paper."""

    target: int
    numbers: Numbers


class _Given(NamedTuple):
    """Points that a reader gave to a paper, with a past or not, and when; holds is False once taken back."""

    points: float
    has_past: bool
    at_ms: int
    holds: bool


class Tally:
    """The acts of one reader as far as they have been taken."""

    __slots__ = ("_days", "_given", "_rules", "_spent", "_today")

    def __init__(self, rules: Rules = RULES) -> None:
        self._rules = rules
        self._today = -1  # days since 1970
        self._days = 0  # before today, on which the reader acted
        self._spent = 0.0  # points, today
        self._given: dict[int, dict[int, _Given]] = {}  # by target and kind

    def take(self, event: Activity, landmark_ms: int) -> Addition | None:
        """Count the reader's next event; None when it adds nothing."""
        if event.change == 0 or event.kind not in COUNTED:
            return None
        if event.kind == EventKind.VIEW:
            return self._seen(event, landmark_ms)
        kinds = self._given.get(event.target, {})
        changed = self._taken_back(event, kinds) if event.change < 0 else self._given_now(event, kinds)
        if changed is None:
            return None
        self._given[event.target] = changed
        before, after = _numbers(kinds, landmark_ms), _numbers(changed, landmark_ms)
        return Addition(event.target, plus(after, before, -1))

    def _seen(self, event: Activity, landmark_ms: int) -> Addition:
        weight = self._trust(event) * self._rules.examination(event.position)
        day, week, month = growth(event.recorded_at, landmark_ms)
        return Addition(event.target, (*NOTHING[:6], weight * day, weight * week, weight * month, 0.0))

    def _given_now(self, event: Activity, kinds: dict[int, _Given]) -> dict[int, _Given] | None:
        before = kinds.get(event.kind)
        if before is not None:  # done once more after it was taken back: as it was the first time
            return None if before.holds else kinds | {event.kind: before._replace(holds=True)}
        self._begin_day(event)
        points = min(self._rules.points[EventKind(event.kind)], self._rules.daily_points - self._spent)
        if points <= 0.0:
            return None
        self._spent += points
        has_past = self._days >= self._rules.trusted_days
        return kinds | {event.kind: _Given(points * self._trust(event), has_past, event.recorded_at, True)}

    @staticmethod
    def _taken_back(event: Activity, kinds: dict[int, _Given]) -> dict[int, _Given] | None:
        given = kinds.get(event.kind)
        return kinds | {event.kind: given._replace(holds=False)} if given is not None and given.holds else None

    def _begin_day(self, event: Activity) -> None:
        today = event.recorded_at // DAY_MS
        if today > self._today:  # a clock that goes back begins no day
            self._days += self._today >= 0
            self._today = today
            self._spent = 0.0

    def _trust(self, event: Activity) -> float:
        later = 0 <= self._today < event.recorded_at // DAY_MS
        return self._rules.trust(self._days + later, event.is_session)


def additions(events: Iterable[Activity], landmark_ms: int, rules: Rules = RULES) -> list[Addition]:
    """What all the events of one reader, in their order, add."""
    tally = Tally(rules)
    return [added for event in events if (added := tally.take(event, landmark_ms)) is not None]


def plus(one: Numbers, other: Numbers, sign: int = 1) -> Numbers:
    """one + sign * other."""
    a, b, c, d, e, f, g, h, i, j = (first + sign * second for first, second in zip(one, other, strict=True))
    return a, b, c, d, e, f, g, h, i, j


def _numbers(kinds: dict[int, _Given], landmark_ms: int) -> Numbers:
    """What a reader gives to a paper: by each window the most that one of the acts that hold gives.

    Which one that is does not change with time.
    """
    most = [0.0] * 6
    readers = 0.0
    for points, has_past, at_ms, holds in kinds.values():
        if holds:
            readers = 1.0
            for window, weight in enumerate(growth(at_ms, landmark_ms)):
                if points * weight > most[window] + most[3 + window]:
                    most[window], most[3 + window] = (points * weight, 0.0) if has_past else (0.0, points * weight)
    a, b, c, d, e, f = most
    return a, b, c, d, e, f, 0.0, 0.0, 0.0, readers
