"""What the recommender tells to Prometheus."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from prometheus_client.core import Metric

from cocite.cache.answers import SharedAnswers
from cocite.core.settings import Settings
from cocite.recommender.clients import EmbeddingClient, FeatureClient
from cocite.recommender.recall_probe import RecallProbe
from cocite.recommender.reload import Models
from cocite.recommender.texts import TextVectors
from cocite.serving.metrics import Read, breaker_metrics, cache_metrics, gauge, gauged, redis_metrics, telling
from cocite.serving.rpc_meter import RpcMeter
from cocite.serving.server import GrpcServer
from cocite.serving.wire_cache import WireCache


@contextmanager
def tell(
    settings: Settings,
    server: GrpcServer,
    meter: RpcMeter,
    wire: WireCache,
    models: Models,
    texts: TextVectors,
    features: FeatureClient,
    embedding: EmbeddingClient,
) -> Iterator[None]:
    """Meanwhile tell what is measured. Raises as listening() does."""

    def of_wire() -> Mapping[str, int]:
        return {"hits": sum(meter.hits().values()), "misses": wire.misses.value}

    def memory() -> Iterator[Metric]:
        yield gauge("cocite_wire_cache_bytes", "Bytes of answers in memory.", wire.size)
        yield gauge("cocite_wire_cache_limit_bytes", "Bytes that may be.", settings.wire_cache_bytes)

    caches = {"wire": of_wire, "texts": texts.reads.counts}
    breakers = {"features": lambda: features.well, "embedding": lambda: embedding.well}
    reads: list[Read] = [model_metrics(models), memory]
    shared = wire.second
    if isinstance(shared, SharedAnswers):
        caches["shared_answers"] = lambda: shared.counts
        breakers["redis"] = lambda: shared.well
        reads.append(redis_metrics(shared.troubles))
    probe = RecallProbe(models)
    reads += [recall_metrics(probe), cache_metrics(caches), breaker_metrics(breakers)]
    with telling(settings, server, meter, reads):
        probe.start()
        try:
            yield
        finally:
            probe.close()


def recall_metrics(probe: RecallProbe) -> Read:
    """How well the indexes of the serving model find."""

    def read() -> Iterator[Metric]:
        help_text = (
            "Share of the nearest papers that an index finds, of a few papers; nothing where a model has no index."
        )
        yield gauged("cocite_index_recall", help_text, ("index",), [((name,), r) for name, r in probe.recall.items()])

    return read


def model_metrics(models: Models) -> Read:
    """The model that serves."""

    def read() -> Iterator[Metric]:
        model = models.serving
        manifest = model.bundle.manifest if model else None
        versions = [((manifest.model_version,), 1.0)] if manifest else []
        yield gauged("cocite_model_info", "The version of the model that serves.", ("version",), versions)
        made = [((), datetime.fromisoformat(manifest.created_at).timestamp())] if manifest else []
        yield gauged("cocite_model_created_timestamp_seconds", "When the model was made.", (), made)
        papers = [((), float(manifest.paper_count - model.fresh_count))] if model and manifest else []
        yield gauged("cocite_model_papers", "Papers that the model was trained with.", (), papers)
        fresh = [((), float(model.fresh_count))] if model else []
        yield gauged("cocite_model_fresh_papers", "Papers newer than the model that are recommended, too.", (), fresh)
        yield gauge("cocite_model_refused", "1 while the published version is refused.", float(models.refuses))

    return read
