"""Decompressing step by step, with bounds on what a step can expand to.

The readers of gzip and zstandard that come with the libraries either lose the last data before a cut in the file, or
do not notice the cut.
"""

import io
import re
import zlib

_GZIP = b"\x1f\x8b"
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")  # a frame, or one to be skipped
_GZIP_FEED = 1 << 16  # compressed bytes a step
_GZIP_STEP = 1 << 20  # most bytes that come out of a step
_ZSTD_FEED = 2048  # its steps have no such limit, so little goes in
_ZSTD_WINDOW = 1 << 27
_BUFFER = 1 << 20


class Damaged(Exception):
    """The compressed data breaks its format or ends early."""


def unpacked(raw: io.FileIO) -> io.BufferedReader:
    """The bytes of a file, decompressed where its first bytes are those of gzip or zstandard.

    Reading raises Damaged after the last good data; of zstandard data up to 2 KiB (packed) before the damage are lost.
    """
    magic = raw.read(4)
    raw.seek(0)
    if magic.startswith(_GZIP):
        return io.BufferedReader(_GzipReader(raw), _BUFFER)
    if _ZSTD.match(magic):
        return io.BufferedReader(_ZstdReader(raw), _BUFFER)
    return io.BufferedReader(raw, _BUFFER)


class _Reader(io.RawIOBase):
    """Feeds compressed bytes to _step until something comes out."""

    feed = 0

    def __init__(self, raw: io.FileIO) -> None:
        self._raw = raw
        self._compressed = b""
        self._inside = False  # a member or frame is begun and not ended
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """As io.RawIOBase asks."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # io calls it with a memoryview
        """Fill the buffer with what is decompressed, at most one step's worth."""
        while not self._ready:
            if not self._compressed:
                self._compressed = self._raw.read(self.feed) or b""
            if not self._compressed:
                if self._inside:
                    raise Damaged
                return 0
            self._ready = memoryview(self._step())
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _step(self) -> bytes:
        raise AssertionError("a reader has its own step")


class _GzipReader(_Reader):
    feed = _GZIP_FEED
    _damaged = False

    def _step(self) -> bytes:
        if self._damaged:
            raise Damaged
        if not self._inside:
            self._compressed = self._compressed.lstrip(b"\x00")  # padding between members is allowed
            if not self._compressed:
                return b""
            self._member = zlib.decompressobj(wbits=31)
            self._inside = True
        before = self._member.copy()
        try:
            data = self._member.decompress(self._compressed, _GZIP_STEP)
        except zlib.error:
            self._damaged = True
            return self._up_to_damage(before)
        self._inside = not self._member.eof
        self._compressed = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        return data

    def _up_to_damage(self, member: "zlib._Decompress") -> bytes:
        """What a step that failed would have given: zlib keeps it back, but not when it gets single bytes."""
        good = bytearray()
        try:
            for byte in self._compressed:
                good += member.decompress(bytes((byte,)))
        except zlib.error:
            pass
        return bytes(good)


class _ZstdReader(_Reader):
    feed = _ZSTD_FEED

    def __init__(self, raw: io.FileIO) -> None:
        import zstandard

        super().__init__(raw)
        self._error = zstandard.ZstdError
        self._context = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)

    def _step(self) -> bytes:
        if not self._inside:
            self._frame = self._context.decompressobj()
            self._inside = True
        try:
            data = self._frame.decompress(self._compressed)
        except self._error:
            raise Damaged from None
        self._inside = not self._frame.eof
        self._compressed = self._frame.unused_data if self._frame.eof else b""
        return data
