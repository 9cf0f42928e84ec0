"""Hiding part of what a corpus knows, so that a ranker can be taught, and measured, on what it has not seen.

One draw hides references of papers and entries of libraries at once, so that one model of the rest answers for all.
Papers are asked in four ways: what else does it cite, of what is not newer than it; what else is it linked to, by its
references or by those who cite it, newer papers as well as older ones; and, taken out of the graph altogether as if it
had come today, what does it cite, by its text alone or with half of its references told. Readers are asked what else
they keep.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.recommender.query import Query, RowFilter
from cocite.training.corpus import Corpus

HIDDEN_SHARE = 0.2  # of a known paper's references
LEAST_REFERENCES = 5  # a paper with fewer loses too much of what it is asked by
UNSEEN_SHARE = 0.08  # of the papers that cite at least LEAST_REFERENCES_UNSEEN
MOST_UNSEEN = 4000  # more are never asked, and each is barred from every answer
LEAST_REFERENCES_UNSEEN = 3
HIDDEN_LIBRARY_SHARE = 0.3
LEAST_ENTRIES = 3  # of a library that loses any

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A query, and the rows (at least one, ascending) that its answer should hold. The query bars none of them.

    own is the query but for the rows that all queries of a draw bar alike.
    """

    own: Query
    relevant: Rows
    barred: tuple[int, ...] = ()

    @property
    def query(self) -> Query:
        """What is asked."""
        return replace(self.own, exclude_rows=(*self.own.exclude_rows, *self.barred)) if self.barred else self.own


@dataclass(frozen=True, slots=True)
class Draw:
    """corpus is what a model may be trained on; papers and libraries are what it is then asked."""

    corpus: Corpus
    papers: tuple[HeldOut, ...]
    libraries: tuple[HeldOut, ...]


