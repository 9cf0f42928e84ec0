"""How much the upvotes of a paper weigh: a crowd of readers who came today is no community.

The rules are those of docs/trending.md: a reader is believed by the days they have been here, and who is new here as
far as others agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cocite.catalogue.events import EventKind, EventLog, Voters
from cocite.feeds.trending.formula import RULES, Rules

_DIGITS = 9  # sums of the same numbers in another order differ further down


@dataclass(frozen=True, slots=True)
class Upvotes:
    """Readers who upvote a paper, and what they weigh together."""

    readers: int = 0
    weight: float = 0.0


NO_UPVOTES = Upvotes()


def upvotes_of(log: EventLog, paper_keys: Sequence[int], rules: Rules = RULES) -> dict[int, Upvotes]:
    """Upvotes of those of the papers that have any, believed as far as all of them together say. Raises Unavailable."""
    return weighed(log.voters(paper_keys, rules.trusted_days + 1), rules)


def weighed(voters: Mapping[int, Sequence[Voters]], rules: Rules = RULES) -> dict[int, Upvotes]:
    """The same of voters by paper."""
    given = np.zeros((len(voters), 3))  # points of readers with a past, of newcomers, and no exposures
    for place, some in enumerate(voters.values()):
        for each in some:
            points = rules.points[EventKind.UPVOTE] * rules.trust(each.days - 1, each.is_session)
            given[place, int(each.days <= rules.trusted_days)] += points * each.readers
    weights = rules.scores(given, given.sum(axis=0)).tolist()
    return {
        key: Upvotes(sum(each.readers for each in some), round(weight, _DIGITS))
        for (key, some), weight in zip(voters.items(), weights, strict=True)
    }
