"""Models that must not serve, each made from a good one."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cocite.recommender import layout


def corrupt(directory: Path) -> None:
    """One bit is another."""
    path = directory / layout.RELATED
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncated(directory: Path) -> None:
    """A copy that was not finished."""
    path = directory / layout.DISPLAY
    path.write_bytes(path.read_bytes()[:-100])


def not_a_number(directory: Path) -> None:
    """Factors that training got wrong; the sums are right."""
    factors = np.load(directory / layout.ITEM_FACTORS)
    factors[len(factors) // 2] = np.nan
    _replace(directory, layout.ITEM_FACTORS, factors)


def wrong_dimensions(directory: Path) -> None:
    """Vectors of another encoder; the sums are right."""
    vectors = np.load(directory / layout.TEXT_VECTORS)
    _replace(directory, layout.TEXT_VECTORS, np.ascontiguousarray(vectors[:, : vectors.shape[1] // 2]))


def too_new(directory: Path) -> None:
    """Of a release to come."""
    _change_manifest(directory, schema=layout.SCHEMA + 1)


DAMAGES: tuple[Callable[[Path], None], ...] = (corrupt, truncated, not_a_number, wrong_dimensions, too_new)


def damaged(bundle: Path, folder: Path) -> Iterator[Path]:
    """Copies of a bundle in a folder, each with a version of its own and damage of its own."""
    for damage in DAMAGES:
        copy = folder / f"{bundle.name}-{damage.__name__.replace('_', '-')}"
        shutil.copytree(bundle, copy)
        _change_manifest(copy, model_version=copy.name)
        damage(copy)
        yield copy


def _replace(directory: Path, name: str, array: np.ndarray[Any, Any]) -> None:
    path = directory / name
    np.save(path, array)
    manifest = json.loads((directory / layout.MANIFEST).read_text())
    entry = {"size": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    _change_manifest(directory, files={**manifest["files"], name: entry})


def _change_manifest(directory: Path, **changes: object) -> None:
    path = directory / layout.MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
