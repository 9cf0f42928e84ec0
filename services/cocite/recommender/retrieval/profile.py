"""What a query stands for in the citation graph: the papers it puts together, and whose lists do the like."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.csr import Csr
from cocite.recommender.query import Query
from cocite.recommender.retrieval.asked import Asked

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Profile:
    """The papers a query puts together, rows (k,) ascending, each once, and in how many of its lists each is, (k,)."""

    rows: Rows
    counts: Floats


def profile_of(query: Query, references: Csr) -> Profile:
    """The references of the positive seeds; one list of reference rows and library; less negative seeds and what they
    cite.
    """  # fmt: skip
    lists = [references.of(row) for row in query.positive_rows]
    lists.append(np.unique(np.array((*query.reference_rows, *query.library_rows), dtype=np.int32)))
    liked, counts = np.unique(np.concatenate(lists), return_counts=True)
    if query.negative_rows:
        disliked = np.concatenate([[row, *references.of(row)] for row in query.negative_rows])
        kept = ~np.isin(liked, disliked)
        liked, counts = liked[kept], counts[kept]
    return Profile(liked.astype(np.int64), counts.astype(np.float32))


def profile_of_asked(asked: Asked) -> Profile:
    """What the query that is asked puts together."""
    return profile_of(asked.query, asked.bundle.references)


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """Every list of papers that somebody put together: the references of each paper, then each reader's library.

    papers gives the papers of each list, holders the lists that each paper is in. List i below paper_count is that of
    paper i. idf (n,) is how telling a paper is for a list, lengths (m,) the norm of each list weighted by it.
    """

    paper_count: int
    papers: Csr
    holders: Csr
    idf: Floats
    lengths: Floats

    @classmethod
    def of(cls, bundle: Bundle) -> "Lists":
        """The lists of a bundle."""
        n = bundle.paper_count
        papers, holders = bundle.references, bundle.cited_by
        if bundle.readers.rows.size:
            # Readers' numbers may have gaps: of some, no paper is in the bundle.
            numbers = n + np.unique(bundle.readers.rows, return_inverse=True)[1]
            kept = np.repeat(np.arange(n), bundle.readers.counts())
            holders = holders.with_links(kept, numbers, n)
            by_reader = np.argsort(numbers, kind="stable")
            papers = papers.with_links(numbers[by_reader], kept[by_reader], int(numbers.max()) + 1)
        held = holders.counts()
        list_count = papers.offsets.size - 1
        idf = np.log((1.0 + list_count) / (1.0 + held)).astype(np.float32)
        squares = np.bincount(
            np.repeat(np.arange(list_count), papers.counts()), weights=idf[papers.rows] ** 2, minlength=list_count
        )
        return cls(n, papers, holders, idf, np.sqrt(squares).astype(np.float32))
