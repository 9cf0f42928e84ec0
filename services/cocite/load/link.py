"""A connection and the socket that it goes over."""

import socket
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from cocite.core.errors import Unavailable
from cocite.load.connection import Failure
from cocite.load.requests import Request

CONNECT_TIMEOUT_S = 5.0  # until both sides know each other's settings
_READ_OCTETS = 1 << 17


class Speaker(Protocol):
    """One connection's protocol, bytes in and bytes out: cocite.load.connection.Connection, which says what each of
    these means, or http1.Http1Connection."""

    in_flight: dict[int, float]
    done: list[float]
    failed: list[Failure]
    returned: list[float]
    answer_octets: int
    stream_window: int
    closing: bool

    @property
    def ready(self) -> bool: ...  # noqa: D102
    def room(self, octets: int) -> int: ...  # noqa: D102
    def send(self, starts: Sequence[float], requests: Iterator[Request]) -> None: ...  # noqa: D102
    def take_output(self) -> bytes: ...  # noqa: D102
    def receive(self, data: bytes) -> None: ...  # noqa: D102
    def expire(self, before: float) -> None: ...  # noqa: D102
    def fail_all(self, code: int, message: str) -> None: ...  # noqa: D102


class Link:
    """Moves bytes between a connection and its socket without ever waiting."""

    def __init__(self, connection: Speaker, connected: socket.socket) -> None:
        self.connection = connection
        self._socket = connected
        self._unsent = b""

    @classmethod
    def open(cls, host: str, port: int, connection: Speaker) -> "Link":
        """A connection that is ready for calls. Raises Unavailable when it is not within CONNECT_TIMEOUT_S."""
        address = f"{host}:{port}"
        try:
            connected = socket.create_connection((host, port), CONNECT_TIMEOUT_S)
        except OSError as error:
            raise Unavailable(f"nothing answers at {address}: {error.strerror or error}") from None
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            deadline = time.monotonic() + CONNECT_TIMEOUT_S
            while not connection.ready:
                connected.settimeout(max(deadline - time.monotonic(), 1e-3))
                connected.sendall(connection.take_output())
                data = connected.recv(_READ_OCTETS)
                if not data:
                    raise Unavailable("the server closed the connection")
                connection.receive(data)
            connected.setblocking(False)
        except (OSError, Unavailable) as error:
            connected.close()
            hint = "the load generator asks gRPC servers in plain text, without TLS"
            raise Unavailable(f"{address} does not greet as gRPC does: {error}", hint=hint) from None
        return cls(connection, connected)

    def fileno(self) -> int:
        """For select."""
        return self._socket.fileno()

    @property
    def blocked(self) -> bool:
        """Whether the socket takes no more for now."""
        return bool(self._unsent)

    def room(self, octets: int) -> int:
        """How many calls of at most octets each may be sent now."""
        return 0 if self._unsent else self.connection.room(octets)

    def write(self) -> None:
        """Write what the connection has to say, as far as the socket takes it. Raises OSError when it is gone."""
        output = self._unsent + self.connection.take_output()
        if output:
            try:
                self._unsent = output[self._socket.send(output) :]
            except BlockingIOError:
                self._unsent = output

    def read(self) -> bytes:
        """What has come. Raises OSError when the connection is gone."""
        try:
            data = self._socket.recv(_READ_OCTETS)
        except BlockingIOError:
            return b""
        if not data:
            raise ConnectionResetError("the server closed the connection")
        return data

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
