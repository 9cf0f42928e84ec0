"""Packed files: whatever is in them, lines come out within bounds, or the file is refused."""

import gzip
import tempfile
from pathlib import Path

import zstandard

from cocite.catalogue.ingest.source import MAX_LINE, open_source
from cocite.core.errors import InvalidArgument

_TEXT = b"first\nsecond line\r\n\nlast"
SEEDS = [
    _TEXT,
    gzip.compress(_TEXT, mtime=0),
    gzip.compress(_TEXT, mtime=0) + b"\0\0" + gzip.compress(b"more", mtime=0),
    zstandard.compress(_TEXT),
    zstandard.compress(_TEXT)[:-3],
    b"\x50\x2a\x4d\x18\x02\0\0\0xx" + zstandard.compress(_TEXT),
    b"\xef\xbb\xbfx",
]
_SCRATCH = tempfile.TemporaryDirectory(prefix="cocite-fuzz-")
_FILE = Path(_SCRATCH.name) / "packed"


def check(data: bytes) -> None:
    _FILE.write_bytes(data)
    try:
        with open_source(_FILE) as source:
            for number, line in enumerate(source.lines(), 1):
                assert line.number == number
                assert len(line.data) <= MAX_LINE
    except InvalidArgument:
        pass
