"""A bundle with fresh papers in it: rows after those of the training, in every array that a row has a place in.

What the bundle says of its own papers stays, but for links to and from the fresh ones. Large matrices and links are
shared, the fresh ones beside them; what has one number for each paper is copied. Arrays that only training can make
(neighbours of texts, readers) keep the rows of the training.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from cocite.core.paper import words_of
from cocite.recommender import layout
from cocite.recommender.bundle import Bundle
from cocite.recommender.display import named
from cocite.recommender.fresh.factors import Folding
from cocite.recommender.fresh.paper import FreshPaper
from cocite.recommender.fresh.works import works_of
from cocite.recommender.related import RelatedLists
from cocite.recommender.word_index import Terms, WordIndex

Rows = npt.NDArray[np.int64]
T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class _Derived:
    """What is made of one fresh paper once: factors float32 (f,) and terms."""

    factors: npt.NDArray[np.float32]
    terms: Terms


class Extension:
    """Adds fresh papers to one bundle, now some and later others. For one thread at a time."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._folding = Folding(bundle)
        self._derived: dict[FreshPaper, _Derived] = {}

    def of(self, papers: Sequence[FreshPaper]) -> Bundle:
        """The bundle with the papers as further rows, in their order; those it knows are only shown as they are now.

        No two papers may share an id. A vector by another embedding model than the bundle's counts as none.
        """
        new = [fresh for fresh in papers if (self.bundle.rows_of(fresh.ids) < 0).all()]
        self._derived = {fresh: self._derived.get(fresh) or self._derive(fresh) for fresh in new}
        changed = _displays(self.bundle, [fresh for fresh in papers if fresh.display])
        shown = replace(self.bundle, display=self.bundle.display.with_newer(changed)) if changed else self.bundle
        if not new:
            return shown
        bundle = _with_names(_with_ids(shown, new), new)
        sources, targets = _links(bundle, new)
        dimension = bundle.text_vectors.shape[1]
        vectors = [np.zeros(dimension, np.float32) if (v := self._vector(fresh)) is None else v for fresh in new]
        derived = [self._derived[fresh] for fresh in new]
        references = bundle.references.with_links(*_ordered(sources, targets), bundle.paper_count)
        cited_by = bundle.cited_by.with_links(*_ordered(targets, sources), bundle.paper_count)
        return replace(
            bundle,
            display=bundle.display.with_newer(_displays(bundle, new)),
            related=RelatedLists.none(),  # they know no fresh paper
            references=references,
            cited_by=cited_by,
            readers=bundle.readers.with_links(*_no_links(), bundle.paper_count),
            list_numbers=bundle.list_numbers.with_papers(references, cited_by),
            item_factors=bundle.item_factors.with_rows(np.stack([each.factors for each in derived])),
            item_idf=_appended(bundle.item_idf, [bundle.item_idf.max()] * len(new)),
            text_vectors=bundle.text_vectors.with_rows(np.stack(vectors)),
            words=_with_words(bundle.words, [each.terms for each in derived], bundle.paper_count),
        )

    def _derive(self, fresh: FreshPaper) -> _Derived:
        cited = self.bundle.rows_of(fresh.reference_ids)
        factors = self._folding.factors(self._vector(fresh), cited[cited >= 0])
        return _Derived(factors, self.bundle.words.of_text(words_of(fresh.paper)))

    def _vector(self, fresh: FreshPaper) -> npt.NDArray[np.float32] | None:
        wanted = self.bundle.manifest.embedding_model_version
        return fresh.vector if fresh.embedding_model_version == wanted else None


def _displays(bundle: Bundle, papers: Sequence[FreshPaper]) -> dict[int, bytes]:
    """The encoded message of each of the papers that has a row, by that row."""
    shown = {}
    for fresh in papers:
        for row in bundle.rows_of(fresh.ids).tolist():
            if row >= 0:
                shown[row] = named(fresh.display, bundle.paper_id(row))
    return shown


