"""Files as lines, whatever they are packed in: plain, gzip or zstandard, told by their first bytes.

Nothing is read as a whole. A line over MAX_LINE bytes is passed over without being kept; a file that expands beyond
reason is refused; a compressed file that ends early gives the lines it has and then a problem.
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cocite.catalogue.ingest.unpack import Damaged, unpacked
from cocite.core.errors import InvalidArgument

MAX_LINE = 16 << 20  # bytes
MAX_EXPANSION = 250  # decompressed over compressed size, once FREE_EXPANSION bytes have come out
FREE_EXPANSION = 64 << 20
_HEAD = 512  # bytes shown of a line that is passed over, and those that a file is told by
_TEXT_PER_NUL = 20  # bytes; one NUL in a line of text makes that line a bad one, not the file
_BUFFER = 1 << 20
_FINGERPRINT_BYTES = 1 << 20

_FOREIGN = (
    (b"PK\x03\x04", "a zip archive"),
    (b"%PDF", "a PDF"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"\xff\xfe", "UTF-16 text, not UTF-8"),
    (b"\xfe\xff", "UTF-16 text, not UTF-8"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; number counts from 1. With a problem, data is only the head of it."""

    number: int
    data: bytes
    problem: str = ""


class Source:
    """An open file of lines; bytes_read counts what was read of the file on disk."""

    def __init__(self, path: Path, raw: io.FileIO, stream: io.BufferedReader) -> None:
        self.path = path
        self._raw = raw
        self._stream = stream
        self._expanded = 0

    @property
    def bytes_read(self) -> int:
        """How far into the file on disk reading has come."""
        return self._raw.tell()

    def lines(self) -> Iterator[Line]:
        """Every line, empty ones too. Raises InvalidArgument when the file expands beyond reason."""
        number = 0
        try:
            while data := self._read(MAX_LINE + 1):
                number += 1
                if len(data) > MAX_LINE and not data.endswith(b"\n"):
                    self._skip_line()
                    yield Line(number, data[:_HEAD], f"line is longer than {MAX_LINE >> 20} MiB")
                    continue
                if number == 1:
                    data = data.removeprefix(b"\xef\xbb\xbf")
                yield Line(number, data.rstrip(b"\r\n"))
        except Damaged:
            yield Line(number + 1, b"", "compressed data is damaged or ends early")
        except OSError as error:
            raise InvalidArgument(f"{self.path} cannot be read: {error.strerror}", field="paths") from error

    def _read(self, limit: int) -> bytes:
        data = self._stream.readline(limit)
        self._expanded += len(data)
        if self._expanded > FREE_EXPANSION and self._expanded > MAX_EXPANSION * max(1, self._raw.tell()):
            raise InvalidArgument(
                f"{self.path.name} expands more than {MAX_EXPANSION} times", hint="this is no data file; look at it"
            )
        return data

    def _skip_line(self) -> None:
        while (data := self._read(_BUFFER)) and not data.endswith(b"\n"):
            pass


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a file for reading lines. Raises InvalidArgument when it cannot be read or is another kind of file."""
    check_file(path)
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(path.open("rb", buffering=0))
            stream = unpacked(raw)
            head = stream.peek(_HEAD)[:_HEAD]
        except Damaged:
            raise InvalidArgument(f"{path} holds damaged compressed data", field="paths") from None
        except OSError as error:
            raise InvalidArgument(f"{path} cannot be read: {error.strerror}", field="paths") from error
        _refuse_foreign(path, head)
        yield Source(path, raw, stream)


def check_file(path: Path) -> None:
    """Raise InvalidArgument unless path is a plain file."""
    if not path.exists():
        raise InvalidArgument(f"{path} does not exist", field="paths")
    if not path.is_file():
        raise InvalidArgument(f"{path} is not a plain file", field="paths")


def fingerprint(path: Path) -> str:
    """Hash of a file's name, size, time of change and first MiB: what a resumed run recognises it by."""
    status = path.stat()
    digest = hashlib.sha256(f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}\0".encode(errors="replace"))
    with path.open("rb") as stream:
        digest.update(stream.read(_FINGERPRINT_BYTES))
    return digest.hexdigest()


def _refuse_foreign(path: Path, head: bytes) -> None:
    for magic, what in _FOREIGN:
        if head.lower().startswith(magic.lower()):
            raise InvalidArgument(f"{path} is {what}", hint="give it as UTF-8 text, plain or packed by gzip or zstd")
    if head.count(0) * _TEXT_PER_NUL > len(head):
        raise InvalidArgument(f"{path} is a binary file", hint="give it as UTF-8 text, plain or packed by gzip or zstd")
