"""Can every number of a bundle be what it says?

Serving trusts the arrays blindly afterwards: a row out of range would be a crash, a NaN a silent bad answer.
"""

import numpy as np

from cocite.core.errors import CorruptData
from cocite.recommender import layout
from cocite.recommender.answer_checks import check_answers
from cocite.recommender.integrity import Arrays
from cocite.recommender.layout import Manifest
from cocite.recommender.number_checks import (
    check_ascending_within,
    check_finite,
    check_impact_order,
    check_norms,
    check_offsets,
    check_positive_definite,
    check_range,
    check_share,
)


def check_arrays(arrays: Arrays, manifest: Manifest) -> None:
    """Raise CorruptData for the first array with a number that cannot be."""
    n = manifest.paper_count
    _check_ids(arrays, n)
    _check_words(arrays)
    _check_titles(arrays, n)
    terms, readers = arrays[layout.VOCABULARY].size, arrays[layout.LIBRARY_NORMS].size
    _check_lists(arrays, readers)
    for offsets, rows, end in (
        (layout.REFERENCE_OFFSETS, layout.REFERENCES, n),
        (layout.CITED_BY_OFFSETS, layout.CITED_BY, n),
        (layout.PAPER_TERM_OFFSETS, layout.PAPER_TERMS, terms),
        (layout.READER_OFFSETS, layout.READERS, readers),
        (layout.LIBRARY_OFFSETS, layout.LIBRARIES, n),
        (layout.FIELD_OFFSETS, layout.FIELD_CODES, len(manifest.fields)),
    ):
        check_offsets(offsets, arrays[offsets], arrays[rows].size)
        check_range(rows, arrays[rows], 0, end)
        check_ascending_within(rows, arrays[offsets], arrays[rows])
    for offsets, rows, weights in (
        (layout.TERM_PAPER_OFFSETS, layout.TERM_PAPERS, layout.TERM_PAPER_WEIGHTS),
        (layout.CONTEXT_OFFSETS, layout.CONTEXT_PAPERS, layout.CONTEXT_WEIGHTS),
        (layout.NEAR_OFFSETS, layout.NEAR, layout.NEAR_SHARES),
    ):
        check_offsets(offsets, arrays[offsets], arrays[rows].size)
        check_range(rows, arrays[rows], 0, n)
        check_impact_order((rows, weights), arrays[offsets], arrays[rows], arrays[weights])
    check_range(layout.TEXT_NEIGHBOURS, arrays[layout.TEXT_NEIGHBOURS], -1, n)
    if arrays[layout.TEXT_LIKENESS].shape != arrays[layout.TEXT_NEIGHBOURS].shape:
        raise CorruptData(f"{layout.TEXT_LIKENESS} has not the shape of {layout.TEXT_NEIGHBOURS}")
    for name in (
        layout.PAPER_TERM_WEIGHTS,
        layout.TERM_PAPER_WEIGHTS,
        layout.CONTEXT_WEIGHTS,
        layout.TEXT_LIKENESS,
        layout.NEAR_SHARES,
    ):
        check_share(name, arrays[name])
    check_range(layout.VENUE_CODES, arrays[layout.VENUE_CODES], -1, len(manifest.venues))
    _check_venue_links(arrays, len(manifest.venues))
    for name in (
        layout.ITEM_FACTORS,
        layout.FACTOR_LENGTHS,
        layout.GRAM,
        layout.GRAM_INVERSE,
        layout.ITEM_IDF,
        layout.TERM_FACTORS,
        layout.SOURCE_GRAM_INVERSE,
        layout.TEXT_VECTORS,
        layout.TERM_IDF,
    ):
        check_finite(name, arrays[name])
    check_answers(arrays, n)
    for name in (layout.GRAM, layout.GRAM_INVERSE, layout.SOURCE_GRAM_INVERSE):
        check_positive_definite(name, arrays[name])
    check_norms(layout.TEXT_VECTORS, arrays[layout.TEXT_VECTORS])


