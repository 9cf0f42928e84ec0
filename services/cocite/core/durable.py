"""Files that hold the old text or the new, whoever reads them and whatever dies meanwhile."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

TEMPORARY_PREFIX = ".tmp-"  # what a process that was killed leaves beside the file


@contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[TextIO]:
    """A new file, open for writing in UTF-8, that takes the place of path, on disk, when the block ends.

    mode are its permissions. An error in the block leaves path as it was. Raises OSError at the start when the
    directory takes no file.
    """
    descriptor, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Make path hold text, with these permissions."""
    with replacing(path, mode) as file:
        file.write(text)


def sync_directory(directory: Path) -> None:
    """Put the names in a directory on disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
