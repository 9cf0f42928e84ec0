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
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

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
from cocite.recommender.second_order import SecondOrder, SecondOrderLinks
from cocite.recommender.shared_terms import PageTerms

MAX_REASONS = 5
MAX_EXAMPLES = 3
LEAST_READERS = 3  # what fewer keep is not told: of two, one who reads the reason could be one and know the other
LEAST_COSINE = 0.3
LEAST_COSINE_ALONE = 0.001  # vectors kept as float16 do not tell less from 0
_HALF_STRENGTH = 3
_DIRECT_STRENGTH = 0.6
_SHARED, _CO_CITED, _SEED_CITES, _CITES_SEED, _READERS, _CITED_WITH, _TEXT = range(7)

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Link:
    strength: float
    seed: int
    kind: int
    value: float
    tie: SecondOrder | None = None


def popularity_reasons(bundle: Bundle, rows: Rows) -> list[list[Reason]]:
    """One reason for each row: how often it is cited."""
    return [[Reason(-1, Popularity(len(bundle.cited_by.of(int(row)))))] for row in rows]


def reasons_for(bundle: Bundle, seeds: Sequence[SeedEvidence], rows: Rows) -> list[list[Reason]]:
    """At most MAX_REASONS reasons for each row, strongest first, ties by seed and kind."""
    links: list[list[_Link]] = [[] for _ in rows]
    _add_citation_links(bundle, links, seeds, rows)
    _add_list_links(bundle, links, seeds, rows)
    _add_reader_links(bundle, links, seeds, rows)
    _add_text_links(bundle, links, seeds, rows)
    terms = _SeedTerms(bundle, seeds, rows)
    reasons = [
        [
            Reason(link.seed, _evidence(bundle, link, seeds[link.seed], int(row), place, terms))
            for link in sorted(found, key=lambda link: (-link.strength, link.seed, link.kind))[:MAX_REASONS]
        ]
        for place, (row, found) in enumerate(zip(rows, links, strict=True))
    ]
    _add_weak_reasons(bundle, reasons, seeds, rows, terms)
    return reasons


@dataclass(frozen=True, slots=True)
class _Gathered:
    """The linked rows of all results in one array, and the place of the result that owns each."""

    values: npt.NDArray[np.int32]
    owners: Rows

    @classmethod
    def of(cls, links: Csr, rows: Rows) -> "_Gathered":
        return cls(*links.gather(rows))

    def counts_of_marked(self, mark: npt.NDArray[np.bool_], results: int) -> Rows:
        return np.bincount(self.owners[mark[self.values]], minlength=results)


def _add_citation_links(bundle: Bundle, links: list[list[_Link]], seeds: Sequence[SeedEvidence], rows: Rows) -> None:
    """One pass over the page's links for each seed, whatever the number of pairs."""
    references, cited_by = _Gathered.of(bundle.references, rows), _Gathered.of(bundle.cited_by, rows)
    mark = np.zeros(bundle.paper_count, dtype=np.bool_)
    for index, seed in enumerate(seeds):
        found = []
        for own, page, count_kind, direct_kind in (
            (_references_of(bundle, seed), references, _SHARED, _SEED_CITES),
            (_citing(bundle, seed), cited_by, _CO_CITED, _CITES_SEED),
        ):
            if not own.size:
                continue
            mark[own] = True
            counts = page.counts_of_marked(mark, len(rows))
            found += [(place, count_kind, int(counts[place])) for place in np.flatnonzero(counts)]
            found += [(place, direct_kind, 1) for place in np.flatnonzero(mark[rows])]
            mark[own] = False
        for place, kind, count in found:
            links[place].append(_Link(_strength(kind, count), index, kind, count))


def _references_of(bundle: Bundle, seed: SeedEvidence) -> npt.NDArray[np.int32]:
    """What a seed cites, rows ascending."""
    return np.array(sorted(seed.references), dtype=np.int32) if seed.row is None else bundle.references.of(seed.row)


def _citing(bundle: Bundle, seed: SeedEvidence) -> npt.NDArray[np.int32]:
    return np.empty(0, dtype=np.int32) if seed.row is None else bundle.cited_by.of(seed.row)


def _add_list_links(bundle: Bundle, links: list[list[_Link]], seeds: Sequence[SeedEvidence], rows: Rows) -> None:
    """Of seeds known by their references: nobody can cite them, but papers cite results together with those."""
    lists = [seed.references if seed.row is None else () for seed in seeds]
    for index, references in enumerate(lists):
        if references:
            second = SecondOrderLinks(bundle, [_references_of(bundle, seeds[index])])
            for place, row in enumerate(rows):
                if tie := second.strongest(int(row)):
                    strength = _strength(_CITED_WITH, tie.count)
                    links[place].append(_Link(strength, index, _CITED_WITH, tie.count, tie))


