"""Sums by paper, as what is added to them comes, and the lists made of them: in memory, for what is not in Redis."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from cocite.catalogue.activity import ActivityLog, TargetPaper
from cocite.feeds.trending.formula import RULES, Floats, Rules, Window
from cocite.feeds.trending.tally import COUNTED, NOTHING, Addition, Numbers, additions, plus

INDEXED = 1000  # papers of a list, those with the most points
_READERS = 200  # read at once


@dataclass(frozen=True, slots=True)
class Candidates:
    """The papers of a window, and of a field if asked, with the most points.

    Of each target points and exposures (n, 3), and those of all papers (3,), as Rules.scores takes them, but decayed
    forwards from landmark_ms.
    """

    landmark_ms: int
    targets: tuple[int, ...]
    numbers: Floats
    everything: Floats


class Sums:
    """Sums by target, forward-decayed from a landmark."""

    def __init__(self, landmark_ms: int) -> None:
        self.landmark_ms = landmark_ms
        self.of: dict[int, Numbers] = {}

    def add(self, added: Iterable[Addition], sign: int = 1) -> None:
        """Add what events add, or with sign -1 take it away."""
        for target, numbers in added:
            self.of[target] = plus(self.of.get(target, NOTHING), numbers, sign)

    def candidates(self, window: Window, papers: Mapping[int, TargetPaper], field: str) -> Candidates:
        """Those among known papers; field is "" or a name in folded case."""
        counted = [
            (numbers[window] + numbers[3 + window], target)
            for target, numbers in self.of.items()
            if acted_on(numbers) and target in papers and (not field or field in folded(papers[target].fields))
        ]
        targets = tuple(target for _, target in sorted(counted, reverse=True)[:INDEXED])
        every = np.array([NOTHING, *self.of.values()])[:, window:9:3]
        numbers = np.array([NOTHING, *(self.of[target] for target in targets)])[1:, window:9:3]
        return Candidates(self.landmark_ms, targets, numbers, every.sum(axis=0))


def acted_on(numbers: Numbers) -> bool:
    """Whether any reader acts on the paper of these sums."""
    return numbers[-1] > 0.5


def folded(fields: Sequence[str]) -> tuple[str, ...]:
    """Names of fields as they are compared."""
    return tuple(name.casefold() for name in fields)


def additions_by_reader(
    log: ActivityLog, first: int, last: int, landmark_ms: int, rules: Rules = RULES
) -> Iterator[tuple[int, list[Addition]]]:
    """Of every reader with events between two sequences, both included: key, and what these events add."""
    after = 0
    while keys := log.readers(first, after, _READERS):
        after = keys[-1]
        events = log.changes(keys, COUNTED, first, last)
        for reader_key, own in groupby(events, key=lambda event: event.reader_key):
            yield reader_key, additions(own, landmark_ms, rules)


def counted_sums(log: ActivityLog, first: int, last: int, landmark_ms: int, rules: Rules = RULES) -> Sums:
    """The sums of all events between two sequences, both included."""
    sums = Sums(landmark_ms)
    for _, added in additions_by_reader(log, first, last, landmark_ms, rules):
        sums.add(added)
    return sums
