"""Health by itself, in plaintext, for probes that know neither TLS nor certificates, as Kubernetes' do."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health_pb2_grpc

from cocite.core.errors import Unavailable
from cocite.core.settings import PREFIX, Settings
from cocite.serving.health import HealthServicer

_MOST_PROBES = 64  # at once, those that watch included
_LARGEST_QUESTION = 1024  # bytes; a name of a service


class Probes:
    """A listener at COCITE_HEALTH_LISTEN that tells of health and nothing else; none where that is empty.

    Raises Unavailable from start() when the address cannot be bound.
    """

    def __init__(self, settings: Settings, health: HealthServicer) -> None:
        self._listen = settings.health_listen
        self.port = 0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="probes")
        self._server = grpc.server(
            self._pool,
            maximum_concurrent_rpcs=_MOST_PROBES,
            options=(
                ("grpc.so_reuseport", int(settings.workers > 1)),
                ("grpc.max_receive_message_length", _LARGEST_QUESTION),
            ),
        )
        health_pb2_grpc.add_HealthServicer_to_server(health, self._server)

    def start(self) -> None:
        """Bind and answer."""
        if not self._listen:
            return
        try:
            self.port = self._server.add_insecure_port(self._listen)
        except RuntimeError as error:
            raise Unavailable(
                f"cannot listen on {self._listen}", hint=f"{PREFIX}HEALTH_LISTEN is one process's alone"
            ) from error
        self._server.start()

    def stop(self) -> None:
        """Hang up."""
        if self._listen:
            self._server.stop(None).wait()
        self._pool.shutdown(wait=False)
