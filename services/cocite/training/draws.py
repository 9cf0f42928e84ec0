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
LEAST_REFERENCES_UNSEEN = 3
HIDDEN_LIBRARY_SHARE = 0.3
LEAST_ENTRIES = 3  # of a library that loses any

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A query, and the rows (at least one, ascending) that its answer should hold. The query bars none of them."""

    query: Query
    relevant: Rows


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
    papers = _known(visible, _sample(hidden, most_queries, generator), _turned(hidden), barred)
    told = _told_halves(corpus, unseen, generator)
    for place in _places(len(told), most_queries // 2, generator):
        papers.extend(_unseen(visible, *told[place], barred))
    readers = [_reader(visible, reader, rows, barred) for reader, rows in _sample(kept_back, most_queries, generator)]
    return Draw(visible, _answerable(corpus, papers), _answerable(corpus, readers))


def _unseen_papers(corpus: Corpus, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    able = np.flatnonzero(np.diff(corpus.citations.indptr) >= LEAST_REFERENCES_UNSEEN)
    unseen = np.zeros(corpus.paper_count, dtype=np.bool_)
    unseen[generator.choice(able, int(UNSEEN_SHARE * able.size), replace=False)] = True
    return unseen


Hidden = list[tuple[int, Rows]]


def _without(citations: csr_array, unseen: npt.NDArray[np.bool_]) -> csr_array:
    """The citations without those of and to unseen papers."""
    rows = np.repeat(np.arange(citations.shape[0]), np.diff(citations.indptr))
    return _kept(citations, ~(unseen[rows] | unseen[citations.indices]))


def _hide(
    matrix: csr_array, share: float, least: int, generator: np.random.Generator, *, both_ways: bool = False
) -> tuple[csr_array, Hidden]:
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
    spans = ((int(row), slice(int(matrix.indptr[row]), int(matrix.indptr[row + 1]))) for row in asked)
    taken = [(row, matrix.indices[span][hidden[span]].astype(np.int64)) for row, span in spans]
    return _kept(matrix, ~hidden), taken


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


def _sample(hidden: Hidden, most: int, generator: np.random.Generator) -> Hidden:
    return [hidden[place] for place in _places(len(hidden), most, generator)]


def _places(count: int, most: int, generator: np.random.Generator) -> list[int]:
    chosen = np.sort(generator.choice(count, min(count, most), replace=False))
    return [int(place) for place in chosen]


def _not_newer(corpus: Corpus, row: int) -> RowFilter:
    return RowFilter(not_after=None if corpus.undirected else int(corpus.papers.years[row]) or None)


def _known(corpus: Corpus, hidden: Hidden, hidden_from: dict[int, Rows], barred: tuple[int, ...]) -> list[HeldOut]:
    """Papers that lost references, by turns asked what they cite and what they are linked to."""
    cited_by = csr_array(corpus.citations.T)
    queries = []
    for place, (row, rows) in enumerate(hidden):
        if place % 2 == 0:
            queries.append(_citing(corpus, row, rows, barred))
            continue
        # Known links, in either direction, are no examples of what is not relevant.
        excluded = (*_listed(corpus.citations, row), *_listed(cited_by, row), *barred)
        relevant = np.union1d(rows, hidden_from.get(row, rows))
        queries.append(HeldOut(Query(positive_rows=(row,), exclude_rows=excluded), relevant))
    return queries


def _turned(hidden: Hidden) -> dict[int, Rows]:
    """For each row that is hidden somewhere, the rows it is hidden from."""
    found: dict[int, list[int]] = {}
    for row, rows in hidden:
        for other in rows.tolist():
            found.setdefault(other, []).append(row)
    return {row: np.array(rows, dtype=np.int64) for row, rows in found.items()}


def _listed(matrix: csr_array, row: int) -> list[int]:
    return [int(column) for column in matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]]


def _citing(corpus: Corpus, row: int, relevant: Rows, barred: tuple[int, ...]) -> HeldOut:
    query = Query(
        positive_rows=(row,),
        exclude_rows=(*_listed(corpus.citations, row), *barred),
        row_filter=_not_newer(corpus, row),
    )
    return HeldOut(query, relevant)


def _unseen(corpus: Corpus, row: int, told: Rows, relevant: Rows, barred: tuple[int, ...]) -> tuple[HeldOut, HeldOut]:
    """By text alone, and with half of the references told. The corpus knows no link of the paper, so that its row
    stands for its text and year alone.
    """  # fmt: skip
    seed = Query(positive_rows=(row,), exclude_rows=barred, row_filter=_not_newer(corpus, row))
    half = tuple(told.tolist())
    return (
        HeldOut(seed, np.union1d(told, relevant)),
        HeldOut(replace(seed, reference_rows=half, exclude_rows=(*barred, *half)), relevant),
    )


def _reader(corpus: Corpus, reader: int, relevant: Rows, barred: tuple[int, ...]) -> HeldOut:
    return HeldOut(Query(library_rows=tuple(_listed(corpus.libraries, reader)), exclude_rows=barred), relevant)


def _answerable(corpus: Corpus, asked: list[HeldOut]) -> tuple[HeldOut, ...]:
    """The queries without the relevant rows that they bar: what a paper cites though it is newer, or is linked to in
    both directions of which one is still to be seen. Queries that nothing is left of are left out.
    """  # fmt: skip
    kept = []
    for query, relevant in ((each.query, each.relevant) for each in asked):
        passes = ~np.isin(relevant, query.exclude_rows)
        if query.row_filter.not_after is not None:
            passes &= corpus.papers.years[relevant] <= query.row_filter.not_after
        if passes.any():
            kept.append(HeldOut(query, relevant[passes]))
    return tuple(kept)
