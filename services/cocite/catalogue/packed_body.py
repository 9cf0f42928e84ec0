"""The body of an answer, unpacked step by step: a step gives so many bytes at most, however little comes in."""

import zlib
from collections.abc import Iterable, Iterator

_STEP = 1 << 20


class Damaged(Exception):
    """The body is not what its Content-Encoding says."""


def unpacked_body(encoding: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces of at most a MiB, or as they come where nothing is packed. Only gzip is read, which was asked for."""
    if encoding.strip().lower() in ("", "identity"):
        yield from chunks
        return
    if encoding.strip().lower() not in ("gzip", "x-gzip"):
        raise Damaged(f"the answer is packed by {encoding:.20}, not gzip")
    member = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            waiting = chunk
            while waiting and not member.eof:
                yield member.decompress(waiting, _STEP)
                waiting = member.unconsumed_tail
            if waiting or member.unused_data:  # a second member, which no server sends
                raise Damaged("more follows on the packed answer")
    except zlib.error:
        raise Damaged("the packed answer is damaged") from None
    if not member.eof:
        raise Damaged("the packed answer ends early")
