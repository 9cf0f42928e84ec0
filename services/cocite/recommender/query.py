"""What the engine is asked and what it answers: rows and numbers, no ids."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows may be in an answer; everything set must hold. venues and fields (of study, any of a
    paper's) are matched whole, whatever the case.

    A row of unknown year fails min_year and max_year and passes not_after, which bars only what is known to be newer.
    """

    min_year: int | None = None
    max_year: int | None = None
    not_after: int | None = None
    venues: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    has_abstract: bool | None = None

    def mask(self, bundle: Bundle) -> npt.NDArray[np.bool_]:
        """True for each row that passes, bool (n,)."""
        passes = np.ones(bundle.paper_count, dtype=np.bool_)
        if self.min_year is not None or self.max_year is not None:
            passes &= bundle.years > 0
        if self.min_year is not None:
            passes &= bundle.years >= self.min_year
        if self.max_year is not None:
            passes &= bundle.years <= self.max_year
        if self.not_after is not None:
            passes &= bundle.years <= self.not_after
        if self.venues:
            passes &= np.isin(bundle.venue_codes, _codes(self.venues, bundle.manifest.venues))
        if self.fields:
            wanted = np.isin(bundle.fields.rows, _codes(self.fields, bundle.manifest.fields))
            owners = np.repeat(np.arange(bundle.paper_count), bundle.fields.counts())
            passes &= np.bincount(owners[wanted], minlength=bundle.paper_count) > 0
        if self.has_abstract is not None:
            passes &= bundle.has_abstract == self.has_abstract
        return passes


def _codes(wanted: tuple[str, ...], names: tuple[str, ...]) -> list[int]:
    """Places in names, which are case-folded, of those wanted."""
    folded = {name.strip().casefold() for name in wanted}
    return [code for code, name in enumerate(names) if name in folded]


def _no_vectors() -> npt.NDArray[np.float32]:
    return np.empty((0, 0), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Passages:
    """Parts of a text and parts of candidates' texts, to be compared one by one.

    asked float32 (q, d); candidates float32 (p, d), owners int64 (p,) the row each belongs to. All of norm 1.
    """

    asked: npt.NDArray[np.float32]
    owners: npt.NDArray[np.int64]
    candidates: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Query:
    """What to find related papers for.

    Seeds are rows of the bundle, or texts: their words, and where they could be had their vectors, float32 (t, d) of
    norm 1. reference_rows are references of a paper that the bundle does not know, or further ones of a seed: they
    count like a seed's own, and unlike seeds they may be in the answer. library_rows are papers that a reader keeps:
    seeds, but what they cite is not the reader's. exclude_rows may not be in the answer; where candidate_rows are
    given, only those may. passages compare seed and candidates in parts, each in another way. year is that of a seed
    the bundle does not know. recency and diversity, 0 to 1, are told in ranking.recency and ranking.diversity.
    """

    positive_rows: tuple[int, ...] = ()
    negative_rows: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()
    negative_texts: tuple[str, ...] = ()
    text_vectors: npt.NDArray[np.float32] = field(default_factory=_no_vectors)
    negative_text_vectors: npt.NDArray[np.float32] = field(default_factory=_no_vectors)
    reference_rows: tuple[int, ...] = ()
    library_rows: tuple[int, ...] = ()
    exclude_rows: tuple[int, ...] = ()
    candidate_rows: tuple[int, ...] | None = None
    passages: tuple[Passages, ...] = ()
    year: int | None = None
    row_filter: RowFilter = RowFilter()
    recency: float = 0.0
    diversity: float = 0.0

    @classmethod
    def of_paper(cls, row: int) -> "Query":
        """The query for one paper and nothing else."""
        return cls(positive_rows=(row,), exclude_rows=(row,))

    @property
    def only_paper(self) -> int | None:
        """The row that this is the query of_paper of, None when it asks for anything else or more."""
        named = {*self.positive_rows, *self.exclude_rows}
        others = (self.negative_rows, self.texts, self.negative_texts, self.reference_rows, self.library_rows)
        wishes = (self.passages, self.recency, self.diversity)
        if len(self.positive_rows) != 1 or len(named) != 1 or any(others) or any(wishes):
            return None
        plain = self.candidate_rows is None and self.year is None and self.row_filter == RowFilter()
        return self.positive_rows[0] if plain else None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rows (k,), best first, each once, and their finite scores (k,).

    fallback tells that no retriever found anything and these are the most cited papers instead.
    """

    rows: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    fallback: bool = False
