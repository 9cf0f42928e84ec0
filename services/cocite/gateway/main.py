"""The gateway process."""

import structlog

from cocite.core.errors import Unavailable
from cocite.core.settings import Settings

log = structlog.get_logger("cocite.gateway")

_KEEP_ALIVE_S = 60
_MOST_HEADER_BYTES = 32 << 10


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises Unavailable when the address cannot be had."""
    import uvicorn

    from cocite.gateway.app import build

    host, _, port = settings.gateway_listen.rpartition(":")
    config = uvicorn.Config(
        lambda: build(settings),
        factory=True,
        host=host.strip("[]"),
        port=int(port),
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=settings.max_concurrent_calls,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, round(settings.drain_s)),
        h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
    )
    server = uvicorn.Server(config)
    log.info("listening", service="gateway", address=settings.gateway_listen)
    try:
        server.run()
    except SystemExit:
        raise Unavailable(f"cannot listen on {settings.gateway_listen}", hint="is another server there?") from None
