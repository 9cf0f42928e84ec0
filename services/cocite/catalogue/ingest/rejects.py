"""The file of rejected records: one JSON object a line with source, line, reason and the head of the raw text."""

import fcntl
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import orjson

from cocite.catalogue.ingest.format import Row
from cocite.core.errors import InvalidArgument

_PART = 1 << 20  # bytes read at once
_BEGINNING = b'{"source":'  # of every list that is not empty


class RejectsFile:
    """Written in step with the catalogue: a resumed run cuts it back to its last checkpoint, so none stands twice.

    One run at a time has the file. Raises InvalidArgument when it cannot be written, is one of the inputs or a file of
    another kind, or another run has it. path None keeps no list.
    """

    def __init__(self, path: Path | None, inputs: Sequence[Path] = ()) -> None:
        self._digest = hashlib.sha256()
        self._stream: BinaryIO | None = None
        if path is None:
            return
        try:
            _refuse_what_is_no_list(path, inputs)
            self._stream = path.open("a+b")
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise InvalidArgument(
                f"another run is writing {path}", hint="wait for its end or name another file", field="rejects_path"
            ) from None
        except OSError as error:
            self.close()
            raise InvalidArgument(
                f"{path} cannot be written: {error.strerror or error}", hint="name another file", field="rejects_path"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        if self._stream is not None:
            self._stream.close()

    def resume(self, size: int, digest: str) -> bool:
        """Whether the file begins with the size bytes of this digest, as sync told them; what follows is cut off.

        Where it does not, another run or a person has written it since: it is emptied.
        """
        if self._stream is None:
            return True
        self._stream.seek(0)
        left = size
        while left and (data := self._stream.read(min(left, _PART))):
            self._digest.update(data)
            left -= len(data)
        known = not left and self._digest.hexdigest() == digest
        if not known:
            self._digest = hashlib.sha256()
        self._stream.truncate(size if known else 0)
        return known

    def add(self, source: str, row: Row, reason: str) -> None:
        """Note a rejected row."""
        if self._stream is not None:
            entry = {"source": source, "line": row.line, "reason": reason, "raw": row.raw}
            line = orjson.dumps(entry) + b"\n"
            self._stream.write(line)
            self._digest.update(line)

    def sync(self) -> tuple[int, str]:
        """Put everything on disk; size and digest of the file."""
        if self._stream is None:
            return 0, ""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        return os.fstat(self._stream.fileno()).st_size, self._digest.hexdigest()


def _refuse_what_is_no_list(path: Path, inputs: Sequence[Path]) -> None:
    """A list is overwritten; nothing else is, least of all the catalogue or what is to be read."""
    if not path.exists():
        return
    if any(path.samefile(one) for one in inputs):
        raise InvalidArgument(f"{path} is one of the files to read", hint="name another", field="rejects_path")
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(_BEGINNING)) in (b"", _BEGINNING):
                return
    raise InvalidArgument(f"{path} is there and no list of rejects", hint="name another file", field="rejects_path")
