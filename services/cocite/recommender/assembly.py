"""Results of one bundle as the bytes that go over the wire, written from its arrays (page_writer.py)."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.explaining import Explanation
from cocite.recommender.layout import EXPLAINED
from cocite.recommender.page_writer import write_results
from cocite.recommender.reason_writer import end_of_reasons
from cocite.recommender.tokens import LONGEST_TERM

Rows = npt.NDArray[np.int32]
Scores = npt.NDArray[np.float32]
Names = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]


_NO_NAMES = (np.empty(0, dtype=np.uint8), np.zeros(1, dtype=np.int64))
_NO_SHARES = (np.empty((0, 0), dtype=np.int64), np.empty(0, dtype=np.int64))
for _array in (*_NO_NAMES, *_NO_SHARES):
    _array.flags.writeable = False  # the type that machine code was compiled for: others are converted at every call


class Assembler:
    """Writes results. Thread-safe.

    Rows int32 (k,) come with their scores float32 (k,) and the rank of the first. shown holds encoded papers by row
    that are to be shown instead of what the bundle has; only_ids leaves all but ids out.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._ids = (bundle.id_bytes, bundle.id_offsets)
        self._display = (bundle.display.encoded, bundle.display.offsets)
        self._vocabulary = bundle.words.vocabulary.view(np.uint8)
        self._related = bundle.related
        self._longest = max(LONGEST_TERM, int(np.diff(bundle.id_offsets).max()))

    def results(
        self,
        rows: Rows,
        scores: Scores,
        rank: int,
        told: Explanation,
        shown: Mapping[int, bytes],
        *,
        only_ids: bool = False,
    ) -> bytes:
        """Encoded results with what is told of them."""
        encoded = [label.encode() for label in told.labels]
        code = told.reasons.code()
        sharing = np.array(told.sharing, dtype=np.int64)
        shares = (np.ascontiguousarray(told.shares, dtype=np.float64).view(np.int64), sharing)
        longest = max(self._longest, *map(len, encoded))
        return self._written(rows, scores, rank, shown, only_ids, (code, 0), _names(encoded), shares, longest)

    def related(self, row: int, start: int, end: int, *, only_ids: bool = False) -> tuple[Rows, bytes] | None:
        """Rows and encoded results start to end of a paper's related list; None where that has not both, or no more
        after them.
        """  # fmt: skip
        found = self._related.start_of(row, end) if end <= EXPLAINED else None
        if found is None:
            return None
        rows, scores = found[0][start:end], found[1][start:end]
        code, at = self._related.reasons, int(self._related.reason_offsets[row])
        if start:
            at = end_of_reasons(code, at, start)
        ids, offsets = self._ids
        label = (ids, offsets[row : row + 2])
        written = self._written(rows, scores, start + 1, {}, only_ids, (code, at), label, _NO_SHARES, self._longest)
        return rows, written

    def _written(
        self,
        rows: Rows,
        scores: Scores,
        rank: int,
        shown: Mapping[int, bytes],
        only_ids: bool,
        code: tuple[npt.NDArray[np.uint8], int],
        labels: Names,
        shares: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
        longest: int,
    ) -> bytes:
        newer = self._bundle.display.newer
        given = _NO_NAMES
        if (shown or newer) and not only_ids:
            given = _names([shown.get(row) or newer.get(row, b"") for row in rows.tolist()])
        written = write_results(
            rows,
            scores.view(np.int32),
            rank,
            *self._ids,
            *self._display,
            *given,
            only_ids,
            *code,
            *labels,
            self._vocabulary,
            *shares,
            longest,
        )
        return written.tobytes()


def _names(entries: Sequence[bytes]) -> Names:
    offsets = np.zeros(len(entries) + 1, dtype=np.int64)
    np.cumsum([len(entry) for entry in entries], out=offsets[1:])
    return np.frombuffer(b"".join(entries), dtype=np.uint8), offsets