def draw(corpus: Corpus, seed: int, most_queries: int) -> Draw:
    """Hide by seed, and ask about at most most_queries papers and libraries, and half as many unseen papers, in two
    ways each.

    Nothing newer than a citing paper may be in the answer to what it cites, where the years are known and links have
    a direction. No query where there is too little to hide, or nothing that may be in the answer.
    """  # fmt: skip
    generator = np.random.default_rng(seed)
    unseen = _unseen_papers(corpus, generator)
    seen = _without(corpus.citations, unseen)
    citations, hidden = _hide(seen, HIDDEN_SHARE, LEAST_REFERENCES, generator, both_ways=corpus.undirected)
    owned = _kept(corpus.libraries, ~unseen[corpus.libraries.indices])
    libraries, kept_back = _hide(owned, HIDDEN_LIBRARY_SHARE, LEAST_ENTRIES, generator)
    visible = replace(corpus, citations=citations, libraries=libraries)
    barred = tuple(np.flatnonzero(unseen).tolist())
    papers = _known(visible, hidden, _places(hidden.rows.size, most_queries, generator))
    told = _told_halves(corpus, unseen, generator)
    for place in _places(len(told), most_queries // 2, generator):
        papers.extend(_unseen(visible, *told[place]))
    places = _places(kept_back.rows.size, most_queries, generator)
    readers = [_reader(visible, int(reader), kept_back.of(reader)) for reader in kept_back.rows[places]]
    return Draw(visible, _answerable(corpus, papers, unseen, barred), _answerable(corpus, readers, unseen, barred))


def _unseen_papers(corpus: Corpus, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    able = np.flatnonzero(np.diff(corpus.citations.indptr) >= LEAST_REFERENCES_UNSEEN)
    unseen = np.zeros(corpus.paper_count, dtype=np.bool_)
    unseen[generator.choice(able, min(int(UNSEEN_SHARE * able.size), MOST_UNSEEN), replace=False)] = True
    return unseen


@dataclass(frozen=True, slots=True)
class _Hidden:
    """What is hidden of a matrix: mask bool (entries,), of which rows (k,) are asked about."""

    matrix: csr_array
    mask: npt.NDArray[np.bool_]
    rows: Rows

    def of(self, row: int) -> Rows:
        """Columns hidden from a row that is asked about, ascending."""
        span = slice(int(self.matrix.indptr[row]), int(self.matrix.indptr[row + 1]))
        found: Rows = self.matrix.indices[span][self.mask[span]].astype(np.int64)
        return found

    def turned(self) -> csr_array:
        """The rows that each column is hidden from, as a matrix."""
        asked = np.zeros(self.matrix.shape[0], dtype=np.bool_)
        asked[self.rows] = True
        of_asked = np.repeat(asked, np.diff(self.matrix.indptr))
        return csr_array(_kept(self.matrix, self.mask & of_asked).T)


def _without(citations: csr_array, unseen: npt.NDArray[np.bool_]) -> csr_array:
    """The citations without those of and to unseen papers."""
    rows = np.repeat(np.arange(citations.shape[0]), np.diff(citations.indptr))
    return _kept(citations, ~(unseen[rows] | unseen[citations.indices]))


def _hide(
    matrix: csr_array, share: float, least: int, generator: np.random.Generator, *, both_ways: bool = False
) -> tuple[csr_array, _Hidden]:
    """The matrix without what is hidden, and what is: for each row with at least least entries, a share of them.

    With both_ways, a link that is hidden in one row is hidden in the other's too.
    """
    asked = np.flatnonzero(np.diff(matrix.indptr) >= least)
    hidden = np.zeros(matrix.nnz, dtype=np.bool_)
    for row in asked:
        start, end = int(matrix.indptr[row]), int(matrix.indptr[row + 1])
        count = max(1, round((end - start) * share * (0.5 if both_ways else 1.0)))
        hidden[start + generator.choice(end - start, size=count, replace=False)] = True
    if both_ways:
        rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
        there, back = rows * matrix.shape[0] + matrix.indices, matrix.indices * matrix.shape[0] + rows
        hidden |= np.isin(there, back[hidden])
    return _kept(matrix, ~hidden), _Hidden(matrix, hidden, asked)


def _kept(matrix: csr_array, kept: npt.NDArray[np.bool_]) -> csr_array:
    offsets = np.concatenate(([0], np.cumsum(kept)))[matrix.indptr]
    return csr_array((matrix.data[kept], matrix.indices[kept], offsets), shape=matrix.shape)


def _told_halves(
    corpus: Corpus, unseen: npt.NDArray[np.bool_], generator: np.random.Generator
) -> list[tuple[int, Rows, Rows]]:
    """Each unseen paper with two halves of its references to seen papers."""
    halves = []
    for row in np.flatnonzero(unseen):
        references = corpus.citations.indices[corpus.citations.indptr[row] : corpus.citations.indptr[row + 1]]
        references = generator.permutation(references[~unseen[references]])
        if references.size >= 2:
            middle = (references.size + 1) // 2
            halves.append((int(row), _ascending(references[:middle]), _ascending(references[middle:])))
    return halves


def _ascending(rows: npt.NDArray[np.integer]) -> Rows:
    return np.sort(rows).astype(np.int64)


def _places(count: int, most: int, generator: np.random.Generator) -> Rows:
    return np.sort(generator.choice(count, min(count, most), replace=False))


def _not_newer(corpus: Corpus, row: int) -> RowFilter:
    return RowFilter(not_after=None if corpus.undirected else int(corpus.papers.years[row]) or None)


def _known(corpus: Corpus, hidden: _Hidden, places: Rows) -> list[HeldOut]:
    """Papers that lost references, by turns asked what they cite and what they are linked to."""
    cited_by, hidden_from = csr_array(corpus.citations.T), hidden.turned()
    queries = []
    for turn, row in enumerate(hidden.rows[places].tolist()):
        if turn % 2 == 0:
            queries.append(_citing(corpus, row, hidden.of(row)))
            continue
        # Known links, in either direction, are no examples of what is not relevant.
        excluded = (*_listed(corpus.citations, row), *_listed(cited_by, row))
        relevant = np.union1d(hidden.of(row), _listed(hidden_from, row)).astype(np.int64)
        queries.append(HeldOut(Query(positive_rows=(row,), exclude_rows=excluded), relevant))
    return queries


def _listed(matrix: csr_array, row: int) -> list[int]:
    return [int(column) for column in matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]]


def _citing(corpus: Corpus, row: int, relevant: Rows) -> HeldOut:
    query = Query(
        positive_rows=(row,),
        exclude_rows=tuple(_listed(corpus.citations, row)),
        row_filter=_not_newer(corpus, row),
    )
    return HeldOut(query, relevant)


def _unseen(corpus: Corpus, row: int, told: Rows, relevant: Rows) -> tuple[HeldOut, HeldOut]:
    """By text alone, and with half of the references told. The corpus knows no link of the paper, so that its row
    stands for its text and year alone.
    """  # fmt: skip
    seed = Query(positive_rows=(row,), row_filter=_not_newer(corpus, row))
    half = tuple(told.tolist())
    return (
        HeldOut(seed, np.union1d(told, relevant)),
        HeldOut(replace(seed, reference_rows=half, exclude_rows=half), relevant),
    )


def _reader(corpus: Corpus, reader: int, relevant: Rows) -> HeldOut:
    return HeldOut(Query(library_rows=tuple(_listed(corpus.libraries, reader))), relevant)


def _answerable(
    corpus: Corpus, asked: list[HeldOut], unseen: npt.NDArray[np.bool_], barred: tuple[int, ...]
) -> tuple[HeldOut, ...]:
    """The queries, which bar unseen papers too, without the relevant rows that they bar: what a paper cites though it
    is newer, or is linked to in both directions of which one is still to be seen. Queries that nothing is left of are
    left out.
    """  # fmt: skip
    kept = []
    for query, relevant in ((each.own, each.relevant) for each in asked):
        passes = ~(np.isin(relevant, query.exclude_rows) | unseen[relevant])
        if query.row_filter.not_after is not None:
            passes &= corpus.papers.years[relevant] <= query.row_filter.not_after
        if passes.any():
            kept.append(HeldOut(query, relevant[passes], barred))
    return tuple(kept)
