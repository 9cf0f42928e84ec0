"""A small disk that fills up."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_STEP, _LEAST = 16 << 20, 4 << 10  # bytes


@contextmanager
def small_disk(at: Path, size_mb: int) -> Iterator[Path]:
    """A file system of its own on a folder. Needs the right to mount."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    at.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", at], check=True, timeout=10)
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", at], check=True, timeout=10)


def fill(disk: Path) -> Path:
    """A file that takes all there is, whoever else writes meanwhile."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        size, step = 0, _STEP
        while step >= _LEAST:
            try:
                os.posix_fallocate(file.fileno(), size, step)
                size += step
            except OSError:
                step //= 2
    return ballast