def _check_lists(arrays: Arrays, readers: int) -> None:
    for name, size in (
        (layout.LIBRARY_OFFSETS, readers + 1),
        (layout.LIBRARIES, arrays[layout.READERS].size),
        (layout.NEAR_SHARES, arrays[layout.NEAR].size),
    ):
        if arrays[name].size != size:
            raise CorruptData(f"{name} has {arrays[name].size} entries, not {size}")
    for name in (layout.LIST_IDF, layout.LIST_NORMS, layout.LIBRARY_NORMS, layout.COCITATION_NORMS):
        if not (np.isfinite(arrays[name]) & (arrays[name] >= 0.0)).all():
            raise CorruptData(f"{name} holds a number that cannot be")


def _check_venue_links(arrays: Arrays, venues: int) -> None:
    keys, counts = arrays[layout.VENUE_LINK_KEYS], arrays[layout.VENUE_LINK_COUNTS]
    check_range(layout.VENUE_LINK_KEYS, keys, 0, venues * venues)
    if (np.diff(keys) <= 0).any():
        raise CorruptData(f"{layout.VENUE_LINK_KEYS} does not ascend")
    if counts.shape != keys.shape or (counts < 1).any() or (arrays[layout.VENUE_PAPERS] < 0).any():
        raise CorruptData(f"{layout.VENUE_LINK_COUNTS} holds a number that cannot be")


def _check_ids(arrays: Arrays, n: int) -> None:
    check_offsets(layout.PAPER_ID_OFFSETS, arrays[layout.PAPER_ID_OFFSETS], arrays[layout.PAPER_IDS].size)
    try:
        arrays[layout.PAPER_IDS].tobytes().decode("utf-8")
    except UnicodeDecodeError:
        raise CorruptData(f"{layout.PAPER_IDS} is not UTF-8") from None
    hashes, rows = arrays[layout.ID_HASHES], arrays[layout.ID_ROWS]
    if not (hashes[1:] > hashes[:-1]).all():
        raise CorruptData(f"{layout.ID_HASHES} is not ascending")
    check_range(layout.ID_ROWS, rows, 0, n)
    named = np.zeros(n, dtype=np.bool_)
    named[rows] = True
    if rows.size != hashes.size or not named.all():
        raise CorruptData(f"{layout.ID_ROWS} does not give each paper an id")


def _check_words(arrays: Arrays) -> None:
    vocabulary = arrays[layout.VOCABULARY]
    if not (vocabulary[1:] > vocabulary[:-1]).all():
        raise CorruptData(f"{layout.VOCABULARY} is not ascending")
    try:
        b" ".join(vocabulary.tolist()).decode("utf-8")
    except UnicodeDecodeError:
        raise CorruptData(f"{layout.VOCABULARY} is not UTF-8") from None
    entries = arrays[layout.PAPER_TERMS].size
    for name, size in (
        (layout.TERM_IDF, vocabulary.size),
        (layout.TERM_PAPER_OFFSETS, vocabulary.size + 1),
        (layout.TERM_PAPERS, entries),
        (layout.PAPER_TERM_WEIGHTS, entries),
        (layout.TERM_PAPER_WEIGHTS, entries),
        (layout.CONTEXT_OFFSETS, vocabulary.size + 1),
        (layout.CONTEXT_WEIGHTS, arrays[layout.CONTEXT_PAPERS].size),
    ):
        if arrays[name].size != size:
            raise CorruptData(f"{name} has {arrays[name].size} entries, not {size}")
    if len(arrays[layout.TERM_FACTORS]) != vocabulary.size:
        raise CorruptData(f"{layout.TERM_FACTORS} has {len(arrays[layout.TERM_FACTORS])} rows, not {vocabulary.size}")


def _check_titles(arrays: Arrays, n: int) -> None:
    hashes, rows, works = arrays[layout.TITLE_HASHES], arrays[layout.TITLE_ROWS], arrays[layout.WORKS]
    if not (hashes[1:] > hashes[:-1]).all():
        raise CorruptData(f"{layout.TITLE_HASHES} is not ascending")
    if rows.size != hashes.size:
        raise CorruptData(f"{layout.TITLE_ROWS} has {rows.size} entries, not {hashes.size}")
    check_range(layout.TITLE_ROWS, rows, 0, n)
    check_range(layout.WORKS, works, 0, n)
    if (works > np.arange(n)).any() or (works[works] != works).any():
        raise CorruptData(f"{layout.WORKS} holds a row that is not the smallest of its work")
