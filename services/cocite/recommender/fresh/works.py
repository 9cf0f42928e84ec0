"""Which fresh papers are versions of one work. Their titles are not sought in pasted lists: a title that several works
of the training bear, and that means none of them, cannot be told from one that is new.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cocite.core.paper import Paper
from cocite.recommender.bundle import Bundle
from cocite.recommender.titles import LONG_TITLE, MOST_VERSIONS, may_be_versions, places_of, title_hash, word_count


def works_of(
    bundle: Bundle, papers: Sequence[Paper], years: npt.NDArray[np.int16], venue_codes: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    """The work of each row, int32 (n + k,), with papers (k,) as further rows; years and venue_codes (n + k,).

    A paper is a version of the one of the training that bears its title, else of the first of papers that does, where
    their years allow it.
    """
    first = bundle.works.size
    works = np.concatenate((bundle.works, np.arange(first, first + len(papers), dtype=np.int32)))
    bearers: dict[int, int] = {}
    numbers = [title_hash(paper.title) for paper in papers]
    borne = Counter(numbers)
    trained = places_of(bundle.title_hashes, numbers)
    for row, (paper, number, place) in enumerate(zip(papers, numbers, trained, strict=True), first):
        if word_count(paper.title) < LONG_TITLE or borne[number] > MOST_VERSIONS:
            continue
        other = int(bundle.title_rows[place]) if place >= 0 else bearers.setdefault(number, row)
        same_venue = bool(venue_codes[row] == venue_codes[other] >= 0)
        if may_be_versions(int(years[row]), int(years[other]), same_venue):
            works[row] = works[other]
    return works
