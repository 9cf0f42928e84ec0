"""What a query stands for in the citation graph: the papers it puts together, and whose lists do the like."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.bundle import Bundle
from cocite.recommender.compiled import INT32S, compiled, tuple_of
from cocite.recommender.csr import Csr, Links, Rows32
from cocite.recommender.list_numbers import ListNumbers
from cocite.recommender.query import Query
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.coupled import Coupled, coupled
from cocite.recommender.retrieval.gathering import LINKS, Graph, gathered

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
_HOLDERS = 8192  # lists that hold papers of a profile, looked at for one query


@dataclass(frozen=True, slots=True)
class Profile:
    """The papers a query puts together, rows (k,) ascending, each once, and in how many of its lists each is, (k,)."""

    rows: Rows
    counts: Floats


_Profile = tuple[Rows, Floats]
_EVERY = 1 << 40  # a budget that is never spent


@compiled(tuple_of(types.int64[::1], types.float32[::1])(LINKS, INT32S, INT32S, INT32S))
def _put_together(references: Links, liked: Rows32, listed: Rows32, disliked: Rows32) -> _Profile:
    """Rows, ascending, and counts of what the papers in liked cite and of those that are listed, which are distinct;
    less the disliked papers and what they cite.
    """  # fmt: skip
    every = np.sort(np.concatenate((gathered(references, liked, _EVERY)[0], listed)))
    against = np.sort(np.concatenate((gathered(references, disliked, _EVERY)[0], disliked)))
    rows, counts = np.empty(every.size, np.int64), np.empty(every.size, np.float32)
    to, barred = 0, 0
    for at in range(every.size):
        while barred < against.size and against[barred] < every[at]:
            barred += 1
        if barred < against.size and against[barred] == every[at]:
            continue
        if to == 0 or rows[to - 1] != every[at]:
            rows[to], counts[to] = every[at], 0.0
            to += 1
        counts[to - 1] += 1.0
    return rows[:to].copy(), counts[:to].copy()


def profile_of(query: Query, references: Csr) -> Profile:
    """The references of the positive seeds; one list of reference rows and library; less negative seeds and what they
    cite.
    """  # fmt: skip
    listed = sorted({*query.reference_rows, *query.library_rows})
    seeds = (np.array(rows, dtype=np.int32) for rows in (query.positive_rows, listed, query.negative_rows))
    return Profile(*_put_together(references.arrays, *seeds))


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
