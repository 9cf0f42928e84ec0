"""Which records are one work, and the rows that titles mean.

The catalogue joins records that share an identifier. A preprint and what was published of it often share none.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from cocite.core.paper import Paper
from cocite.recommender.titles import LONG_TITLE, MOST_VERSIONS, may_be_versions, title_hash, word_count

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Described:
    """What of a paper tells whether another is the same work. title is its hash, 0 where it says too little."""

    title: int
    words: int
    year: int
    venue: str
    surnames: frozenset[str]

    @classmethod
    def of(cls, paper: Paper) -> "Described":
        """The description of a paper."""
        return cls(
            title_hash(paper.title),
            word_count(paper.title),
            paper.year or 0,
            paper.venue.strip().casefold(),
            frozenset(name for author in paper.authors if (name := _surname(author))),
        )


def works_of(papers: Sequence[Described]) -> npt.NDArray[np.int32]:
    """The smallest row of the work that each paper is a version of, int32 (n,); its own for most."""
    works = np.arange(len(papers), dtype=np.int32)
    for _, rows in _rows_by_title(papers):
        if 1 < rows.size <= MOST_VERSIONS:
            for first, second in combinations(rows.tolist(), 2):
                if same_work(papers[first], papers[second]):
                    joined = np.isin(works[rows], (works[first], works[second]))
                    works[rows[joined]] = min(works[first], works[second])
    return works


def same_work(one: Described, other: Described) -> bool:
    """Whether two papers of one title are versions of one work.

    Their years allow it. Where both tell their authors they share a surname; a title under LONG_TITLE words needs
    that.
    """
    if not may_be_versions(one.year, other.year, bool(one.venue) and one.venue == other.venue):
        return False
    if one.surnames and other.surnames:
        return not one.surnames.isdisjoint(other.surnames)
    return one.words >= LONG_TITLE


def title_rows(
    papers: Sequence[Described], works: npt.NDArray[np.int32], citations: Numbers
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
    """Hashes of titles (t,), ascending, and the row (t,) that each means: of a work's versions the most cited.

    citations (n,): how often each paper is cited. Titles that several works bear mean none of them.
    """
    hashes, found = array("Q"), array("i")
    for title, of_title in _rows_by_title(papers):
        if (works[of_title] == works[of_title[0]]).all():
            hashes.append(title)
            found.append(int(of_title[np.argmax(citations[of_title])]))
    return np.array(hashes, dtype=np.uint64), np.array(found, dtype=np.int32)


def _rows_by_title(papers: Sequence[Described]) -> Iterator[tuple[int, Numbers]]:
    """Hashes of titles, ascending, and the rows (k,) that bear each, ascending."""
    titles = np.fromiter((paper.title for paper in papers), dtype=np.uint64, count=len(papers))
    told = np.flatnonzero(titles)
    order = told[np.argsort(titles[told], kind="stable")]
    starts = np.flatnonzero(np.diff(titles[order], prepend=np.uint64(0)))
    for start, end in pairwise((*starts.tolist(), order.size)):
        yield int(titles[order[start]]), order[start:end]


def _surname(author: str) -> str:
    """The last name of "First Last" or "Last, First", case-folded."""
    family, comma, _ = author.partition(",")
    names = family.split() if comma else author.split()
    return names[-1].casefold() if names else ""
