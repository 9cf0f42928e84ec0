"""What readers keep and what they did, as one matrix."""

from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.catalogue.event_records import EventKind
from cocite.catalogue.library_readers import keys_of_library_readers
from cocite.catalogue.store import Catalogue
from cocite.training.confidence import CONFIDENCE, MOST_PAPERS_A_READER
from cocite.training.matrices import confidence_matrix, library_matrix
from cocite.training.progress import Progress, silent

RowsOf = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]]

_STRENGTHS = np.zeros(max(EventKind) + 1, dtype=np.float32)
_STRENGTHS[[*CONFIDENCE]] = [*CONFIDENCE.values()]


@dataclass(frozen=True, slots=True)
class EventsUsed:
    """What a model learned from: distinct papers of readers by kind of event, of so many readers."""

    readers: int = 0
    by_kind: Mapping[EventKind, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_kind.values())


def read_libraries(
    catalogue: Catalogue, rows_of: RowsOf, papers: int, progress: Progress = silent
) -> tuple[csr_array, EventsUsed]:
    """Confidences, float32 (readers, papers), above 0 to 1 where there are any, and the events among what they go by.

    rows_of gives the row of each paper key, -1 for papers that are none of these. A row for each reader of an ingested
    library, by name, then for each who has events alone, by key; who has both has one row, and of each paper the surest
    counts. Without events it is the matrix of the libraries.

    Needs about 50 bytes an event.
    """
    names, entries = _ingested(catalogue, rows_of)
    acts, used = _acts(catalogue, rows_of, progress)
    if not acts.readers.size:
        return library_matrix(entries, len(names), papers), used
    rows, count = _rows_of_readers(acts.keys, names, keys_of_library_readers(catalogue))
    library = library_matrix(entries, count, papers)
    by_events = confidence_matrix(rows[acts.readers], acts.papers, acts.confidences, (count, papers))
    merged = csr_array(library.maximum(by_events))
    merged.sort_indices()
    return merged, used


@dataclass(frozen=True, slots=True)
class _Acts:
    """keys (r,) ascending; readers are places in them; a pair of reader and paper comes once."""

    keys: npt.NDArray[np.int64]
    readers: npt.NDArray[np.int32]
    papers: npt.NDArray[np.int32]
    confidences: npt.NDArray[np.float32]


def _ingested(catalogue: Catalogue, rows_of: RowsOf) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Names of those with libraries, ascending, and what they keep, (k, 2) of place in names and paper row."""
    numbers: dict[str, int] = {}
    readers, keys = array("i"), array("q")
    for reader, key in catalogue.iter_library_entries():
        readers.append(numbers.setdefault(reader, len(numbers)))
        keys.append(key)
    names = np.array(list(numbers), dtype=np.str_)
    places = np.argsort(np.argsort(names)) if numbers else np.empty(0, dtype=np.int64)
    pairs = np.column_stack((places[np.array(readers, dtype=np.int64)], rows_of(np.array(keys, dtype=np.int64))))
    return sorted(numbers), pairs[pairs[:, 1] >= 0]


def _acts(catalogue: Catalogue, rows_of: RowsOf, progress: Progress) -> tuple[_Acts, EventsUsed]:
    """What readers did, of each reader and paper the surest, of each reader the surest MOST_PAPERS_A_READER."""
    chunks = [(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32), np.empty(0, dtype=np.uint8))]
    counts: Counter[int] = Counter()
    for chunk in catalogue.iter_signals():
        rows = rows_of(chunk[:, 1])
        known = rows >= 0
        kinds = chunk[known, 2].astype(np.uint8)
        chunks.append((chunk[known, 0], rows[known].astype(np.int32), kinds))
        counts.update(dict(enumerate(np.bincount(kinds).tolist())))
        progress("Reading events", sum(len(kinds) for *_, kinds in chunks), 0)
    readers, papers, kinds = (np.concatenate(column) for column in zip(*chunks, strict=True))
    chunks.clear()
    first = np.ones(readers.size, dtype=np.bool_)  # readers ascend
    first[1:] = readers[1:] != readers[:-1]
    keys, places = readers[first], (np.cumsum(first) - 1).astype(np.int32)
    del readers
    used = EventsUsed(keys.size, {kind: counts[kind] for kind in CONFIDENCE if counts[kind]})
    return _bounded(_Acts(keys, *_surest(places, papers, _STRENGTHS[kinds]))), used


def _surest(
    readers: npt.NDArray[np.int32], papers: npt.NDArray[np.int32], confidences: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Each pair once, with the highest of its confidences. Equal pairs stand beside each other."""
    if not readers.size:
        return readers, papers, confidences
    new = np.concatenate(([True], (readers[1:] != readers[:-1]) | (papers[1:] != papers[:-1])))
    return readers[new], papers[new], np.maximum.reduceat(confidences, np.flatnonzero(new))


def _bounded(acts: _Acts) -> _Acts:
    """Of each reader the surest papers, of equally sure ones a sample, so that no order of ids decides."""
    if not acts.readers.size or np.bincount(acts.readers).max() <= MOST_PAPERS_A_READER:
        return acts
    chance = np.random.default_rng(0).random(acts.readers.size, dtype=np.float32)
    order = np.lexsort((chance, -acts.confidences, acts.readers))
    firsts = np.searchsorted(acts.readers, np.arange(acts.keys.size))  # readers ascend, before and after
    place = np.arange(order.size) - firsts[acts.readers[order]]
    kept = np.sort(order[place < MOST_PAPERS_A_READER])
    return _Acts(acts.keys, acts.readers[kept], acts.papers[kept], acts.confidences[kept])


def _rows_of_readers(
    keys: npt.NDArray[np.int64], names: list[str], keys_of_names: Mapping[str, int]
) -> tuple[npt.NDArray[np.int64], int]:
    """The row of each reader with events, and the number of rows. names are those of the first rows."""
    row_of_key = {keys_of_names[name]: row for row, name in enumerate(names) if name in keys_of_names}
    rows = np.array([row_of_key.get(key, -1) for key in keys.tolist()], dtype=np.int64)
    others = rows < 0
    rows[others] = len(names) + np.arange(np.count_nonzero(others))
    return rows, len(names) + int(np.count_nonzero(others))
