"""Header blocks of answers, read."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from hpack import Decoder, HPACKError

from cocite.core.errors import Unavailable
from cocite.load.statuses import Status

MAX_KNOWN = 1024  # header blocks remembered; they are few, unless a server tells something new in each


@dataclass(frozen=True, slots=True)
class Fields:
    """What matters of a header block: status of HTTP and of gRPC, None where it tells none, and gRPC's message."""

    http: int | None
    grpc: int | None
    message: str


class HeaderReader:
    """Decodes header blocks of one connection, each different one once.

    That is right because the connection announces SETTINGS_HEADER_TABLE_SIZE 0: the peer has no dynamic table
    (RFC 7541 4.2), so the same bytes always mean the same. A peer that refers to one regardless is told apart.
    """

    def __init__(self) -> None:
        self._decoder = Decoder()
        self._decoder.max_allowed_table_size = 0
        self._decoder.header_table_size = 0
        self.known: dict[bytes, Fields] = {}

    def read(self, block: bytes) -> Fields:
        """The fields of a block. Raises Unavailable when it is no HPACK."""
        found = self.known.get(block)
        if found is None:
            try:
                found = _fields(self._decoder.decode(block, raw=True))
            except HPACKError as error:
                raise Unavailable(f"the server sends headers that cannot be decoded: {error}") from None
            if len(self.known) >= MAX_KNOWN:
                self.known.clear()
            self.known[block] = found
        return found


def _fields(pairs: Iterable[tuple[bytes, bytes]]) -> Fields:
    told = dict(pairs)
    message = unquote(told.get(b"grpc-message", b"").decode("ascii", errors="replace"), errors="replace")
    return Fields(_number(told.get(b":status")), _number(told.get(b"grpc-status")), message)


def _number(value: bytes | None) -> int | None:
    """A status; UNKNOWN when there is one that is no number, as gRPC's clients take it."""
    if value is None:
        return None
    return int(value) if value.isdigit() and len(value) < 6 else Status.UNKNOWN
