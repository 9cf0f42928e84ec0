"""What a model is trained on: papers in row order, citations, libraries and texts as plain arrays."""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.catalogue.store import Catalogue
from cocite.core.errors import NotReady
from cocite.core.paper import Paper, text_of, words_of
from cocite.training.libraries import EventsUsed, read_libraries
from cocite.training.matrices import link_matrix
from cocite.training.paper_table import PaperColumns, PaperRow, PaperTable
from cocite.training.progress import Progress, silent
from cocite.training.word_index import WordCounts, Words


@dataclass(frozen=True, slots=True)
class Corpus:
    """Row i is the same paper everywhere.

    citations (n, n) has a 1 where the row's paper cites the column's; libraries (m, n) has a row for each reader and,
    for each paper kept or opened, how sure it is that it is wanted, 1 of those kept; events are among what they were
    made of. words are those of titles, abstracts and keywords. texts gives row and text of every paper that has one,
    in any order, and can be called again; so can records, which gives whole papers, without counts of links, where they
    are to be shown. fingerprint names the state of the data, cursor is the last arrival in the catalogue that is sure
    to be in it. undirected links are in citations both ways.
    """

    papers: PaperTable
    citations: csr_array
    libraries: csr_array
    words: Words
    texts: Callable[[], Iterator[tuple[int, str]]]
    fingerprint: str
    cursor: int = 0
    undirected: bool = False
    events: EventsUsed = field(default_factory=EventsUsed)
    records: Callable[[], Iterator[tuple[int, Paper]]] = lambda: iter(())

    @property
    def paper_count(self) -> int:
        """Papers, n."""
        return len(self.papers.ids)


def read_corpus(catalogue: Catalogue, progress: Progress = silent) -> Corpus:
    """The catalogue as a corpus, rows in order of paper id: the same papers make the same model, whatever order
    they were ingested in. Raises NotReady when there is no paper.
    """  # fmt: skip
    fingerprint = catalogue.fingerprint()  # first: data that changes meanwhile shows as untrained, never as trained
    cursor = catalogue.last_arrival()
    keys, papers, counts = _read_papers(catalogue, progress)
    if not keys:
        raise NotReady("the catalogue holds no paper to train on", hint="put some in with cocite ingest")
    order = np.array(sorted(range(len(keys)), key=papers.ids.__getitem__), dtype=np.int64)
    rows = _Rows(np.array(keys, dtype=np.int64), np.argsort(order))
    libraries, events = read_libraries(catalogue, rows.of, len(keys), progress)

    def records() -> Iterator[tuple[int, Paper]]:
        for key, paper in catalogue.iter_papers(counts=False):
            row = int(rows.of(np.array([key]))[0])
            if row >= 0:
                yield row, paper

    def texts() -> Iterator[tuple[int, str]]:
        for row, paper in records():
            if text := text_of(paper):
                yield row, text

    return Corpus(
        papers=papers.table(order),
        citations=_read_citations(catalogue, rows, len(keys), progress),
        libraries=libraries,
        words=counts.words(order),
        texts=texts,
        records=records,
        fingerprint=fingerprint,
        cursor=cursor,
        events=events,
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Row of each catalogue key; keys ascending."""

    keys: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]

    def of(self, keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Row of each key, -1 for a paper that came after the papers were read."""
        places = np.minimum(np.searchsorted(self.keys, keys), self.keys.size - 1)
        return np.where(self.keys[places] == keys, self.rows[places], -1)


def _read_papers(catalogue: Catalogue, progress: Progress) -> "tuple[array[int], PaperColumns, WordCounts]":
    total = catalogue.count_papers()
    keys, papers = array("q"), PaperColumns()
    counts = WordCounts()
    for key, paper in catalogue.iter_papers(counts=False):
        keys.append(key)
        papers.add(PaperRow.of(paper))
        counts.add(words_of(paper))
        if len(keys) % 1000 == 0:
            progress("Reading papers", len(keys), max(total, len(keys)))
    progress("Reading papers", len(keys), len(keys))
    return keys, papers, counts


def _read_citations(catalogue: Catalogue, rows: _Rows, papers: int, progress: Progress) -> csr_array:
    chunks = [np.empty((0, 2), dtype=np.int32)]
    for chunk in catalogue.iter_citations():
        links = rows.of(chunk.reshape(-1)).reshape(-1, 2)
        chunks.append(links[(links >= 0).all(axis=1)].astype(np.int32))
        progress("Reading citations", sum(map(len, chunks)), 0)
    return link_matrix(np.concatenate(chunks), papers)
