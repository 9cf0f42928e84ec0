"""Commands over connections that stay out of redis-py's pool, whose lending costs more than a GET itself."""

from collections import deque
from contextlib import suppress
from typing import Any

import redis


class KeptConnections:
    """As many connections of a pool as commands were ever under way at once. Thread-safe."""

    def __init__(self, pool: redis.ConnectionPool) -> None:
        self._pool = pool
        self._kept: deque[Any] = deque()  # of what the pool makes; redis-py names no public type for it

    def command(self, *parts: bytes) -> Any:
        """What Redis answers to a command. Raises what redis-py raises.

        A connection on which something went wrong is cut by redis-py and dialled anew by its next command. After a
        failure the pool gets all of them back, and looks whether each is still good before it lends it again.
        """
        try:
            connection = self._kept.popleft()
        except IndexError:
            connection = self._pool.get_connection()
        try:
            connection.send_packed_command((_packed(parts),))
            answer = connection.read_response()
        except redis.ResponseError:
            self._kept.appendleft(connection)
            raise
        except BaseException:
            connection.disconnect()
            self._pool.release(connection)
            self._release_all()
            raise
        self._kept.appendleft(connection)
        return answer

    def _release_all(self) -> None:
        with suppress(IndexError):  # none is left
            while True:
                self._pool.release(self._kept.popleft())


def _packed(parts: tuple[bytes, ...]) -> bytes:
    """A command as it is sent; redis-py packs more types, in several times the time."""
    return b"".join((b"*%d\r\n" % len(parts), *[b"$%d\r\n%b\r\n" % (len(part), part) for part in parts]))
