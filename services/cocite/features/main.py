"""The feature service as a process: Redis, catalogue, readers and server wired together."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import grpc

from cocite.cache.embedded import open_redis
from cocite.cache.keys import Keys
from cocite.core.settings import Settings
from cocite.features.papers import PaperReader
from cocite.features.servicer import FeatureServicer
from cocite.features.source import CatalogueSource
from cocite.features.vectors import VectorCache
from cocite.serving.health_watch import HealthWatch
from cocite.serving.rpc_meter import RpcMeter
from cocite.serving.server import GrpcServer, run
from cocite.v1 import feature_service_pb2, feature_service_pb2_grpc

SERVICE = feature_service_pb2.DESCRIPTOR.services_by_name["FeatureService"].full_name
_SPARE_THREADS = 2  # that never wait for the catalogue, for what Redis has


@dataclass(frozen=True, slots=True)
class FeatureProcess:
    """A feature service wired up; its health follows its stores by itself once the server is started."""

    server: GrpcServer
    resources: ExitStack

    def close(self) -> None:
        """Release what the service holds, after its server has stopped."""
        self.resources.close()


def build(settings: Settings) -> FeatureProcess:
    """Wire the service. Raises InvalidArgument for settings that cannot work, NotReady without a Valkey to embed."""
    with ExitStack() as stack:
        source = CatalogueSource(settings.catalogue, callers=max(1, settings.server_threads - _SPARE_THREADS))
        stack.callback(source.close)
        store, close_store = open_redis(settings)
        stack.callback(close_store)
        keys = Keys(settings.redis_namespace)
        papers = PaperReader(store, source, keys, settings.paper_ttl_s)
        vectors = VectorCache(store, keys, settings.vector_ttl_s)
        servicer = FeatureServicer(papers, source, vectors, settings.default_deadline_s)
        register: Callable[[grpc.Server], None] = partial(
            feature_service_pb2_grpc.add_FeatureServiceServicer_to_server, servicer
        )
        meter = RpcMeter()
        server = GrpcServer(settings, settings.features_listen, [SERVICE], register, meter=meter)
        watch = HealthWatch([store.ping, source.ping], server.set_ready)
        stack.callback(watch.close)
        if settings.metrics_listen:
            from cocite.features.metrics import tell

            stack.enter_context(tell(settings, server, meter, store, source, papers, vectors))
        return FeatureProcess(server, stack.pop_all())


def serve(settings: Settings) -> None:
    """Run the service until SIGTERM or SIGINT."""
    process = build(settings)
    run(process.server, "features", process.close)
