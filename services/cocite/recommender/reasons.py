"""Why a paper is in an answer: evidence that can be checked in the citation graph and the texts.

Reasons are ordered by strength: n / (n + 3) for n shared references, n papers that cite both or n readers who keep
both, 0.6 for a direct citation, the square of the cosine for texts. So a direct citation stands between four and five
shared references, as does a cosine of 0.77. A cosine under 0.3 is that of any two papers of one field, and is left out.
For a seed that nobody can cite, being a list of references, n papers that cite the result with any of them stand in.
A result without any of these, found by ALS as a rule, gets one weaker reason: that papers cite it together with
references of a seed, else the likeness of the texts, small as it is, else words in common, of the first seed that has
any. Reasons are empty when even that is missing.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cocite.recommender import reason_code
from cocite.recommender.bundle import Bundle
from cocite.recommender.evidence import Reasons, SeedEvidence
from cocite.recommender.linked import Owned
from cocite.recommender.reason_loops import (
    LEAST_COSINE,
    LEAST_READERS,
    MAX_EXAMPLES,
    MAX_REASONS,
    Given,
    Papers,
    write_reasons,
    write_shared_terms,
)
from cocite.recommender.second_order import strongest_ties
from cocite.recommender.shared_term_loops import MAX_TERMS
from cocite.recommender.word_index import Terms

__all__ = ["LEAST_COSINE", "LEAST_READERS", "MAX_REASONS", "popularity_reasons", "reasons_for"]
LEAST_COSINE_ALONE = 0.001  # vectors kept as float16 do not tell less from 0

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
_NOTHING = np.empty(0, dtype=np.int32)
_NO_TERMS = Terms(_NOTHING, np.empty(0, dtype=np.float32))


def popularity_reasons(bundle: Bundle, rows: Rows) -> Reasons:
    """One reason for each row: how often it is cited."""
    reasons = Reasons(rows.size, 1, 0)
    for place, row in enumerate(rows.tolist()):
        reasons.add(place, reason_code.POPULARITY, -1, len(bundle.cited_by.of(row)))
    return reasons


def reasons_for(bundle: Bundle, seeds: Sequence[SeedEvidence], rows: Rows) -> Reasons:
    """At most MAX_REASONS reasons for each row, strongest first, ties by seed and kind."""
    reasons = Reasons(rows.size, MAX_REASONS, max(MAX_TERMS, MAX_EXAMPLES))
    if rows.size and seeds:
        told = _Told(bundle, seeds, rows)
        told.add_strong(reasons)
        bare = np.flatnonzero(reasons.counts == 0)
        if bare.size:
            told.add_weak(reasons, bare)
    return reasons


class _Told:
    """What is known of the results of a page, in rows, and of seeds, side by side."""

    def __init__(self, bundle: Bundle, seeds: Sequence[SeedEvidence], rows: Rows) -> None:
        self._bundle, self._seeds, self._rows = bundle, seeds, rows
        self._vocabulary = bundle.words.vocabulary.view(np.uint8)
        links = (bundle.references.arrays, bundle.cited_by.arrays, bundle.readers.arrays)
        self._papers: Papers = (*links, bundle.words.paper_terms.arrays)
        self._seed_rows = np.array([-1 if seed.row is None else seed.row for seed in seeds], dtype=np.int64)
        texts = [_NO_TERMS if seed.row is not None else bundle.words.of_text(seed.text) for seed in seeds]
        self._given: Given = (
            _joined([_NOTHING if seed.row is not None else _listed(seed) for seed in seeds]),
            _joined([terms.places for terms in texts]),
            np.concatenate([terms.weights for terms in texts]),
        )
        self._cosines = _cosines(bundle, seeds, rows)

    def add_strong(self, reasons: Reasons) -> None:
        """The strongest reasons of each result, none where nothing ties it closely to a seed."""
        write_reasons(
            self._papers,
            self._given,
            self._rows,
            self._seed_rows,
            self._ties(),
            self._cosines,
            self._bundle.item_idf,
            self._bundle.years,
            self._vocabulary,
            reasons.heads,
            reasons.values,
            reasons.arguments,
            reasons.counts,
        )

    def add_weak(self, reasons: Reasons, places: Rows) -> None:
        """One reason at most for each result at places (b,) of the page, which have no other."""
        lists = [_listed(seed) if seed.row is None else self._bundle.references.of(seed.row) for seed in self._seeds]
        ties = strongest_ties(self._bundle, _joined(lists), self._rows[places], MAX_EXAMPLES)
        for place, (tied, count, *examples) in zip(places.tolist(), ties.tolist(), strict=True):
            cosines = np.nan_to_num(self._cosines[:, place], nan=-1.0)
            seed = int(np.argmax(cosines))
            if tied >= 0:
                shown = tuple(row for row in examples if row >= 0)
                reasons.add(place, reason_code.CITED_WITH_REFERENCES, tied, count, shown)
            elif cosines[seed] >= LEAST_COSINE_ALONE:
                terms = self._shared_terms(seed, place)
                reasons.add(place, reason_code.TEXT_LIKENESS, seed, float(cosines[seed]), terms)
            else:
                shared = ((each, self._shared_terms(each, place)) for each in range(len(self._seeds)))
                for each, terms in [found for found in shared if found[1]][:1]:
                    reasons.add(place, reason_code.SHARED_TERMS, each, arguments=terms)

    def _ties(self) -> npt.NDArray[np.int32]:
        """How papers tie lists of references to results: nobody can cite a list, but results together with what is in
        it. int32 (s, k, 1 + MAX_EXAMPLES), see write_reasons.
        """  # fmt: skip
        ties = np.zeros((len(self._seeds), self._rows.size, 1 + MAX_EXAMPLES), dtype=np.int32)
        for place, seed in enumerate(self._seeds):
            if seed.references and seed.row is None:
                found = strongest_ties(self._bundle, _joined([_listed(seed)]), self._rows, MAX_EXAMPLES)
                ties[place] = found[:, 1:]
        return ties

    def _shared_terms(self, seed: int, place: int) -> tuple[int, ...]:
        out = np.empty(MAX_TERMS, dtype=np.int32)
        row, seed_row = self._rows[place], self._seed_rows[seed]
        count = write_shared_terms(self._papers, self._given, row, seed_row, seed, self._vocabulary, out)
        return tuple(out[:count].tolist())


def _listed(seed: SeedEvidence) -> npt.NDArray[np.int32]:
    """The references that a seed brings along, rows ascending."""
    return np.array(sorted(seed.references), dtype=np.int32)


def _joined(lists: Sequence[npt.NDArray[np.int32]]) -> Owned:
    return np.concatenate(lists), np.cumsum([0, *map(len, lists)])


def _cosines(bundle: Bundle, seeds: Sequence[SeedEvidence], rows: Rows) -> Floats:
    """Cosines (s, k) of the texts of rows (k,) to those of seeds, NaN where a seed has none to compare."""
    known = [place for place, seed in enumerate(seeds) if seed.row is not None]
    told = bundle.text_vectors[np.array([*(seeds[place].row for place in known), *rows.tolist()], dtype=np.int64)]
    vectors = np.full((len(seeds), told.shape[1]), np.nan, dtype=np.float32)
    vectors[known] = told[: len(known)]
    for place, seed in enumerate(seeds):
        if seed.row is None and seed.vector is not None:
            vectors[place] = seed.vector
    cosines: Floats = np.clip(vectors @ told[len(known) :].T, -1.0, 1.0)
    return cosines
