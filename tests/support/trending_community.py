"""A simulated community of readers, and what made-up readers do to its ranking."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.catalogue.activity import Activity
from cocite.catalogue.event_records import EventKind
from cocite.core.clock import DAY_MS
from cocite.feeds.trending.formula import Floats, Rules, Window
from cocite.feeds.trending.sums import Sums, acted_on
from cocite.feeds.trending.tally import Numbers, additions

SHOWN = 20  # papers of a list that a reader looks at
MADE_UP = 50
_TARGET = -1


@dataclass(frozen=True, slots=True)
class Shape:
    """How large the community is. Half of the papers are new in the last week."""

    readers: int = 2000
    papers: int = 600
    days: int = 21
    seed: int = 6


class Community:
    """What readers did over the days: some come daily, most now and then; a third have no name.

    Each is shown SHOWN papers of the last week on a day on which they come, drawn by how good they are, and examines a
    place the less the lower it stands. A paper that is examined is opened the more often the better it is.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._rng = np.random.default_rng(shape.seed)
        self._sequence = 0
        self.quality = self._rng.beta(1.2, 6.0, shape.papers)
        self._new_on = np.sort(self._rng.uniform(0, shape.days, shape.papers))
        self.by_reader = [self._life(key) for key in range(shape.readers)]

    @property
    def now_ms(self) -> int:
        return self.shape.days * DAY_MS

    def _life(self, key: int) -> list[Activity]:
        is_session = bool(self._rng.random() < 1 / 3)
        often = self._rng.beta(0.6, 3.0) * (0.3 if is_session else 1.0)
        events: list[Activity] = []
        known: set[tuple[int, int]] = set()
        for day in range(self.shape.days):
            if self._rng.random() < often:
                at_ms = int((day + self._rng.random()) * DAY_MS)
                for event in self._visit(key, is_session, at_ms):
                    if (event.kind, event.target) not in known:
                        known.add((event.kind, event.target))
                        events.append(event)
        return events

    def _visit(self, key: int, is_session: bool, at_ms: int) -> list[Activity]:
        day = at_ms / DAY_MS
        there = np.flatnonzero((self._new_on <= day) & (self._new_on > day - 7))
        if not len(there):
            return []
        liking = np.log(self.quality[there]) + self._rng.gumbel(size=len(there)) * 0.7
        events = []
        for position, target in enumerate(there[np.argsort(-liking)][:SHOWN].tolist(), start=1):
            events.append(self.event(key, is_session, EventKind.VIEW, target, at_ms, position))
            opened = self._rng.random() < self.quality[target] / np.log2(1 + position)
            if opened:
                events.append(self.event(key, is_session, EventKind.CLICK, target, at_ms, position))
            for kind, chance in ((EventKind.SAVE, 0.3), (EventKind.UPVOTE, 0.2)):
                if opened and self._rng.random() < chance:
                    events.append(self.event(key, is_session, kind, target, at_ms, position))
        return events

    def event(
        self, key: int, is_session: bool, kind: EventKind, target: int, at_ms: int, position: int = 0
    ) -> Activity:
        self._sequence += 1
        return Activity(self._sequence, key, is_session, kind, 1, target, position, at_ms)

    def sums(self, rules: Rules) -> Sums:
        """What all of them count."""
        sums = Sums(self.now_ms)
        for events in self.by_reader:
            sums.add(additions(events, self.now_ms, rules))
        return sums

    def pushed(self, kinds: tuple[EventKind, ...], days_before: int, is_session: bool, rules: Rules) -> Numbers:
        """What MADE_UP readers count for a paper on which they all act now.

        On each of days_before earlier days they have opened other papers, to seem alive.
        """
        sums = Sums(self.now_ms)
        for number in range(MADE_UP):
            key = self.shape.readers + number
            days = [self.now_ms - day * DAY_MS for day in range(days_before, 0, -1)]
            events = [self.event(key, is_session, EventKind.CLICK, at_ms, at_ms) for at_ms in days]
            events += [self.event(key, is_session, kind, _TARGET, self.now_ms, 1) for kind in kinds]
            sums.add(additions(events, self.now_ms, rules))
        return sums.of[_TARGET]


def moved(community: Community, rules: Rules, window: Window, pushed: Numbers) -> list[tuple[int, int]]:
    """Place of each trending paper, from 1, and the place it comes to when it alone is pushed; best first."""
    sums = community.sums(rules)
    trending = [numbers for numbers in sums.of.values() if acted_on(numbers)]
    numbers = np.array(trending)[:, window:9:3]
    everything = np.array(list(sums.of.values()))[:, window:9:3].sum(axis=0)
    more = np.array(pushed)[window:9:3]
    before = _places(rules.scores(numbers, everything))
    found = []
    for row in range(len(trending)):
        numbers[row] += more
        found.append((int(before[row]), int(_places(rules.scores(numbers, everything + more))[row])))
        numbers[row] -= more
    return sorted(found)


def most(found: list[tuple[int, int]], first: int) -> int:
    """The most ranks that one of the first papers is moved, up or down."""
    return max((abs(before - after) for before, after in found[:first]), default=0)


def _places(scores: Floats) -> npt.NDArray[np.int64]:
    """Place of each, from 1; those with equal scores share the best of their places."""
    return 1 + np.searchsorted(np.sort(-scores), -scores, side="left")
