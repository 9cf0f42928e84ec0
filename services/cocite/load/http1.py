"""Load over HTTP/1.1 with kept-alive connections, one request on each at a time: for servers beside ours that speak no
HTTP/2. Bytes in, bytes out, as cocite.load.connection; the pool, the loops and what is told are the same.
"""  # fmt: skip

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cocite.core.errors import Unavailable
from cocite.load.connection import Failure
from cocite.load.link import Link
from cocite.load.requests import Request
from cocite.load.session import LoadSession
from cocite.load.statuses import Status, of_http

_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"
_MAX_HEAD = 1 << 16


@dataclass(frozen=True, slots=True)
class Post:
    """What to POST to a path that is encoded already."""

    path: str
    body: bytes
    content_type: str


def get_request(path: str, authority: str) -> Request:
    """GET of a path that is encoded already."""
    head = _head("GET", path, authority) + _END
    return Request((head,), len(head))


def post_request(post: Post, authority: str) -> Request:
    """POST of a body."""
    fields = f"\r\nContent-Type: {post.content_type}\r\nContent-Length: {len(post.body)}".encode("ascii")
    whole = _head("POST", post.path, authority) + fields + _END + post.body
    return Request((whole,), len(whole))


def _head(verb: str, path: str, authority: str) -> bytes:
    return f"{verb} {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: cocite-load".encode("ascii")


class Http1Connection:
    """State of a connection; see cocite.load.connection.Connection, which says what each means."""

    def __init__(self) -> None:
        self.in_flight: dict[int, float] = {}
        self.done: list[float] = []
        self.failed: list[Failure] = []
        self.returned: list[float] = []
        self.answer_octets = 0
        self.closing = False
        self.ready = True  # there is no greeting
        self.stream_window = 1 << 30  # nor a window
        self._output = b""
        self._rest = b""

    def room(self, octets: int) -> int:
        """One call, when none is under way."""
        return 0 if self.closing or self.in_flight else 1

    def send(self, starts: Sequence[float], requests: Iterator[Request]) -> None:
        """Begin the call there is room for."""
        (start,) = starts
        self.in_flight[0] = start
        self._output += b"".join(next(requests).parts)

    def take_output(self) -> bytes:
        """What has to be written; it is forgotten here."""
        output, self._output = self._output, b""
        return output

    def receive(self, data: bytes) -> None:
        """Take in what came. Raises Unavailable for an answer that is none, or whose length is not told."""
        data = self._rest + data
        head_end = data.find(_END)
        if head_end < 0:
            if len(data) > _MAX_HEAD:
                raise Unavailable(f"the server sends headers over {_MAX_HEAD} bytes")
            self._rest = data
            return
        status, length, closes = _read_head(data[: head_end + 2])
        end = head_end + len(_END) + length
        if len(data) < end:
            self._rest = data
            return
        if len(data) > end or not self.in_flight:
            raise Unavailable("the server sends more than was asked for")
        self._rest = b""
        self.answer_octets += length
        self.closing |= closes
        start = self.in_flight.pop(0)
        if status == 200 and length:
            self.done.append(start)
        else:
            self.failed.append(Failure(start, of_http(status)[0], f"HTTP status {status} with {length} bytes"))

    def expire(self, before: float) -> None:
        """Give up a call that began before that time; what comes of it would be taken for another's answer."""
        if self.in_flight and self.in_flight[0] < before:
            self.fail_all(Status.DEADLINE_EXCEEDED, "no answer within the deadline")

    def fail_all(self, code: int, message: str) -> None:
        """End the call in flight with a status: the connection is gone."""
        self.closing = True
        for start in self.in_flight.values():
            self.failed.append(Failure(start, code, message))
        self.in_flight.clear()


class Http1Session(LoadSession):
    """A LoadSession of GETs of paths, which are encoded already, and of POSTs; on each connection one at a time."""

    def __init__(
        self,
        host: str,
        port: int,
        asked: Sequence[str | Post],
        *,
        connections: int = 1,
        deadline_s: float = 10.0,
        zipf: float | None = 0.0,
        seed: int = 0,
    ) -> None:
        authority = f"{host}:{port}"
        requests = [
            get_request(each, authority) if isinstance(each, str) else post_request(each, authority) for each in asked
        ]
        self._open(_dial(host, port), requests, connections, deadline_s, zipf, seed)


def _dial(host: str, port: int) -> Callable[[], Link]:
    return lambda: Link.open(host, port, Http1Connection())


def _read_head(head: bytes) -> tuple[int, int, bool]:
    """Status, octets of the body, and whether the connection ends with it."""
    lower = head.lower()
    at = lower.find(_LENGTH)
    if not head.startswith(b"HTTP/1.1 ") or at < 0:
        raise Unavailable("the server's answer is no HTTP/1.1 with a content-length")
    try:
        length = int(lower[at + len(_LENGTH) : lower.index(b"\r\n", at + 2)])
        return int(head[9:12]), length, b"\r\nconnection: close\r\n" in lower
    except ValueError:
        raise Unavailable("the server's answer has a broken status or content-length") from None
