"""Why a paper is in an answer: evidence that can be checked in the citation graph and the texts.

Reasons are ordered by strength: n / (n + 3) for n shared references, n papers that cite both or n readers who keep
both, 0.6 for a direct citation, the square of the cosine for texts. So a direct citation stands between four and five
shared references, as does a cosine of 0.77. A cosine under 0.3 is that of any two papers of one field, and is left out.
For a seed that nobody can cite, being a list of references, n papers that cite the result with any of them stand in.
A result without any of these, found by ALS as a rule, gets one weaker reason: that papers cite it together with
references of a seed, else the likeness of the texts, small as it is, else words in common, of the first seed that has
any. Reasons are empty when even that is missing.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from cocite.recommender import reason_code
from cocite.recommender.bundle import Bundle
from cocite.recommender.csr import Csr
from cocite.recommender.evidence import (
    CitedWithReferences,
    CoCitation,
    DirectCitation,
    Evidence,
    Popularity,
    Reason,
    SeedEvidence,
    SharedReaders,
    SharedReferences,
    SharedTerms,
    TextLikeness,
)
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


def popularity_reasons(bundle: Bundle, rows: Rows) -> list[list[Reason]]:
    """One reason for each row: how often it is cited."""
    return [[Reason(-1, Popularity(len(bundle.cited_by.of(int(row)))))] for row in rows]


def reasons_for(bundle: Bundle, seeds: Sequence[SeedEvidence], rows: Rows) -> list[list[Reason]]:
    """At most MAX_REASONS reasons for each row, strongest first, ties by seed and kind."""
    if not rows.size or not seeds:
        return [[] for _ in rows]
    told = _Told(bundle, seeds, rows)
    reasons = told.strong()
    bare = np.array([place for place, found in enumerate(reasons) if not found], dtype=np.int64)
    if bare.size:
        for place, weak in zip(bare.tolist(), told.weak(bare), strict=True):
            reasons[place] += weak
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

    def strong(self) -> list[list[Reason]]:
        """The strongest reasons of each result, none where nothing ties it closely to a seed."""
        results = self._rows.size
        heads = np.empty((results, MAX_REASONS, 3), dtype=np.int32)
        values, counts = np.empty((results, MAX_REASONS)), np.empty(results, dtype=np.int64)
        arguments = np.empty((results, MAX_REASONS, max(MAX_TERMS, MAX_EXAMPLES)), dtype=np.int32)
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
            heads,
            values,
            arguments,
            counts,
        )
        every = zip(counts.tolist(), heads.tolist(), values.tolist(), arguments.tolist(), strict=True)
        return [
            [_reason(heads[at], values[at], arguments[at]) for at in range(count)]
            for count, heads, values, arguments in every
        ]

    def weak(self, places: Rows) -> Iterator[list[Reason]]:
        """One reason at most for each result at places (b,) of the page, which have no other."""
        links = SecondOrderLinks(self._bundle, self._lists)
        for place in places.tolist():
            tie = links.strongest(int(self._rows[place]))
            cosines = np.nan_to_num(self._cosines[:, place], nan=-1.0)
            seed = int(np.argmax(cosines))
            if tie is not None:
                yield [Reason(tie.seed, CitedWithReferences(tie.count, _examples(tie.rows)))]
            elif cosines[seed] >= LEAST_COSINE_ALONE:
                yield [Reason(seed, TextLikeness(float(cosines[seed]), self._shared_terms(seed, place)))]
            else:
                shared = ((each, self._shared_terms(each, place)) for each in range(len(self._lists)))
                yield [Reason(each, SharedTerms(found)) for each, found in shared if found][:1]

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


def _reason(head: list[int], value: float, arguments: list[int]) -> Reason:
    found: Evidence
    kind, seed, shown = head
    told = tuple(arguments[:shown])
    match kind:
        case reason_code.SHARED_REFERENCES:
            found = SharedReferences(int(value), told)
        case reason_code.CO_CITATION:
            found = CoCitation(int(value), told)
        case reason_code.DIRECT_CITATION:
            found = DirectCitation(seed_cites_result=bool(value))
        case reason_code.SHARED_READERS:
            found = SharedReaders(int(value))
        case reason_code.CITED_WITH_REFERENCES:
            found = CitedWithReferences(int(value), told)
        case _:
            found = TextLikeness(value, told)
    return Reason(seed, found)


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
