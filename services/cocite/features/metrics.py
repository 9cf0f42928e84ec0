"""What the feature service tells to Prometheus."""

from contextlib import AbstractContextManager

from cocite.cache.redis_store import RedisStore
from cocite.core.settings import Settings
from cocite.features.papers import PaperReader
from cocite.features.source import CatalogueSource
from cocite.features.vectors import VectorCache
from cocite.serving.metrics import breaker_metrics, cache_metrics, redis_metrics, telling
from cocite.serving.rpc_meter import RpcMeter
from cocite.serving.server import GrpcServer


def tell(
    settings: Settings,
    server: GrpcServer,
    meter: RpcMeter,
    store: RedisStore,
    source: CatalogueSource,
    papers: PaperReader,
    vectors: VectorCache,
) -> AbstractContextManager[str]:
    """Meanwhile tell what is measured. Raises as listening() does."""
    caches = cache_metrics({"papers": lambda: papers.counts, "vectors": lambda: vectors.counts})
    breakers = breaker_metrics({"redis": lambda: store.well, "catalogue": lambda: source.well})
    return telling(settings, server, meter, (caches, breakers, redis_metrics(store.counts)))
