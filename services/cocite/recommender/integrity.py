"""Is a bundle whole? Sizes, checksums, dtypes, shapes, and that every number can be what it says.

Serving trusts the arrays blindly afterwards: a row out of range would be a crash, a NaN a silent bad answer.
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cocite.core.errors import CociteError, CorruptData, Unavailable
from cocite.recommender import layout
from cocite.recommender.expected_arrays import expected_arrays
from cocite.recommender.layout import Manifest
from cocite.recommender.number_checks import (
    NORM_TOLERANCE,
    check_ascending_ties,
    check_ascending_within,
    check_falling_within,
    check_finite,
    check_norms,
    check_offsets,
    check_positive_definite,
    check_range,
)

Arrays = dict[str, npt.NDArray[Any]]
_THREADS = 2  # checksums are taken without the interpreter's lock; more would take the cores of those who answer


def unreadable(name: str, error: OSError) -> CociteError:
    """What a file that cannot be read means: CorruptData when no file is there, else Unavailable, which may pass."""
    missing = isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError)
    return (CorruptData if missing else Unavailable)(f"{name} cannot be read: {error.strerror or error}")


def check_files(directory: Path, manifest: Manifest, *, checksums: bool) -> None:
    """Raise CorruptData for the first file whose size, or SHA-256, is not that of the manifest.

    Unavailable when a file that is there cannot be read just now.
    """
    for name, entry in manifest.files.items():
        path = directory / name
        try:
            size = path.stat().st_size
            if size != entry.size:
                raise CorruptData(f"{name} has {size} bytes, not {entry.size}")
        except OSError as error:
            raise unreadable(name, error) from error
    if checksums:
        largest_first = sorted(manifest.files, key=lambda name: -manifest.files[name].size)
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="checksums") as pool:
            sums = dict(zip(largest_first, pool.map(partial(_sha256, directory), largest_first), strict=True))
        for name, entry in manifest.files.items():
            if sums[name] != entry.sha256:
                raise CorruptData(f"{name} does not match its checksum")


def _sha256(directory: Path, name: str) -> str:
    try:
        with (directory / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(name, error) from error


def map_arrays(directory: Path, manifest: Manifest) -> Arrays:
    """Map every file. Raises CorruptData for the first that is no array of the dtype and shape layout.py gives it.

    Unavailable when a file that is there cannot be read or mapped just now.
    """
    arrays: Arrays = {}
    for name, (dtype, shape) in expected_arrays(manifest).items():
        try:
            array = np.load(directory / name, mmap_mode="r", allow_pickle=False)
        except OSError as error:
            raise unreadable(name, error) from error
        except (ValueError, EOFError) as error:
            raise CorruptData(f"{name} is not a .npy array: {error}") from error
        fits = array.ndim == len(shape) and all(
            want in (None, have) for want, have in zip(shape, array.shape, strict=True)
        )
        if array.dtype != np.dtype(dtype) or not fits or not array.flags.c_contiguous:
            raise CorruptData(f"{name} is {array.dtype} {array.shape}, not {dtype} {shape}")
        arrays[name] = np.asarray(array)  # a plain view of the map: indexing a memmap costs several times more
    return arrays


def check_arrays(arrays: Arrays, manifest: Manifest) -> None:
    """Raise CorruptData for the first array with a number that cannot be."""
    from cocite.recommender.answer_checks import check_answers  # late: to list models needs no machine code

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
        check_falling_within(weights, arrays[offsets], arrays[weights])
        check_ascending_ties(rows, arrays[offsets], arrays[rows], arrays[weights])
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
        if not ((arrays[name] >= 0.0) & (arrays[name] <= 1.0 + NORM_TOLERANCE)).all():
            raise CorruptData(f"{name} holds a number outside 0 to 1")
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
    check_positive_definite(layout.SOURCE_GRAM_INVERSE, arrays[layout.SOURCE_GRAM_INVERSE])
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
    if rows.size != hashes.size or np.unique(rows).size != n:
        raise CorruptData(f"{layout.ID_ROWS} does not give each paper an id")
    check_range(layout.ID_ROWS, rows, 0, n)


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
