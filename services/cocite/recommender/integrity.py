"""Is a bundle whole? Sizes, checksums, dtypes and shapes of its files."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cocite.core.errors import CorruptData
from cocite.recommender.bundle_files import unreadable
from cocite.recommender.expected_arrays import expected_arrays
from cocite.recommender.layout import Manifest

Arrays = dict[str, npt.NDArray[Any]]
_THREADS = 2  # checksums are taken without the interpreter's lock; more would take the cores of those who answer


def check_files(directory: Path, manifest: Manifest) -> None:
    """Sizes first, which takes no time, then checksums. Raises what check_sizes() and check_sums() do."""
    check_sizes(directory, manifest)
    check_sums(directory, manifest)


def check_sizes(directory: Path, manifest: Manifest) -> None:
    """Raise CorruptData for the first file whose size is not that of the manifest.

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


def check_sums(directory: Path, manifest: Manifest) -> None:
    """Raise CorruptData for the first file whose SHA-256 is not that of the manifest.

    Unavailable when a file that is there cannot be read just now.
    """
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
