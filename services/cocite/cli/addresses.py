"""Where the services of one `cocite up` listen, and the settings that tell each of them."""

import os
import random
import socket

from pydantic import SecretStr

from cocite.core.errors import InvalidArgument, Unavailable
from cocite.core.settings import PREFIX, Settings

SERVICES = ("embedding", "features", "recommender", "feeds", "gateway")  # in the order they are started
_CHOSEN_FROM = range(20_000, 32_768)  # below what Linux gives to outgoing connections (ip_local_port_range)
_TRIES = 20


def with_addresses(settings: Settings) -> Settings:
    """Settings in which every service has an address that is free now, and the others know it.

    A default port that is taken gives way to a free one. Raises Unavailable when an address that was asked for
    is taken.
    """
    changes: dict[str, str] = {}
    held: list[socket.socket] = []  # keeps a chosen port from being chosen twice
    try:
        for service in SERVICES:
            name = f"{service}_listen"
            host, port = split_address(getattr(settings, name), PREFIX + name.upper())
            taken = bind(host, port) if port else bind_any(host)
            if taken is None and name in settings.model_fields_set:
                raise Unavailable(f"{host}:{port} is taken", hint=f"choose another {PREFIX}{name.upper()}")
            bound = taken or bind_any(host)
            if bound is None:
                raise Unavailable(f"no port of {host} is free", hint=f"is {PREFIX}{name.upper()} an address of here?")
            held.append(bound)
            chosen = bound.getsockname()[1]
            changes[name] = f"{host}:{chosen}"
            changes[f"{service}_target"] = f"{_reachable(host)}:{chosen}"
    finally:
        for bound in held:
            bound.close()
    return settings.model_copy(update=changes)


def moved(settings: Settings, placed: Settings) -> list[str]:
    """The default addresses that gave way in placed, because they were taken."""
    names = [f"{service}_listen" for service in SERVICES]
    defaults = [name for name in names if name not in settings.model_fields_set]
    return [getattr(settings, name) for name in defaults if getattr(settings, name) != getattr(placed, name)]


def metrics_address(settings: Settings, service: str) -> str:
    """Where a service of one `cocite up` tells its metrics: the setting's port is the first one's."""
    if not settings.metrics_listen:
        return ""
    host, port = split_address(settings.metrics_listen, f"{PREFIX}METRICS_LISTEN")
    return f"{f'[{host}]' if ':' in host else host}:{port + SERVICES.index(service) if port else 0}"


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a child process that has the same settings.

    Of each service there is but one: a lame-duck pause, unless asked for, would only refuse calls that it could answer.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    for name, value in settings:
        if value is not None:
            plain = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            inherited[PREFIX + name.upper()] = plain
    if "lame_duck_s" not in settings.model_fields_set:
        inherited[f"{PREFIX}LAME_DUCK_S"] = "0"
    return inherited


def split_address(address: str, field: str) -> tuple[str, int]:
    """Host and port of "host:port". Raises InvalidArgument that names the setting."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise InvalidArgument(f"{field} must be host:port, not {address!r}", field=field)
    return host.removeprefix("[").removesuffix("]"), int(port)


def bind(host: str, port: int, shared: bool = False) -> socket.socket | None:
    """A socket with an address of this machine, None when it cannot be had; shared with others who ask for that."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left counts as free, as it does to gRPC
    if shared:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        return None
    return bound


def bind_any(host: str) -> socket.socket | None:
    """A socket with a free port of this machine that nobody is given for outgoing connections.

    One of those may be taken by anybody between the moment it is chosen and the moment a service listens there.
    """
    for port in random.sample(_CHOSEN_FROM, _TRIES):
        if bound := bind(host, port):
            return bound
    return bind(host, 0)


def _reachable(host: str) -> str:
    """Where a listener on host is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
