"""What the embedding service tells to Prometheus."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

from prometheus_client.core import InfoMetricFamily, Metric

from cocite.core.settings import Settings
from cocite.embedding.batching import Batcher
from cocite.embedding.cache import VectorCache
from cocite.serving.metrics import breaker_metrics, cache_metrics, counted, gauge, telling
from cocite.serving.rpc_meter import RpcMeter
from cocite.serving.server import GrpcServer


def tell(
    settings: Settings, server: GrpcServer, meter: RpcMeter, batcher: Batcher, cache: VectorCache, model: str
) -> AbstractContextManager[str]:
    """Meanwhile tell what is measured; model is the version of the encoder. Raises as listening() does."""

    def read() -> Iterator[Metric]:
        counts = batcher.counts
        yield InfoMetricFamily("cocite_embedding_model", "The embedding model.", value={"version": model})
        yield gauge("cocite_embedding_queue_tokens", "Tokens that wait for a worker.", batcher.waiting_tokens)
        yield gauge("cocite_embedding_queue_limit_tokens", "Tokens that may wait.", settings.embedding_queue_tokens)
        yield counted("cocite_embedding_batches", "Batches encoded.", (), [((), counts.batches)])
        yield counted("cocite_embedding_texts", "Texts encoded.", (), [((), counts.texts)])
        yield counted("cocite_embedding_tokens", "Tokens encoded, without padding.", (), [((), counts.tokens)])
        padded = [((), counts.padded_tokens)]
        yield counted("cocite_embedding_padded_tokens", "Tokens encoded, padding included.", (), padded)
        yield gauge("cocite_embedding_batch_limit_tokens", "Tokens of a full batch.", settings.embedding_batch_tokens)

    caches, breakers = (
        cache_metrics({"embedding": cache.reads.counts}),
        breaker_metrics({"features": lambda: cache.well}),
    )
    return telling(settings, server, meter, (read, caches, breakers))
