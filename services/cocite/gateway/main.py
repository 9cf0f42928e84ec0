"""The gateway process."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from ipaddress import ip_network
from typing import TYPE_CHECKING

import structlog

from cocite.core.errors import InvalidArgument, Unavailable
from cocite.core.settings import Settings

if TYPE_CHECKING:
    import uvicorn

    from cocite.gateway.response_cache import App

log = structlog.get_logger("cocite.gateway")

_KEEP_ALIVE_S = 60
_MOST_CONNECTIONS = 768  # most of them idle; a process may have 1024 files, as systems go
_BACKLOG = 128  # connections that are taken before those too many are closed, so that there are files for them
_PART, _LEAST_OF_ONE = 4, 16  # one household has one of so many places of requests, and so many connections at least


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises Unavailable when the address cannot be had."""
    from cocite.gateway.app import build
    from cocite.gateway.http_meter import HttpMeter
    from cocite.gateway.http_server import Ending, HttpServer

    ending, meter = Ending(), HttpMeter()
    server = HttpServer(configured(settings, lambda: build(settings, ending, meter)), ending, settings.lame_duck_s)
    log.info("listening", service="gateway", address=settings.gateway_listen)
    with ExitStack() as stack:
        if settings.metrics_listen:
            from cocite.gateway.metrics import tell

            stack.enter_context(tell(settings, meter))
        try:
            server.run()
        except SystemExit:
            raise Unavailable(f"cannot listen on {settings.gateway_listen}", hint="is another server there?") from None


def configured(settings: Settings, build: "Callable[[], App]") -> "uvicorn.Config":
    """How uvicorn serves what is built. Raises InvalidArgument that names the setting at fault."""
    import uvicorn

    from cocite.gateway.security_connections import BoundedHttp
    from cocite.gateway.security_crowd import Crowd

    proxies = proxies_of(settings.gateway_proxies)
    requests = settings.max_concurrent_calls
    crowd = Crowd(max(_MOST_CONNECTIONS, 2 * requests), max(_LEAST_OF_ONE, requests // _PART), proxies)
    host, _, port = settings.gateway_listen.rpartition(":")
    return uvicorn.Config(
        build,
        factory=True,
        host=host.strip("[]"),
        port=int(port),
        http=partial(BoundedHttp, crowd),  # type: ignore[arg-type]  # makes one, which is all that it is used for
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, round(settings.drain_s)),
    )


def proxies_of(named: str) -> list[str]:
    """Addresses and networks, separated by commas. Raises InvalidArgument that names the setting."""
    proxies = [each.strip() for each in named.split(",") if each.strip()]
    for each in proxies:
        try:
            ip_network(each)
        except ValueError as error:
            raise InvalidArgument(f"COCITE_GATEWAY_PROXIES: {error}", field="COCITE_GATEWAY_PROXIES") from None
    return proxies
