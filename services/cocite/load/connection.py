"""One HTTP/2 connection of a client that makes unary gRPC calls: bytes in, bytes out, no socket (RFC 9113)."""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cocite.core.errors import Unavailable
from cocite.load import frames
from cocite.load.frames import Kind, Setting
from cocite.load.headers import HeaderReader
from cocite.load.requests import Request
from cocite.load.statuses import Status, of_http, of_reset

STREAM_WINDOW = 1 << 20  # octets of an answer that may come before this side has to say something
MAX_IN_FLIGHT = 10_000  # streams, also where the server allows more
MAX_BLOCK = 1 << 16  # octets of one header block
_PREFIX = 5  # octets before a message: whether it is compressed, and its length


class Failure(NamedTuple):
    """A call that failed: when it began, and its status."""

    start: float
    code: int
    message: str


class Connection:
    """State of a connection.

    in_flight: streams, and when the call of each began. done: beginnings of calls that were answered OK; failed: those
    that were not; returned: beginnings of calls that the server says it never looked at. Whoever reads these three
    empties them. answer_octets: all DATA so far. closing: no call can be begun any more.
    """

    def __init__(self, window: int = STREAM_WINDOW, first_stream: int = 1) -> None:
        self.in_flight: dict[int, float] = {}
        self.done: list[float] = []
        self.failed: list[Failure] = []
        self.returned: list[float] = []
        self.answer_octets = 0
        self.stream_window = frames.DEFAULT_WINDOW
        self.closing = False
        self._greeted = self._acknowledged = False
        self._reader = HeaderReader()
        self._rest = b""
        self._block: tuple[int, bytes] | None = None  # flags and beginning of a header block that goes on
        self._bodies: dict[int, int] = {}  # octets of DATA so far of each stream in flight
        self._http: dict[int, int] = {}  # status of HTTP of streams in flight where it is not 200
        self._half = window // 2
        self._half_of_connection = 8 * window
        self._unsaid = 0  # octets read since the last WINDOW_UPDATE of the connection
        self._next = first_stream
        self._max_streams = MAX_IN_FLIGHT
        self._window = frames.DEFAULT_WINDOW
        ours = {Setting.HEADER_TABLE_SIZE: 0, Setting.ENABLE_PUSH: 0, Setting.INITIAL_WINDOW_SIZE: window}
        more = frames.window_update(0, 16 * window - frames.DEFAULT_WINDOW)
        self._output = [frames.PREFACE, frames.settings(ours), more]

    @property
    def ready(self) -> bool:
        """Whether both sides know each other's settings. Calls wait for it: only then are headers free of a table."""
        return self._greeted and self._acknowledged

    def room(self, octets: int) -> int:
        """How many calls of at most octets each may begin now."""
        left = (frames.MAX_STREAM - self._next) // 2 + 1
        self.closing |= left <= 0
        if self.closing or octets > self.stream_window:
            return 0
        return max(0, min(left, self._max_streams - len(self.in_flight), self._window // octets))

    def send(self, starts: Sequence[float], requests: Iterator[Request]) -> None:
        """Begin a call for each of starts, at most as many as there is room for."""
        stream, octets = self._next, 0
        in_flight, output, pack = self.in_flight, self._output, frames.UINT32.pack
        for start, request in zip(starts, requests, strict=False):  # requests have no end
            in_flight[stream] = start
            output.append(pack(stream).join(request.parts))
            octets += request.octets
            stream += 2
        self._next = stream
        self._window -= octets

    def take_output(self) -> bytes:
        """What has to be written; it is forgotten here."""
        output = b"".join(self._output)
        self._output.clear()
        return output

    def receive(self, data: bytes) -> None:
        """Take in what came. Raises Unavailable when the peer breaks the protocol."""
        if self._rest:
            data = self._rest + data
        unpack, known, bodies, in_flight = frames.HEADER.unpack_from, self._reader.known, self._bodies, self.in_flight
        position, end, read = 0, len(data), 0
        while end - position >= frames.HEADER_BYTES:
            word, flags, stream = unpack(data, position)
            begin, length, kind = position + 9, word >> 8, word & 255
            if begin + length > end:
                break
            position = begin + length
            # First what nearly all frames are: DATA with more to come, and header blocks that were seen before.
            if kind == 0 and flags == 0 and stream in in_flight:
                read += length
                bodies[stream] = size = bodies.get(stream, 0) + length
                if size >= self._half:
                    self._allow_more(stream, size, length)
            elif kind == 1 and flags & ~1 == 4 and (fields := known.get(data[begin:position])):
                if flags == 4 and fields.http == 200:
                    continue
                if fields.grpc == 0 and bodies.get(stream, 0) >= _PREFIX:
                    del bodies[stream]
                    self.done.append(in_flight.pop(stream))
                else:
                    self._headers(flags, stream, data[begin:position])
            else:
                self._unusual(kind, flags, stream, data[begin:position])
        self._rest = data[position:]
        if len(self._rest) >= 9 and unpack(self._rest)[0] >> 8 > frames.MAX_FRAME:
            raise Unavailable("the server sends frames over the size agreed on")
        self._count(read)

    def expire(self, before: float) -> None:
        """Cancel the calls that began before that time."""
        while self.in_flight:
            stream, start = next(iter(self.in_flight.items()))  # they are in the order in which they began
            if start >= before:
                return
            self._output.append(frames.reset(stream, frames.ErrorCode.CANCEL))
            self._end(stream, Status.DEADLINE_EXCEEDED, "no answer within the deadline")

    def fail_all(self, code: int, message: str) -> None:
        """End every call in flight with a status: the connection is gone."""
        self.closing = True
        for stream in list(self.in_flight):
            self._end(stream, code, message)

    def _end(self, stream: int, code: int, message: str) -> None:
        start = self.in_flight.pop(stream, None)
        size = self._bodies.pop(stream, 0)
        self._http.pop(stream, None)
        if start is None:  # cancelled before
            return
        if code == Status.OK and size < _PREFIX:
            code, message = Status.INTERNAL, "status OK, and no message"
        if code == Status.OK:
            self.done.append(start)
        else:
            self.failed.append(Failure(start, code, message))

    def _count(self, octets: int) -> None:
        """Count DATA towards the window of the connection, and open it again in time."""
        self.answer_octets += octets
        self._unsaid += octets
        if self._unsaid >= self._half_of_connection:
            self._output.append(frames.window_update(0, self._unsaid))
            self._unsaid = 0

    def _allow_more(self, stream: int, size: int, latest: int) -> None:
        """Open a stream's window by a half for each half that it has used up."""
        halves = size // self._half - (size - latest) // self._half
        if halves:
            self._output.append(frames.window_update(stream, halves * self._half))

    def _unusual(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        """Every frame but the most frequent. Kinds that are not known are passed over (5.5)."""
        try:
            match kind:
                case Kind.DATA:
                    self._data(flags, stream, payload)
                case Kind.HEADERS | Kind.CONTINUATION:
                    self._headers(flags, stream, payload, goes_on=kind == Kind.CONTINUATION)
                case Kind.RST_STREAM:
                    self._reset(stream, *frames.UINT32.unpack(payload))
                case Kind.SETTINGS:
                    self._settings(flags, payload)
                case Kind.PING if not flags & frames.ACK:
                    self._output.append(frames.frame(Kind.PING, frames.ACK, 0, payload))
                case Kind.GOAWAY:
                    self._go_away(frames.UINT32.unpack_from(payload)[0] & frames.MAX_STREAM)
                case Kind.WINDOW_UPDATE if stream == 0:
                    self._window += frames.UINT32.unpack(payload)[0]
                case Kind.PUSH_PROMISE:
                    raise Unavailable("the server pushes, though it was told not to")
        except (struct.error, IndexError):
            raise Unavailable(f"the server sends a broken frame of kind {kind}") from None

    def _data(self, flags: int, stream: int, payload: bytes) -> None:
        """DATA that ends a stream, is padded, or comes for a call that was cancelled. Padding counts for windows."""
        self._count(len(payload))
        if stream in self.in_flight:
            padding = payload[0] + 1 if flags & frames.PADDED else 0
            size = self._bodies[stream] = self._bodies.get(stream, 0) + len(payload)
            self._allow_more(stream, size, len(payload))
            self._bodies[stream] -= padding
            if flags & frames.END_STREAM:
                self._end(stream, *of_http(self._http.get(stream, 200)))

    def _headers(self, flags: int, stream: int, payload: bytes, goes_on: bool = False) -> None:
        if goes_on and self._block:
            first_flags, begun = self._block
            flags, payload = first_flags | flags & frames.END_HEADERS, begun + payload
        elif goes_on or self._block:
            raise Unavailable("the server mixes up the frames of header blocks")
        else:
            padding = payload[0] if flags & frames.PADDED else 0
            skipped = (1 if flags & frames.PADDED else 0) + (5 if flags & frames.PRIORITY else 0)
            payload = payload[skipped : len(payload) - padding]
        if len(payload) > MAX_BLOCK:
            raise Unavailable(f"the server sends headers over {MAX_BLOCK} bytes")
        self._block = None if flags & frames.END_HEADERS else (flags, payload)
        if self._block is None:
            self._fields(stream, payload, last=bool(flags & frames.END_STREAM))

    def _fields(self, stream: int, block: bytes, last: bool) -> None:
        fields = self._reader.read(block)
        if fields.http is not None and fields.http != 200 and stream in self.in_flight:
            self._http[stream] = fields.http
        if last and fields.grpc is not None:
            self._end(stream, fields.grpc, fields.message)
        elif last:
            self._end(stream, *of_http(self._http.get(stream, 200)))

    def _settings(self, flags: int, payload: bytes) -> None:
        if flags & frames.ACK:
            self._acknowledged = True
            return
        theirs = frames.read_settings(payload)
        self._max_streams = min(theirs.get(Setting.MAX_CONCURRENT_STREAMS, self._max_streams), MAX_IN_FLIGHT)
        self.stream_window = theirs.get(Setting.INITIAL_WINDOW_SIZE, self.stream_window)
        self._greeted = True
        self._output.append(frames.frame(Kind.SETTINGS, frames.ACK, 0))

    def _reset(self, stream: int, code: int) -> None:
        if code == frames.ErrorCode.REFUSED_STREAM:  # grpcio counts a stream as open for a moment after its end
            self._return(stream)
        else:
            self._end(stream, *of_reset(code))

    def _go_away(self, last_stream: int) -> None:
        """Begin nothing more; calls after last_stream were not looked at, those before go on to their end (6.8)."""
        self.closing = True
        for stream in [stream for stream in self.in_flight if stream > last_stream]:
            self._return(stream)

    def _return(self, stream: int) -> None:
        """A call of which the server says that it did nothing for it (8.7)."""
        if stream in self.in_flight:
            self.returned.append(self.in_flight.pop(stream))
        self._bodies.pop(stream, None)
        self._http.pop(stream, None)
