"""COCITE_REDIS_URL taken apart: one Redis, the primary that Sentinels name, or a Cluster."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import redis
from redis.connection import parse_url

from cocite.core.errors import InvalidArgument

_OPTIONS = ("db", "username", "password", "client_name")
_SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")
_PORTS = {"sentinel": 26379, "cluster": 6379}

Address = tuple[str, int]


@dataclass(frozen=True, slots=True, repr=False)  # holds passwords
class RedisPlace:
    """connection: what redis-py makes connections of. sentinels, and the name that they know the primary by; or some
    nodes of a Cluster; or neither.
    """

    connection: dict[str, Any]
    sentinels: tuple[Address, ...] = ()
    primary: str = ""
    of_sentinels: tuple[tuple[str, str], ...] = ()  # user and password, where the Sentinels ask for them
    nodes: tuple[Address, ...] = ()


def parse_redis_url(url: str) -> RedisPlace:
    """The place that a URL names. Raises InvalidArgument, which shows nothing of it: it may hold a password."""
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        scheme, _, kind = parts.scheme.partition("+")
        if not kind:
            _check_options(options, _OPTIONS)
            return RedisPlace(_connection(url))
        if kind not in _PORTS or scheme not in ("redis", "rediss"):
            raise ValueError
        return _several(parts, scheme, kind, options)
    except (ValueError, TypeError, redis.RedisError):  # what they say may hold a part of the password
        raise bad_url("it is no address of a Redis") from None


def _several(parts: SplitResult, scheme: str, kind: str, options: dict[str, str]) -> RedisPlace:
    _check_options(options, _OPTIONS if kind == "cluster" else (*_OPTIONS, *_SENTINEL_OPTIONS))
    user, _, listed = parts.netloc.rpartition("@")
    addresses = tuple(_address(each, _PORTS[kind]) for each in listed.split(","))
    name, _, db = parts.path.strip("/").partition("/")
    if db and not db.isdecimal():
        raise bad_url("what follows the name of the primary is the number of a database")
    of_sentinels = {option: options.pop(option) for option in _SENTINEL_OPTIONS if option in options}
    connection = _connection(f"{scheme}://{user}@{_written(addresses[0])}/{db}?{urlencode(options)}")
    if kind == "cluster":
        if name or connection.get("db"):
            raise bad_url("a Cluster has one database, which has no number and no name")
        return RedisPlace(connection, nodes=addresses)
    if not name:
        raise bad_url("the name that the Sentinels know the primary by is missing")
    given = tuple((option.removeprefix("sentinel_"), value) for option, value in of_sentinels.items())
    return RedisPlace(connection, addresses, name, given)


def _connection(url: str) -> dict[str, Any]:
    return dict(parse_url(url))  # type: ignore[no-untyped-call]


def _address(place: str, default: int) -> Address:
    parts = urlsplit(f"//{place}")
    if not parts.hostname:
        raise ValueError
    return parts.hostname, parts.port or default


def _written(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _check_options(options: dict[str, str], allowed: tuple[str, ...]) -> None:
    if any(name not in allowed and not name.startswith("ssl_") for name in options):
        raise bad_url(f"only {', '.join(allowed)} and ssl_... may follow the question mark")


def bad_url(why: str) -> InvalidArgument:
    """The error that a wrong URL is refused with."""
    return InvalidArgument(
        f"COCITE_REDIS_URL is wrong: {why}",
        hint="write it as redis://host:6379/0, rediss://host:6379/0, unix:///path/to/socket, "
        "redis+sentinel://host:26379,host:26379/primary or redis+cluster://host:6379,host:6379",
        field="COCITE_REDIS_URL",
    )
