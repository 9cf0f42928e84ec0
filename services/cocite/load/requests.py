"""A unary gRPC call as bytes that lack nothing but the number of their stream.

Header fields are literals that are never indexed and never Huffman coded (RFC 7541 6.2.2), so that they mean the same
in every call and every connection, whatever went before.
"""

from dataclasses import dataclass

from cocite.core.errors import InvalidArgument
from cocite.load.frames import DEFAULT_WINDOW, END_HEADERS, END_STREAM, HEADER, MAX_FRAME, UINT32, Kind

MAX_MESSAGE = DEFAULT_WINDOW - 5  # a request goes out in one piece, and every peer's first window holds that much
_METHOD_POST, _SCHEME_HTTP = b"\x83", b"\x86"  # whole fields of the static table (RFC 7541 Appendix A)


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask: path "/package.Service/Method" and the serialised request message."""

    path: str
    message: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """A call on the wire. stream.join(parts) are its frames; octets is what they take of the flow-control window."""

    parts: tuple[bytes, ...]
    octets: int


def prepare(call: Call, authority: str, timeout_s: float | None = None) -> Request:
    """The frames of a call: HEADERS, then DATA of at most MAX_FRAME octets each.

    timeout_s goes along as grpc-timeout. Raises InvalidArgument for a path that is none, and for a message over
    MAX_MESSAGE bytes.
    """
    if not call.path.startswith("/") or not call.path.isascii() or not call.path.isprintable():
        raise InvalidArgument(f"path: must be /package.Service/Method, not {call.path!r:.80}", field="path")
    if len(call.message) > MAX_MESSAGE:
        raise InvalidArgument(
            f"message: {len(call.message)} bytes are more than fit a request; {MAX_MESSAGE} do", field="message"
        )
    block = header_block(call.path, authority, timeout_s)
    body = b"\0" + UINT32.pack(len(call.message)) + call.message
    pieces = [body[start : start + MAX_FRAME] for start in range(0, len(body), MAX_FRAME)]
    parts = [_head(len(block), Kind.HEADERS, END_HEADERS)]
    payload = block
    for piece in pieces:
        parts.append(payload + _head(len(piece), Kind.DATA, END_STREAM if piece is pieces[-1] else 0))
        payload = piece
    return Request((*parts, payload), len(body))


def header_block(path: str, authority: str, timeout_s: float | None) -> bytes:
    """The header fields of a call (PROTOCOL-HTTP2 of gRPC), HPACK coded."""
    fields = [
        (":path", path),
        (":authority", authority),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("user-agent", "cocite-load"),
    ]
    if timeout_s is not None:
        fields.append(("grpc-timeout", grpc_timeout(timeout_s)))
    return _METHOD_POST + _SCHEME_HTTP + b"".join(_literal(name, value) for name, value in fields)


def grpc_timeout(seconds: float) -> str:
    """seconds as the grpc-timeout header tells them, at most eight digits and a unit. Raises InvalidArgument."""
    for unit, scale in (("u", 1e6), ("m", 1e3), ("S", 1.0)):
        if 1 <= seconds * scale < 1e8:
            return f"{round(seconds * scale)}{unit}"
    raise InvalidArgument(f"deadline: must be from 1 us to 1e8 s, not {seconds!r}", field="deadline")


def _head(length: int, kind: Kind, flags: int) -> bytes:
    """A frame's header up to its stream."""
    return HEADER.pack(length << 8 | kind, flags, 0)[:5]


def _literal(name: str, value: str) -> bytes:
    """A field that goes into no table, with a new name."""
    return b"\0" + _string(name) + _string(value)


def _string(text: str) -> bytes:
    data = text.encode("ascii")
    if len(data) < 127:
        return bytes((len(data),)) + data
    rest, length = len(data) - 127, bytearray(b"\x7f")  # an integer over a 7-bit prefix (RFC 7541 5.1)
    while rest >= 128:
        length.append(rest & 127 | 128)
        rest >>= 7
    length.append(rest)
    return bytes(length) + data
