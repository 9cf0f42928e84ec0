"""How Redis is reached: connections with short waits that nothing is tried twice on.

redis-py left to itself waits 5 s and tries 10 times. Here one timeout bounds each wait for bytes, SLOW_TIMEOUTS of
them the way to a connection, name resolution and the question to the Sentinels included.
"""

import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from cocite.cache.one_redis import OneRedis
from cocite.cache.redis_cluster import RedisCluster
from cocite.cache.redis_url import Address, RedisPlace, bad_url, parse_redis_url

SLOW_TIMEOUTS = 10  # a call, or the way to a connection, that takes longer than so many timeouts is a failure
_DIALLERS = 4

T = TypeVar("T")
Locate = Callable[[], Address]


def connect(url: str, timeout_s: float, max_connections: int) -> OneRedis | RedisCluster:
    """A way to the Redis of a URL, with so many connections to each of its nodes at most; nothing is dialled yet.

    Raises InvalidArgument. This is the only place that knows how Redis is reached.
    """
    place = parse_redis_url(url)
    connecting = _Connecting(timeout_s, max_connections)
    try:
        if place.nodes:
            return RedisCluster(place.nodes, lambda address: connecting.pool(_at(place, address)))
        if place.sentinels:
            connection = {**place.connection, "host": place.primary}  # as long as none has been dialled
            return OneRedis(connecting.pool(connection, _asking_sentinels(place, connecting.waits)))
        return OneRedis(connecting.pool(place.connection))
    except (ValueError, TypeError, redis.RedisError):  # what they say may hold a part of the password
        raise bad_url("it is no address of a Redis") from None


class _Connecting:
    """Makes pools whose connections all have the same short waits."""

    def __init__(self, timeout_s: float, max_connections: int) -> None:
        self.waits = {
            "socket_timeout": timeout_s,
            "socket_connect_timeout": timeout_s,
            "retry": Retry(NoBackoff(), 0),
            "protocol": 2,  # needs no handshake, and MGET and SET gain nothing from RESP3
            "driver_info": None,  # nor from telling the server the library's name, two more round trips a connection
        }
        self._timeout_s = timeout_s
        self._max_connections = max_connections
        self._diallers = ThreadPoolExecutor(_DIALLERS, thread_name_prefix="redis-dial")

    def pool(self, connection: dict[str, Any], locate: Locate | None = None) -> redis.BlockingConnectionPool:
        """A pool of connections that are made with those arguments. Raises ValueError and kin when none can be.

        locate tells each time where to, if that may change.
        """
        pool = redis.BlockingConnectionPool(  # type: ignore[no-untyped-call]
            max_connections=self._max_connections, timeout=self._timeout_s, **self.waits, **connection
        )
        pool.connection_class(**pool.connection_kwargs)
        if issubclass(pool.connection_class, redis.SSLConnection):
            pool.connection_kwargs["redis_connect_func"] = _greet
        if issubclass(pool.connection_class, redis.Connection):
            pool.connection_class = self._dialled_apart(pool.connection_class, locate)
        return pool

    def apart(self, work: Callable[[], T], late: Callable[[T], object] = lambda _: None) -> T:
        """What work gives, done in a thread apart and waited for no longer than SLOW_TIMEOUTS; late gets the rest.

        A name is resolved without a timeout; a resolver that hangs must not take a caller with it.
        """
        future = self._diallers.submit(work)

        def given_late(done: "Future[T]") -> None:
            if not done.cancelled() and not done.exception():
                late(done.result())

        try:
            return future.result(SLOW_TIMEOUTS * self._timeout_s)
        except TimeoutError:
            if not future.cancel():
                future.add_done_callback(given_late)
            raise

    def _dialled_apart(self, kind: type[redis.Connection], locate: Locate | None) -> type[redis.Connection]:
        apart = self.apart

        class Dialled(kind):  # type: ignore[misc, valid-type]  # a base class known at run time only
            def _connect(self) -> socket.socket:
                connected: socket.socket = apart(self._located, socket.socket.close)
                return connected

            def _located(self) -> socket.socket:
                if locate:
                    self.host, self.port = locate()
                connected: socket.socket = super()._connect()
                return connected

            def read_response(self, *arguments: Any, **options: Any) -> Any:
                try:
                    return super().read_response(*arguments, **options)
                except redis.ReadOnlyError:
                    if not locate:
                        raise
                    self.disconnect()  # it has been made a replica: the next command goes to who took its place
                    raise redis.ConnectionError("what was the primary is a replica now") from None

        return Dialled


def _greet(connection: Any) -> None:  # a redis.SSLConnection, whose methods have no types
    """Ask a new connection over TLS once. Servers of TLS 1.3 send tickets after the handshake, unasked; redis-py takes
    what can be read where nothing was asked for an answer gone astray, and hangs up.
    """
    connection.on_connect()
    connection.send_command("PING")
    connection.read_response()


def _asking_sentinels(place: RedisPlace, waits: dict[str, Any]) -> Locate:
    """Tells where the primary is now; raises redis.ConnectionError while no Sentinel knows of one."""
    asking = {**waits, **dict(place.of_sentinels)}
    if place.connection.get("connection_class") is redis.SSLConnection:
        asking |= {"ssl": True, **{name: value for name, value in place.connection.items() if name.startswith("ssl_")}}
    sentinel = Sentinel(place.sentinels, sentinel_kwargs=asking)  # type: ignore[no-untyped-call]

    def locate() -> Address:
        host, port = sentinel.discover_master(place.primary)  # type: ignore[no-untyped-call]
        return host, port

    return locate


def _at(place: RedisPlace, address: Address) -> dict[str, Any]:
    host, port = address
    return {**place.connection, "host": host, "port": port}
