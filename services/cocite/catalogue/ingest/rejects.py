"""The file of rejected records: one JSON object a line with source, line, reason and the head of the raw text."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from cocite.catalogue.ingest.format import Row
from cocite.core.errors import InvalidArgument


class RejectsFile:
    """Written in step with the catalogue: a resumed run cuts it back to its last checkpoint, so none stands twice."""

    def __init__(self, path: Path | None, size: int) -> None:
        self._stream = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = path.open("r+b" if size and path.exists() else "wb")
            self._stream.truncate(min(size, os.fstat(self._stream.fileno()).st_size))
            self._stream.seek(0, os.SEEK_END)
        except OSError as error:
            raise InvalidArgument(f"{path} cannot be written: {error.strerror}", field="rejects_path") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()

    def add(self, source: str, row: Row, reason: str) -> None:
        """Note a rejected row."""
        if self._stream is not None:
            entry = {"source": source, "line": row.line, "reason": reason, "raw": row.raw}
            self._stream.write(orjson.dumps(entry) + b"\n")

    def sync(self) -> int:
        """Put everything on disk; the size of the file."""
        if self._stream is None:
            return 0
        self._stream.flush()
        os.fsync(self._stream.fileno())
        return self._stream.tell()
