"""The numbers that trending goes by, and the three formulas; docs/trending.md says why they are what they are."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from cocite.catalogue.event_records import EventKind
from cocite.core.clock import HOUR_MS

Floats = npt.NDArray[np.float64]


class Window(IntEnum):
    """How far back; the number is the place in every vector of three."""

    DAY = 0
    WEEK = 1
    MONTH = 2


HALF_LIVES_MS = (8 * HOUR_MS, 56 * HOUR_MS, 240 * HOUR_MS)  # a third of 1, 7 and 30 days
HORIZON_MS = 4 * max(HALF_LIVES_MS)  # what lies before would count a sixteenth at most, and is not counted
LIFE_S = 2 * 86_400  # of sums, before which others take their place
POINTS: Mapping[EventKind, float] = {
    EventKind.CLICK: 1.0,
    EventKind.SAVE: 3.0,
    EventKind.UPVOTE: 4.0,
    EventKind.SUBMIT: 4.0,
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds manipulation down. The defaults serve; tests and the simulation turn them off to see what they do."""

    points: Mapping[EventKind, float] = field(default_factory=lambda: POINTS)
    daily_points: float = 40.0  # that a reader can give in a day, before trust
    trusted_days: int = 7  # earlier days on which a reader acted, for full trust
    session_share: float = 0.5  # of the trust that a reader with a name has
    newcomers_alone: float = 0.1  # points that newcomers can give to a paper that nobody else turns to
    newcomers_share: float = 1.0  # times what they give elsewhere beside readers with a past
    prior: float = 8.0  # points as expected that each paper is given
    bound: float = 2.0  # of the lift, upwards; downwards its inverse
    unknown_position: int = 10

    def trust(self, earlier_days: int, is_session: bool) -> float:
        """What the points of a reader count, 0 to 1, after so many earlier days on which they acted."""
        whole = self.trusted_days + 1
        share = min(1.0, (1 + earlier_days) / whole) ** 2
        return share * (self.session_share if is_session else 1.0)

    def examination(self, position: int) -> float:
        """How likely a reader looks at a place, from 1, of a list; 0 stands for an unknown place."""
        return 1.0 / math.log2(1 + (position if position > 0 else self.unknown_position))

    def scores(self, papers: Floats, everything: Floats) -> Floats:
        """What papers are ordered by: points times lift.

        papers: points of readers with a past, points of newcomers and exposures of each paper, (n, 3); everything: the
        same of all papers together, (3,). All are decayed to the same moment.
        """
        points: Floats = papers[:, 0] + np.minimum(papers[:, 1], self._believed(papers[:, 0], everything))
        if everything[2] <= 0.0:
            return points
        expected = papers[:, 2] * ((everything[0] + everything[1]) / everything[2])
        lift = (points + self.prior) / (expected + self.prior)
        bounded: Floats = np.clip(lift, 1.0 / self.bound, self.bound)
        return points * bounded

    def _believed(self, points: Floats, everything: Floats) -> Floats | float:
        """The most that newcomers may give to papers to which readers with a past gave points."""
        if everything[0] <= 0.0 or math.isinf(self.newcomers_share):  # nobody has a past yet
            return math.inf
        share: float = self.newcomers_share * float(everything[1] / everything[0])
        return self.newcomers_alone + share * points


RULES = Rules()


def growth(at_ms: int, landmark_ms: int) -> tuple[float, float, float]:
    """Weight of something at a time by each window, 1 at the landmark: forward decay, so it never has to change.

    No sums are older than LIFE_S; a clock that says so is wrong, and must not make one event outweigh all others.
    """
    age = min(at_ms - landmark_ms, LIFE_S * 1000)
    day, week, month = (2.0 ** (age / half_life) for half_life in HALF_LIVES_MS)
    return day, week, month
