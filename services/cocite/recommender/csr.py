"""Links of rows to rows, in two layers: those of the training, and a few that came since."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

Rows32 = npt.NDArray[np.int32]
Rows64 = npt.NDArray[np.int64]
Links = tuple[Rows64, Rows32, Rows32, Rows64, Rows32]  # see Csr.arrays


@dataclass(frozen=True, slots=True)
class Added:
    """Links that came since: those of sources[i], ascending, are rows[offsets[i] : offsets[i + 1]], ascending.

    row_count is how many rows there are by now.
    """

    sources: Rows32 = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    offsets: Rows64 = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    rows: Rows32 = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    row_count: int = 0


NOTHING = Added()


@dataclass(frozen=True, slots=True)
class Csr:
    """Rows linked from each row: those of i are rows[offsets[i] : offsets[i + 1]], ascending, then what was added."""

    offsets: Rows64
    rows: Rows32
    added: Added = NOTHING

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return max(self.offsets.size - 1, self.added.row_count)

    @property
    def arrays(self) -> Links:
        """All of it, as compiled functions take it."""
        return (self.offsets, self.rows, self.added.sources, self.added.offsets, self.added.rows)

    def span(self, row: int) -> slice:
        """Where the rows linked from one row lie in rows, and what belongs to each link in an array beside it."""
        if row + 1 >= self.offsets.size:
            return slice(0, 0)
        return slice(int(self.offsets[row]), int(self.offsets[row + 1]))

    def added_span(self, row: int) -> slice:
        """The same of the rows that were added, in added.rows."""
        place = int(np.searchsorted(self.added.sources, row))
        if place == self.added.sources.size or self.added.sources[place] != row:
            return slice(0, 0)
        return slice(int(self.added.offsets[place]), int(self.added.offsets[place + 1]))

    def of(self, row: int) -> Rows32:
        """Rows linked from one row, ascending."""
        first = self.rows[self.span(row)]
        if not self.added.sources.size:
            return first
        return np.concatenate((first, self.added.rows[self.added_span(row)]))

    def gather(self, rows: npt.NDArray[np.integer]) -> tuple[Rows32, Rows64]:
        """Rows linked from each of rows (k,), one after another, and the place in rows that each is linked from."""
        linked, owners = _gather(self.offsets, self.rows, np.minimum(rows, self.offsets.size - 1))
        if not self.added.sources.size:
            return linked, owners
        places = np.searchsorted(self.added.sources, rows)
        known = np.append(self.added.sources, -1)[places] == rows
        more, more_owners = _gather(self.added.offsets, self.added.rows, places[known])
        owners = np.concatenate((owners, np.flatnonzero(known)[more_owners]))
        order = np.argsort(owners, kind="stable")
        return np.concatenate((linked, more))[order], owners[order]

    def counts(self) -> Rows64:
        """How many rows each row links to, shape (n,)."""
        counts = np.zeros(self.row_count, dtype=np.int64)
        counts[: self.offsets.size - 1] = np.diff(self.offsets)
        counts[self.added.sources] += np.diff(self.added.offsets)
        return counts

    def with_links(self, sources: npt.NDArray[np.integer], targets: npt.NDArray[np.integer], row_count: int) -> "Csr":
        """The same links and those of sources (k,) to targets (k,), with row_count sources in all.

        Links come in order of source, then target, each once, every target above those its source has. What was added
        before is no more.
        """
        distinct, starts = np.unique(np.asarray(sources), return_index=True)
        offsets = np.append(starts, len(sources)).astype(np.int64)
        added = Added(distinct.astype(np.int32), offsets, np.asarray(targets, dtype=np.int32), row_count)
        return replace(self, added=added)

    def with_rows(self, counts: npt.NDArray[np.integer], targets: npt.NDArray[np.integer]) -> "Csr":
        """The same links, copied, and further rows at the end, of so many links each (k,), one after another."""
        ends = self.offsets[-1] + np.cumsum(counts, dtype=np.int64)
        return Csr(np.concatenate((self.offsets, ends)), np.concatenate((self.rows, targets.astype(np.int32))))


def _gather(offsets: Rows64, linked: Rows32, rows: npt.NDArray[np.integer]) -> tuple[Rows32, Rows64]:
    """Rows beyond the last have no links."""
    starts = offsets[rows]
    lengths = offsets[np.minimum(rows + 1, offsets.size - 1)] - starts
    owners = np.repeat(np.arange(len(rows)), lengths)
    places = np.arange(len(owners)) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
    return linked[places], owners
