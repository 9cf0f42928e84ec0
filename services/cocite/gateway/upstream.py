"""The services behind the gateway, asked with bytes for bytes."""

from collections.abc import Iterable
from typing import Any

import grpc
import structlog
from grpc_status import rpc_status
from structlog.contextvars import get_contextvars

from cocite.core.errors import Unavailable
from cocite.core.settings import Settings
from cocite.gateway.methods import Method
from cocite.serving.channel import open_aio_channel
from cocite.serving.credentials import credentials_of
from cocite.serving.status import from_rpc_error
from cocite.serving.tracing import Asking, Metadata, going_along

log = structlog.get_logger("cocite.gateway")


class Upstream:
    """Channels to the services, for one event loop. Messages pass through as they are."""

    def __init__(self, settings: Settings, methods: Iterable[Method]) -> None:
        services = sorted({method.service for method in methods})
        credentials = credentials_of(settings)
        self._channels = {name: open_aio_channel(getattr(settings, f"{name}_target"), credentials) for name in services}
        self._calls: dict[str, Any] = {
            method.path: self._channels[method.service].unary_unary(method.path) for method in methods
        }

    async def call(self, method: Method, request: bytes, timeout_s: float) -> bytes:
        """The encoded answer to an encoded request. Raises the CociteError that a failure stands for."""
        try:
            with Asking(method.service):
                answer: bytes = await self._calls[method.path](request, timeout=timeout_s, metadata=_going_along())
        except grpc.aio.AioRpcError as error:
            status = rpc_status.from_call(error)  # type: ignore[arg-type]  # an AioRpcError does as well
            if error.code() is grpc.StatusCode.UNAVAILABLE and status is None:
                # gRPC's own words tell addresses, which are nobody's business outside
                log.warning("cannot be reached", service=method.service, detail=error.details())
                raise Unavailable(
                    f"the {method.service} service cannot be reached", hint="try again in a moment"
                ) from None
            raise from_rpc_error(error) from None
        return answer

    async def close(self) -> None:
        """Hang up."""
        for channel in self._channels.values():
            await channel.close()


def _going_along() -> Metadata | None:
    """What lets the service's log name the request as ours does; nothing for what the gateway asks by itself."""
    return going_along(get_contextvars().get("request_id", ""))
