"""Links of rows to rows as two arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Csr:
    """Rows linked from each row: those of i are rows[offsets[i] : offsets[i + 1]], ascending."""

    offsets: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]

    def span(self, row: int) -> slice:
        """Where the rows linked from one row lie in rows, and what belongs to each link in an array beside it."""
        return slice(int(self.offsets[row]), int(self.offsets[row + 1]))

    def of(self, row: int) -> npt.NDArray[np.int32]:
        """Rows linked from one row."""
        return self.rows[self.offsets[row] : self.offsets[row + 1]]

    def gather(self, rows: npt.NDArray[np.integer]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Rows linked from each of rows (k,), one after another, and the place in rows that each is linked from."""
        starts = self.offsets[rows]
        lengths = self.offsets[rows + 1] - starts
        owners = np.repeat(np.arange(len(rows)), lengths)
        places = np.arange(len(owners)) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
        return self.rows[places], owners

    def counts(self) -> npt.NDArray[np.int64]:
        """How many rows each row links to, shape (n,)."""
        return np.diff(self.offsets)

    def ends(self, sources: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """Where in rows, and in an array beside it, a link of each source (k,) is inserted to be its last.

        Sources beyond the last row are new ones.
        """
        ends: npt.NDArray[np.int64] = self.offsets[np.minimum(sources + 1, self.offsets.size - 1)]
        return ends

    def with_links(self, sources: npt.NDArray[np.integer], targets: npt.NDArray[np.integer], row_count: int) -> "Csr":
        """The same links and those of sources (k,) to targets (k,), with row_count sources in all.

        Links come in order of source, then target, each once, every target above those its source has.
        """
        counts = np.bincount(sources, minlength=row_count)
        counts[: self.offsets.size - 1] += self.counts()
        offsets = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts)))
        return Csr(offsets, np.insert(self.rows, self.ends(sources), targets))
