"""Writing a bundle's files so that they are on disk, whole, before anything names them."""

import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from cocite.core.durable import write_atomically
from cocite.recommender import layout
from cocite.recommender.layout import FileEntry, Manifest
from cocite.recommender.manifest import manifest_json
from cocite.training.model import Model


def write_bundle(directory: Path, model: Model) -> Manifest:
    """Write all files of the model into an existing, empty directory, the manifest last, and sync them to disk.

    Returns the manifest with version, date and checksums filled in. The version is the UTC time to the
    millisecond and the start of a hash over the files, so versions sort by age and equal hashes mean equal models.
    """
    files = {}
    for name in layout.FILES:
        path = directory / name
        with path.open("xb") as file:
            np.save(file, model.arrays[name], allow_pickle=False)
            os.fsync(file.fileno())
        with path.open("rb") as file:
            files[name] = FileEntry(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
    now = datetime.now(UTC)
    manifest = replace(
        model.manifest,
        model_version=_version(now, files),
        created_at=now.isoformat(timespec="milliseconds"),
        files=files,
    )
    write_atomically(directory / layout.MANIFEST, manifest_json(manifest))
    return manifest


def _version(now: datetime, files: dict[str, FileEntry]) -> str:
    content = hashlib.sha256("".join(files[name].sha256 for name in layout.FILES).encode()).hexdigest()
    return f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03d}Z-{content[:8]}"
