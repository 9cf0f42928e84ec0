"""Which records are one work, and the rows that titles mean.

The catalogue joins records that share an identifier. A preprint and what was published of it often share none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

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
    for rows in _rows_by_title(papers).values():
        if len(rows) <= MOST_VERSIONS:
            for first, second in combinations(rows, 2):
                if same_work(papers[first], papers[second]):
                    joined = np.isin(works[rows], (works[first], works[second]))
                    works[np.array(rows)[joined]] = min(works[first], works[second])
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
    found = {}
    for title, rows in _rows_by_title(papers).items():
        if len({int(works[row]) for row in rows}) == 1:
            found[title] = max(rows, key=lambda row: (citations[row], -row))
    hashes = np.array(sorted(found), dtype=np.uint64)
    return hashes, np.array([found[title] for title in hashes.tolist()], dtype=np.int32)


def _rows_by_title(papers: Iterable[Described]) -> dict[int, list[int]]:
    rows: dict[int, list[int]] = {}
    for row, paper in enumerate(papers):
        if paper.title:
            rows.setdefault(paper.title, []).append(row)
    return rows


def _surname(author: str) -> str:
    """The last name of "First Last" or "Last, First", case-folded."""
    family, comma, _ = author.partition(",")
    names = family.split() if comma else author.split()
    return names[-1].casefold() if names else ""
