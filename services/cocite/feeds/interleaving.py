"""Team-draft interleaving (Radlinski, Kurup and Joachims 2008): two rankings shown as one, each item one's merit."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NO_TEAM, TEAM_A, TEAM_B = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Draft:
    """Which experiment, by its key, a list was made in, and the team of each of its items; 0 and none without one."""

    experiment: int = 0
    teams: bytes = b""


NO_DRAFT = Draft()


def team_draft(a: Sequence[str], b: Sequence[str], size: int, coin: random.Random) -> list[tuple[str, int]]:
    """At most size items of two rankings, best first, each once, with the team that brought it in.

    The teams pick by turns their best item that is not there yet; before each pair of picks the coin says who is first.
    When one has no more to pick, what the other has left is of no team: there was no choice between them.
    """
    left = {TEAM_A: iter(a), TEAM_B: iter(b)}
    taken: dict[str, int] = {}
    while len(taken) < size:
        first = TEAM_A if coin.random() < 0.5 else TEAM_B
        second = TEAM_A + TEAM_B - first
        for team, other in ((first, second), (second, first)):
            best = _best(left[team], taken)
            if best is None:
                taken |= dict.fromkeys((item for item in left[other] if item not in taken), NO_TEAM)
                return list(taken.items())[:size]
            taken[best] = team
    return list(taken.items())[:size]


def _best(items: Iterator[str], taken: dict[str, int]) -> str | None:
    return next((item for item in items if item not in taken), None)
