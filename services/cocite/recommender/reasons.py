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
from cocite.recommender.csr import Csr
from cocite.recommender.evidence import Reasons, SeedEvidence
from cocite.recommender.reason_loops import (
    LEAST_COSINE,
    LEAST_READERS,
    MAX_EXAMPLES,
    MAX_REASONS,
    Papers,
    write_reasons,
)
from cocite.recommender.second_order import SecondOrderLinks
from cocite.recommender.shared_term_loops import MAX_TERMS, Owned, shared_terms
from cocite.recommender.word_index import Terms

__all__ = ["LEAST_COSINE", "LEAST_READERS", "MAX_REASONS", "popularity_reasons", "reasons_for"]
LEAST_COSINE_ALONE = 0.001  # vectors kept as float16 do not tell less from 0

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


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
        self._bundle = bundle
        self._vocabulary = bundle.words.vocabulary.view(np.uint8)
        self._rows = rows
        self._page: Papers = (
            _owned(bundle.references, rows),
            _owned(bundle.cited_by, rows),
            _owned(bundle.readers, rows),
            _terms([bundle.words.of_row(row) for row in rows.tolist()]),
        )
        self._lists = [_references_of(bundle, seed) for seed in seeds]
        self._listed = [bool(seed.references) and seed.row is None for seed in seeds]
        self._seed_rows = np.array([-1 if seed.row is None else seed.row for seed in seeds], dtype=np.int64)
        nothing = np.empty(0, dtype=np.int32)
        words = bundle.words
        self._seeds: Papers = (
            _joined(self._lists),
            _joined([nothing if seed.row is None else bundle.cited_by.of(seed.row) for seed in seeds]),
            _joined([nothing if seed.row is None else bundle.readers.of(seed.row) for seed in seeds]),
            _terms([words.of_text(seed.text) if seed.row is None else words.of_row(seed.row) for seed in seeds]),
        )
        self._cosines = _cosines(bundle, seeds, rows)

    def add_strong(self, reasons: Reasons) -> None:
        """The strongest reasons of each result, none where nothing ties it closely to a seed."""
        write_reasons(
            self._rows,
            self._page,
            self._seed_rows,
            self._seeds,
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
        links = SecondOrderLinks(self._bundle, self._lists)
        for place in places.tolist():
            tie = links.strongest(int(self._rows[place]))
            cosines = np.nan_to_num(self._cosines[:, place], nan=-1.0)
            seed = int(np.argmax(cosines))
            if tie is not None:
                reasons.add(place, reason_code.CITED_WITH_REFERENCES, tie.seed, tie.count, _examples(tie.rows))
            elif cosines[seed] >= LEAST_COSINE_ALONE:
                terms = self._shared_terms(seed, place)
                reasons.add(place, reason_code.TEXT_LIKENESS, seed, float(cosines[seed]), terms)
            else:
                shared = ((each, self._shared_terms(each, place)) for each in range(len(self._lists)))
                for each, terms in [found for found in shared if found[1]][:1]:
                    reasons.add(place, reason_code.SHARED_TERMS, each, arguments=terms)

    def _ties(self) -> npt.NDArray[np.int32]:
        """How papers tie lists of references to results: nobody can cite a list, but results together with what is in
        it. int32 (s, k, 1 + MAX_EXAMPLES), see write_reasons.
        """  # fmt: skip
        ties = np.zeros((len(self._lists), self._rows.size, 1 + MAX_EXAMPLES), dtype=np.int32)
        for seed in np.flatnonzero(self._listed):
            second = SecondOrderLinks(self._bundle, [self._lists[seed]])
            for place, row in enumerate(self._rows.tolist()):
                if tie := second.strongest(row):
                    shown = _examples(tie.rows)
                    ties[seed, place] = (tie.count, *shown, *[-1] * (MAX_EXAMPLES - len(shown)))
        return ties

    def _shared_terms(self, seed: int, place: int) -> tuple[int, ...]:
        out = np.empty(MAX_TERMS, dtype=np.int32)
        count = shared_terms(self._page[3], place, self._seeds[3], seed, self._vocabulary, out)
        return tuple(out[:count].tolist())


def _references_of(bundle: Bundle, seed: SeedEvidence) -> npt.NDArray[np.int32]:
    """What a seed cites, rows ascending."""
    return np.array(sorted(seed.references), dtype=np.int32) if seed.row is None else bundle.references.of(seed.row)


def _owned(links: Csr, rows: Rows) -> Owned:
    values, owners = links.gather(rows)
    return values, np.searchsorted(owners, np.arange(rows.size + 1))


def _joined(lists: Sequence[npt.NDArray[np.int32]]) -> Owned:
    return np.concatenate(lists), np.cumsum([0, *map(len, lists)])


def _terms(told: Sequence[Terms]) -> tuple[Owned, Floats]:
    return _joined([terms.places for terms in told]), np.concatenate([terms.weights for terms in told])


def _cosines(bundle: Bundle, seeds: Sequence[SeedEvidence], rows: Rows) -> Floats:
    """Cosines (s, k) of the texts of rows (k,) to those of seeds, NaN where a seed has none to compare."""
    unknown = np.full(bundle.text_vectors.shape[1], np.nan, dtype=np.float32)
    known = bundle.text_vectors[[seed.row for seed in seeds if seed.row is not None]]
    of_rows = iter(known)
    vectors = np.stack(
        [next(of_rows) if seed.row is not None else unknown if seed.vector is None else seed.vector for seed in seeds]
    )
    return np.ascontiguousarray(np.clip(vectors @ bundle.text_vectors[rows].T, -1.0, 1.0), dtype=np.float32)


def _examples(rows: npt.NDArray[np.int32]) -> tuple[int, ...]:
    return tuple(int(row) for row in rows[:MAX_EXAMPLES])
