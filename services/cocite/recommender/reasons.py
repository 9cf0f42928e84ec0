"""Why a paper is in an answer: evidence that can be checked in the citation graph and the texts.

Reasons are ordered by strength: n / (n + 3) for n shared references or n papers that cite both, 0.6 for a direct
citation, the square of the cosine for texts. So a direct citation stands between four and five shared
references, as does a cosine of 0.77. A cosine under 0.3 is that of any two papers of one field, and is left out.
A result without any of these, found by ALS as a rule, gets one weaker reason: that papers cite it together with
references of a seed, else the likeness of the texts, small as it is. Reasons are empty when even that is missing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.csr import Csr
from cocite.recommender.second_order import SecondOrderLinks

MAX_REASONS = 5
MAX_EXAMPLES = 3
LEAST_COSINE = 0.3
LEAST_COSINE_ALONE = 0.001  # vectors kept as float16 do not tell less from 0
_HALF_STRENGTH = 3
_DIRECT_STRENGTH = 0.6
_SHARED, _CO_CITED, _SEED_CITES, _CITES_SEED, _TEXT = range(5)

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SharedReferences:
    """count references that both list (Kessler 1963), some of their rows, highest idf first."""

    count: int
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CoCitation:
    """count papers that cite both (Small 1973), some of their rows, newest first."""

    count: int
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DirectCitation:
    """One cites the other."""

    seed_cites_result: bool


@dataclass(frozen=True, slots=True)
class TextLikeness:
    """Cosine of the two texts' vectors."""

    cosine: float


@dataclass(frozen=True, slots=True)
class Popularity:
    """How many papers of the bundle cite the result; no seed ties it."""

    citation_count: int


@dataclass(frozen=True, slots=True)
class CitedWithReferences:
    """count papers cite the result and a reference of the seed; some of those references, most often so first."""

    count: int
    rows: tuple[int, ...]


Evidence = SharedReferences | CoCitation | DirectCitation | TextLikeness | Popularity | CitedWithReferences


@dataclass(frozen=True, slots=True)
class Reason:
    """Evidence and the place in the list of seeds of the one it ties the result to, -1 for popularity."""

    seed: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class SeedEvidence:
    """A positive seed: its row in the bundle, or the vector float32 (d,) of its text, or neither."""

    row: int | None = None
    vector: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class _Link:
    strength: float
    seed: int
    kind: int
    value: float


def popularity_reasons(bundle: Bundle, rows: Rows) -> list[list[Reason]]:
    """One reason for each row: how often it is cited."""
    return [[Reason(-1, Popularity(len(bundle.cited_by.of(int(row)))))] for row in rows]


def reasons_for(bundle: Bundle, seeds: Sequence[SeedEvidence], rows: Rows) -> list[list[Reason]]:
    """At most MAX_REASONS reasons for each row, strongest first, ties by seed and kind."""
    links: list[list[_Link]] = [[] for _ in rows]
    _add_citation_links(bundle, links, seeds, rows)
    _add_text_links(bundle, links, seeds, rows)
    reasons = [
        [
            Reason(link.seed, _evidence(bundle, link, seeds[link.seed].row, int(row)))
            for link in sorted(found, key=lambda link: (-link.strength, link.seed, link.kind))[:MAX_REASONS]
        ]
        for row, found in zip(rows, links, strict=True)
    ]
    _add_weak_reasons(bundle, reasons, seeds, rows)
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
        if seed.row is None:
            continue
        found = []
        for graph, page, count_kind, direct_kind in (
            (bundle.references, references, _SHARED, _SEED_CITES),
            (bundle.cited_by, cited_by, _CO_CITED, _CITES_SEED),
        ):
            own = graph.of(seed.row)
            mark[own] = True
            counts = page.counts_of_marked(mark, len(rows))
            found += [(place, count_kind, int(counts[place])) for place in np.flatnonzero(counts)]
            found += [(place, direct_kind, 1) for place in np.flatnonzero(mark[rows])]
            mark[own] = False
        for place, kind, count in found:
            links[place].append(_Link(_strength(kind, count), index, kind, count))


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


def _add_weak_reasons(bundle: Bundle, reasons: list[list[Reason]], seeds: Sequence[SeedEvidence], rows: Rows) -> None:
    """One reason for each result that has none, if there is one."""
    bare = np.array([place for place, found in enumerate(reasons) if not found], dtype=np.int64)
    if not bare.size:
        return
    links = SecondOrderLinks(bundle, [seed.row for seed in seeds])
    likeness = list(_cosines(bundle, seeds, rows[bare]))
    for i, place in enumerate(bare):
        tie = links.strongest(int(rows[place]))
        cosine, seed = max(((float(cosines[i]), -index) for index, cosines in likeness), default=(0.0, 0))
        if tie is not None:
            reasons[place].append(Reason(tie.seed, CitedWithReferences(tie.count, _examples(tie.rows))))
        elif cosine >= LEAST_COSINE_ALONE:
            reasons[place].append(Reason(-seed, TextLikeness(cosine)))


def _strength(kind: int, count: int) -> float:
    return count / (count + _HALF_STRENGTH) if kind in (_SHARED, _CO_CITED) else _DIRECT_STRENGTH


def _evidence(bundle: Bundle, link: _Link, seed_row: int | None, row: int) -> Evidence:
    if link.kind == _TEXT or seed_row is None:
        return TextLikeness(link.value)
    if link.kind == _SHARED:
        shared = _common(bundle.references, seed_row, row)
        telling = np.lexsort((shared, -bundle.item_idf[shared]))
        return SharedReferences(int(link.value), _examples(shared[telling]))
    if link.kind == _CO_CITED:
        citing = _common(bundle.cited_by, seed_row, row)
        newest = np.lexsort((citing, -bundle.years[citing].astype(np.int32)))
        return CoCitation(int(link.value), _examples(citing[newest]))
    return DirectCitation(seed_cites_result=link.kind == _SEED_CITES)


def _common(links: Csr, first: int, second: int) -> npt.NDArray[np.int32]:
    return np.intersect1d(links.of(first), links.of(second), assume_unique=True)


def _examples(rows: npt.NDArray[np.int32]) -> tuple[int, ...]:
    return tuple(int(row) for row in rows[:MAX_EXAMPLES])
