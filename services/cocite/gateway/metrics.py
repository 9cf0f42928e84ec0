"""What the gateway tells to Prometheus."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager

from prometheus_client.core import Metric

from cocite.core.settings import Settings
from cocite.gateway.http_meter import HttpMeter
from cocite.serving.metrics import Reading, build_metric, cache_metrics, counted, gauge, timed
from cocite.serving.metrics_listener import listening


def tell(settings: Settings, meter: HttpMeter) -> AbstractContextManager[str]:
    """Meanwhile tell what is measured. Raises as listening() does."""

    def requests() -> Iterator[Metric]:
        yield build_metric()
        yield counted("cocite_http_requests", "Requests that ended.", ("route", "status"), meter.requests())
        yield timed("cocite_http_duration_seconds", "Time of the requests.", "route", meter.durations())
        yield gauge("cocite_http_in_flight", "Requests that are answered.", meter.in_flight)
        limit = settings.max_concurrent_calls
        yield gauge("cocite_http_in_flight_limit", "Requests above which more are refused.", limit)
        help_text = "Requests that were turned away before they were looked at, by the reason told."
        yield counted("cocite_http_refused", help_text, ("reason",), meter.refused.items())

    def cached() -> Mapping[str, int]:
        return {"hits": meter.hits.value, "misses": meter.misses.value}

    reads = (requests, cache_metrics({"responses": cached}))
    return listening(settings.metrics_listen, [Reading(read) for read in reads])
