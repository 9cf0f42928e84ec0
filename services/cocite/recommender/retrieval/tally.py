"""What a retriever says of the papers that it came across, however many others there are."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.allowed import Allowed
from cocite.recommender.compiled import FLOAT32S, INT32S, compiled
from cocite.recommender.csr import Rows32
from cocite.recommender.retrieval.contract import Rows, Scores
from cocite.recommender.retrieval.numbering import Slots, looked_up

_BINS = 4096  # that scores are counted in
_ROOM = 1.25  # for the best rows being barred more often than others


@compiled(types.int64(types.int32))
def _rising(bits: int) -> int:
    """In order of the scores that have these bits: those of negative ones run backwards."""
    return bits ^ ((bits >> 31) & 0x7FFFFFFF)


@compiled(types.int64[::1](INT32S, FLOAT32S, types.int64))
def _best_keys(rows: Rows32, scores: Scores, count: int) -> Rows:
    """Numbers that hold row and score, lowest for the highest score, then the smallest row: those of the count best
    papers, and of a few more, in any order; of fewer only where there are no more.
    """  # fmt: skip
    bits = (scores + np.float32(0.0)).view(np.int32)  # the sum makes 0 of -0
    keys, rising = np.empty(rows.size, np.int64), np.empty(rows.size, np.int64)
    size, low, high = 0, 1 << 31, -(1 << 31)
    for at in range(rows.size):
        if rows[at] >= 0 and scores[at] > -np.inf:
            rises = _rising(bits[at])
            keys[size], rising[size] = rows[at] - (rises << 32), rises
            low, high = min(low, rises), max(high, rises)
            size += 1
    if size <= count:
        return keys[:size].copy()
    shift = 0
    while (high - low) >> shift >= _BINS:
        shift += 1
    bins = np.zeros(_BINS, dtype=np.int64)
    for at in range(size):
        bins[(rising[at] - low) >> shift] += 1
    found, lowest = 0, _BINS
    while lowest > 0 and found < count:
        lowest -= 1
        found += bins[lowest]
    best, to = np.empty(found, np.int64), 0
    for at in range(size):
        if (rising[at] - low) >> shift >= lowest:
            best[to] = keys[at]
            to += 1
    return best


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
        # Whether a row is allowed takes longer to say than that others score less.
        share = 1.0 if allowed.passing is None else allowed.passing.share
        looked_at = int(_ROOM * count / max(share, 0.01))
        while True:
            keys = _best_keys(self.rows, self.scores, looked_at)
            keys.sort()
            rows = keys[:looked_at] & 0xFFFFFFFF
            kept = rows[allowed.of(rows)]
            if kept.size >= count or rows.size < looked_at:
                return kept[:count]
            looked_at *= 2

    def of(self, rows: npt.NDArray[np.integer]) -> Scores:
        """See Found."""
        return looked_up(self.slots, self.rows, self.scores, np.ascontiguousarray(rows, dtype=np.int64))
