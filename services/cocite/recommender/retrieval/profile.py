"""What a query stands for in the citation graph: the papers it puts together, and whose lists do the like."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.csr import Csr
from cocite.recommender.list_numbers import ListNumbers
from cocite.recommender.query import Query
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.coupled import Coupled, coupled
from cocite.recommender.retrieval.gathering import Graph

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
_HOLDERS = 8192  # lists that hold papers of a profile, looked at for one query


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
    """Every list of papers that somebody put together, as compiled functions take them: list i is the references of
    paper i, list ~i the library of reader i.
    """  # fmt: skip

    graph: Graph
    numbers: ListNumbers

    @classmethod
    def of(cls, bundle: Bundle) -> "Lists":
        """The lists of a bundle."""
        references, cited_by = bundle.references.arrays, bundle.cited_by.arrays
        return cls((references, cited_by, bundle.libraries.arrays, bundle.readers.arrays), bundle.list_numbers)

    def coupled(self, asked: Asked) -> Coupled:
        """The lists that share papers with the query's profile, after those of its positive seeds: see coupled."""
        profile, numbers = asked.shared(profile_of_asked), self.numbers
        barred = np.array(sorted(set(asked.query.positive_rows)), dtype=np.int32)
        norms = (numbers.list_norms, numbers.library_norms)
        return coupled(self.graph, numbers.idf, norms, (profile.rows, profile.counts), barred, _HOLDERS)
