"""What a retriever says of the papers that it came across, however many others there are."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.allowed import RULES, Allowed, Rules, allowed_of
from cocite.recommender.compiled import FLOAT32S, INT32S, compiled
from cocite.recommender.csr import Rows32
from cocite.recommender.retrieval.contract import Rows, Scores
from cocite.recommender.retrieval.numbering import Slots, looked_up

_BINS = 4096  # that scores are counted in


@compiled(types.int64(types.int32))
def _rising(bits: int) -> int:
    """In order of the scores that have these bits: those of negative ones run backwards."""
    return bits ^ ((bits >> 31) & 0x7FFFFFFF)


@compiled(types.int64[::1](INT32S, FLOAT32S, types.int64, RULES))
def _best_keys(rows: Rows32, scores: Scores, count: int, rules: Rules) -> Rows:
    """Numbers that hold row and score, lowest for the highest score, then the smallest row: those of the count best
    papers that are allowed, and of a few more, in any order; of fewer only where there are no more.

    Whether a row is allowed takes longer to say than that others score less: no more are asked about than it takes.
    """  # fmt: skip
    bits = (scores + np.float32(0.0)).view(np.int32)  # the sum makes 0 of -0
    keys, bins = np.empty(rows.size, np.int64), np.empty(rows.size, np.int64)
    size, low, high = 0, 1 << 31, -(1 << 31)
    for at in range(rows.size):
        if rows[at] >= 0 and scores[at] > -np.inf:
            rises = _rising(bits[at])
            keys[size], bins[size] = rows[at] - (rises << 32), rises
            low, high = min(low, rises), max(high, rises)
            size += 1
    shift = 0
    while (high - low) >> shift >= _BINS:
        shift += 1
    counts = np.zeros(_BINS, dtype=np.int64)
    for at in range(size):
        bins[at] = (bins[at] - low) >> shift
        counts[bins[at]] += 1
    best, to, seen, lowest = np.empty(size, np.int64), 0, 0, _BINS
    while to < count and seen < size:
        wanted = max(count, seen + 2 * (count - to) * seen // max(to, 1))
        above = lowest
        while lowest > 0 and (seen < wanted or lowest == above):
            lowest -= 1
            seen += counts[lowest]
        first = to
        for at in range(size):
            if lowest <= bins[at] < above:
                best[to] = keys[at]
                to += 1
        kept = allowed_of(best[first:to] & 0xFFFFFFFF, rules)
        to = first
        for at in range(kept.size):
            if kept[at]:
                best[to] = best[first + at]
                to += 1
    return best[:to]


@dataclass(frozen=True, slots=True)
class Tally:
    """Scores float32 (k,) of rows int32 (k,), each once, in any order, with the slots that number them.

    A score of -inf says nothing; so do those of rows below 0, which are no papers.
    """

    slots: Slots
    rows: Rows32
    scores: Scores

    def best(self, count: int, allowed: Allowed) -> Rows:
        """See Found."""
        keys = _best_keys(self.rows, self.scores, count, allowed.rules)
        keys.sort()
        return keys[:count] & 0xFFFFFFFF

    def of(self, rows: npt.NDArray[np.integer]) -> Scores:
        """See Found."""
        return looked_up(self.slots, self.rows, self.scores, np.ascontiguousarray(rows, dtype=np.int64))