def _add_reader_links(bundle: Bundle, links: list[list[_Link]], seeds: Sequence[SeedEvidence], rows: Rows) -> None:
    page = _Gathered.of(bundle.readers, rows)
    for index, seed in enumerate(seeds if page.values.size else ()):
        if seed.row is not None:
            shared = np.isin(page.values, bundle.readers.of(seed.row))
            counts = np.bincount(page.owners[shared], minlength=len(rows))
            for place in np.flatnonzero(counts >= LEAST_READERS):
                links[place].append(_Link(_strength(_READERS, counts[place]), index, _READERS, int(counts[place])))


class _SeedTerms:
    """The terms that seeds share with results, looked up when they are first asked for."""

    def __init__(self, bundle: Bundle, seeds: Sequence[SeedEvidence], rows: Rows) -> None:
        self._words = bundle.words
        self._seeds = seeds
        self._rows = rows
        self._products: dict[int, npt.NDArray[np.float32]] = {}

    def shared(self, seed: int, place: int) -> tuple[int, ...]:
        """Places of terms that the seed at a place in the list shares with the result at a place of the page."""
        if seed not in self._products:
            found = self._seeds[seed]
            terms = self._words.of_text(found.text) if found.row is None else self._words.of_row(found.row)
            self._products[seed] = self._page.products([terms])
        return self._page.shared(self._products[seed], place)

    @cached_property
    def _page(self) -> PageTerms:
        return PageTerms(self._words, self._rows)


def _add_text_links(bundle: Bundle, links: list[list[_Link]], seeds: Sequence[SeedEvidence], rows: Rows) -> None:
    for index, cosines in _cosines(bundle, seeds, rows):
        for place in np.flatnonzero(cosines >= LEAST_COSINE):
            links[place].append(_Link(float(cosines[place]) ** 2, index, _TEXT, float(cosines[place])))


def _cosines(
    bundle: Bundle, seeds: Sequence[SeedEvidence], rows: Rows
) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    """For each seed that has a text: its place, and the cosines (k,) of rows (k,) to it."""
    results = bundle.text_vectors[rows].astype(np.float32)
    for index, seed in enumerate(seeds):
        vector = seed.vector
        if vector is None and seed.row is not None:
            vector = bundle.text_vectors[seed.row].astype(np.float32)
        if vector is not None:
            yield index, np.clip(results @ vector, -1.0, 1.0)


def _add_weak_reasons(
    bundle: Bundle, reasons: list[list[Reason]], seeds: Sequence[SeedEvidence], rows: Rows, terms: _SeedTerms
) -> None:
    """One reason for each result that has none, if there is one."""
    bare = np.array([place for place, found in enumerate(reasons) if not found], dtype=np.int64)
    if not bare.size:
        return
    links = SecondOrderLinks(bundle, [_references_of(bundle, seed) for seed in seeds])
    likeness = list(_cosines(bundle, seeds, rows[bare]))
    for i, place in enumerate(bare):
        tie = links.strongest(int(rows[place]))
        cosine, seed = max(((float(cosines[i]), -index) for index, cosines in likeness), default=(0.0, 0))
        if tie is not None:
            reasons[place].append(Reason(tie.seed, CitedWithReferences(tie.count, _examples(tie.rows))))
        elif cosine >= LEAST_COSINE_ALONE:
            reasons[place].append(Reason(-seed, TextLikeness(cosine, terms.shared(-seed, int(place)))))
        else:
            shared = ((each, terms.shared(each, int(place))) for each in range(len(seeds)))
            reasons[place] += [Reason(each, SharedTerms(found)) for each, found in shared if found][:1]


def _strength(kind: int, count: int) -> float:
    return _DIRECT_STRENGTH if kind in (_SEED_CITES, _CITES_SEED) else count / (count + _HALF_STRENGTH)


def _evidence(bundle: Bundle, link: _Link, seed: SeedEvidence, row: int, place: int, terms: _SeedTerms) -> Evidence:
    if link.kind == _TEXT:
        return TextLikeness(link.value, terms.shared(link.seed, place))
    if link.tie is not None:
        return CitedWithReferences(link.tie.count, _examples(link.tie.rows))
    if link.kind == _READERS:
        return SharedReaders(int(link.value))
    if link.kind == _SHARED:
        shared = _common(_references_of(bundle, seed), bundle.references.of(row))
        telling = np.lexsort((shared, -bundle.item_idf[shared]))
        return SharedReferences(int(link.value), _examples(shared[telling]))
    if link.kind == _CO_CITED:
        citing = _common(_citing(bundle, seed), bundle.cited_by.of(row))
        newest = np.lexsort((citing, -bundle.years[citing].astype(np.int32)))
        return CoCitation(int(link.value), _examples(citing[newest]))
    return DirectCitation(seed_cites_result=link.kind == _SEED_CITES)


def _common(first: npt.NDArray[np.int32], second: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    return np.intersect1d(first, second, assume_unique=True)


def _examples(rows: npt.NDArray[np.int32]) -> tuple[int, ...]:
    return tuple(int(row) for row in rows[:MAX_EXAMPLES])