def _with_ids(bundle: Bundle, papers: Sequence[FreshPaper]) -> Bundle:
    encoded = [fresh.paper.paper_id.encode("utf-8") for fresh in papers]
    named = [(layout.id_hash(name), row) for row, fresh in enumerate(papers, bundle.paper_count) for name in fresh.ids]
    hashes = np.array([number for number, _ in named], dtype=np.uint64)
    order = np.argsort(hashes)
    places = np.searchsorted(bundle._id_hashes, hashes[order])
    rows = np.array([row for _, row in named], dtype=np.int32)
    ends = bundle.id_offsets[-1] + np.cumsum([len(name) for name in encoded])
    return replace(
        bundle,
        manifest=replace(bundle.manifest, paper_count=bundle.paper_count + len(papers)),
        id_bytes=_appended(bundle.id_bytes, np.frombuffer(b"".join(encoded), dtype=np.uint8)),
        id_offsets=_appended(bundle.id_offsets, ends),
        _id_hashes=np.insert(bundle._id_hashes, places, hashes[order]),
        _id_rows=np.insert(bundle._id_rows, places, rows[order]),
    )


def _with_names(bundle: Bundle, papers: Sequence[FreshPaper]) -> Bundle:
    """What filters and versions go by: years, venues, fields, works."""
    plain = [fresh.paper for fresh in papers]
    venue_code = {name: code for code, name in enumerate(bundle.manifest.venues)}
    field_code = {name: code for code, name in enumerate(bundle.manifest.fields)}
    venues = [paper.venue.strip().casefold() for paper in plain]
    fields = [sorted({name.strip().casefold() for name in paper.fields} - {""}) for paper in plain]
    venue_codes = [venue_code.setdefault(name, len(venue_code)) if name else -1 for name in venues]
    field_codes = [sorted(field_code.setdefault(name, len(field_code)) for name in names) for names in fields]
    years = _appended(bundle.years, [paper.year or 0 for paper in plain])
    codes = _appended(bundle.venue_codes, venue_codes)
    return replace(
        bundle,
        manifest=replace(bundle.manifest, venues=tuple(venue_code), fields=tuple(field_code)),
        years=years,
        venue_codes=codes,
        has_abstract=_appended(bundle.has_abstract, [bool(paper.abstract.strip()) for paper in plain]),
        fields=bundle.fields.with_rows(
            np.array([len(codes) for codes in field_codes]), np.array([*chain(*field_codes)], dtype=np.int32)
        ),
        works=works_of(bundle, plain, years, codes),
    )


def _links(bundle: Bundle, papers: Sequence[FreshPaper]) -> tuple[Rows, Rows]:
    """Rows citing and cited (k,) of the links that have a fresh paper at an end."""
    first = bundle.paper_count - len(papers)
    citing = [
        (row, bundle.rows_of(fresh.reference_ids), bundle.rows_of(fresh.citing_ids))
        for row, fresh in enumerate(papers, first)
    ]
    sources = np.concatenate([part for row, cited, citers in citing for part in (np.full(cited.size, row), citers)])
    targets = np.concatenate([part for row, cited, citers in citing for part in (cited, np.full(citers.size, row))])
    known = (sources >= 0) & (targets >= 0) & (sources != targets)
    return sources[known], targets[known]


def _no_links() -> tuple[Rows, Rows]:
    return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)


def _ordered(sources: Rows, targets: Rows) -> tuple[Rows, Rows]:
    """The links in order of source, then target, each once."""
    pairs = np.unique(np.column_stack((sources, targets)), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _with_words(words: WordIndex, found: Sequence[Terms], paper_count: int) -> WordIndex:
    rows = np.repeat(np.arange(paper_count - len(found), paper_count), [terms.places.size for terms in found])
    places = np.concatenate([terms.places for terms in found])
    weights = np.concatenate([terms.weights for terms in found])
    order = np.lexsort((rows, -weights, places))
    return replace(
        words,
        paper_terms=words.paper_terms.with_links(rows, places, weights, paper_count),
        term_papers=words.term_papers.with_links(places[order], rows[order], weights[order], words.vocabulary.size),
    )


def _appended(array: npt.NDArray[T], more: npt.ArrayLike) -> npt.NDArray[T]:
    return np.concatenate((array, np.asarray(more, dtype=array.dtype)))
