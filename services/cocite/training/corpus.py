"""What a model is trained on: papers in row order, citations, libraries and texts as plain arrays."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.catalogue.store import Catalogue
from cocite.core.errors import NotReady
from cocite.core.paper import Paper, text_of, words_of
from cocite.training.matrices import library_matrix, link_matrix
from cocite.training.progress import Progress, silent
from cocite.training.word_index import WordCounts, Words
from cocite.training.works import Described


@dataclass(frozen=True, slots=True)
class PaperTable:
    """What a bundle says of n papers besides links and vectors.

    years int16 (n,), 0 where unknown; venue_codes int32 (n,), places in venues, -1 where unknown; venues are
    case-folded and sorted; has_abstract bool (n,). fields and field_codes say the same of fields of study, of which
    a paper may have several.
    """

    ids: tuple[str, ...]
    aliases: tuple[tuple[str, ...], ...]
    years: npt.NDArray[np.int16]
    venues: tuple[str, ...]
    venue_codes: npt.NDArray[np.int32]
    has_abstract: npt.NDArray[np.bool_]
    fields: tuple[str, ...]
    field_codes: tuple[tuple[int, ...], ...]
    described: tuple[Described, ...]

    @classmethod
    def of(cls, papers: "list[PaperRow]") -> "PaperTable":
        """The table of papers in the order given."""
        venues = sorted({paper.venue for paper in papers} - {""})
        code = {venue: place for place, venue in enumerate(venues)}
        fields = sorted({name for paper in papers for name in paper.fields})
        field_code = {name: place for place, name in enumerate(fields)}
        return cls(
            ids=tuple(paper.paper_id for paper in papers),
            aliases=tuple(paper.aliases for paper in papers),
            years=np.array([paper.year for paper in papers], dtype=np.int16),
            venues=tuple(venues),
            venue_codes=np.array([code.get(paper.venue, -1) for paper in papers], dtype=np.int32),
            has_abstract=np.array([paper.has_abstract for paper in papers], dtype=np.bool_),
            fields=tuple(fields),
            field_codes=tuple(tuple(field_code[name] for name in paper.fields) for paper in papers),
            described=tuple(paper.described for paper in papers),
        )


@dataclass(frozen=True, slots=True)
class PaperRow:
    """The little of a paper that stays in memory; its text does not."""

    paper_id: str
    aliases: tuple[str, ...]
    year: int
    venue: str
    has_abstract: bool
    fields: tuple[str, ...]
    described: Described

    @classmethod
    def of(cls, paper: Paper) -> "PaperRow":
        """What of the paper the table needs."""
        return cls(
            paper.paper_id,
            paper.aliases,
            paper.year or 0,
            paper.venue.strip().casefold(),
            bool(paper.abstract.strip()),
            tuple(sorted({name.strip().casefold() for name in paper.fields} - {""})),
            Described.of(paper),
        )


@dataclass(frozen=True, slots=True)
class Corpus:
    """Row i is the same paper everywhere.

    citations (n, n) has a 1 where the row's paper cites the column's; libraries (m, n) has a row for each reader
    and a 1 for each paper kept; words are those of titles, abstracts and keywords. texts gives row and text of every
    paper that has one, in any order, and can be called again; so can records, which gives whole papers, without counts
    of links, where they are to be shown. fingerprint names the state of the data, cursor is the
    last arrival in the catalogue that is sure to be in it. undirected links are in citations both ways.
    """

    papers: PaperTable
    citations: csr_array
    libraries: csr_array
    words: Words
    texts: Callable[[], Iterator[tuple[int, str]]]
    fingerprint: str
    cursor: int = 0
    undirected: bool = False
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
    if not papers:
        raise NotReady("the catalogue holds no paper to train on", hint="put some in with cocite ingest")
    order = np.array(sorted(range(len(papers)), key=lambda place: papers[place].paper_id), dtype=np.int64)
    rows = _Rows(np.array(keys, dtype=np.int64), np.argsort(order))

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
        papers=PaperTable.of([papers[place] for place in order]),
        citations=_read_citations(catalogue, rows, len(papers)),
        libraries=_read_libraries(catalogue, rows, len(papers)),
        words=counts.words(order),
        texts=texts,
        records=records,
        fingerprint=fingerprint,
        cursor=cursor,
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


def _read_papers(catalogue: Catalogue, progress: Progress) -> tuple[list[int], list[PaperRow], WordCounts]:
    total = catalogue.count_papers()
    keys: list[int] = []
    papers: list[PaperRow] = []
    counts = WordCounts()
    for key, paper in catalogue.iter_papers(counts=False):
        keys.append(key)
        papers.append(PaperRow.of(paper))
        counts.add(words_of(paper))
        if len(keys) % 1000 == 0:
            progress("Reading papers", len(keys), max(total, len(keys)))
    progress("Reading papers", len(keys), len(keys))
    return keys, papers, counts


def _read_citations(catalogue: Catalogue, rows: _Rows, papers: int) -> csr_array:
    chunks = [rows.of(chunk.reshape(-1)).reshape(-1, 2) for chunk in catalogue.iter_citations()]
    links = np.concatenate([np.empty((0, 2), dtype=np.int64), *chunks])
    return link_matrix(links[(links >= 0).all(axis=1)], papers)


def _read_libraries(catalogue: Catalogue, rows: _Rows, papers: int) -> csr_array:
    readers: dict[str, int] = {}
    entries = [(readers.setdefault(reader, len(readers)), key) for reader, key in catalogue.iter_library_entries()]
    pairs = np.array(entries, dtype=np.int64).reshape(-1, 2)
    rank = np.argsort(np.argsort(np.array(list(readers), dtype=np.str_))) if readers else np.empty(0, dtype=np.int64)
    pairs = np.column_stack((rank[pairs[:, 0]], rows.of(pairs[:, 1]))) if len(pairs) else pairs
    return library_matrix(pairs[(pairs >= 0).all(axis=1)], len(readers), papers)
