"""What every process of gRPC tells to Prometheus, read when it is asked for; docs/metrics.md lists it.

Imported where metrics are wanted alone: prometheus_client takes a while to load.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from cocite.core.settings import Settings
from cocite.serving.metrics_listener import listening
from cocite.serving.rpc_meter import BOUNDS, Durations, RpcMeter
from cocite.serving.server import GrpcServer

Read = Callable[[], Iterable[Metric]]
CacheCounts = Callable[[], Mapping[str, int]]


class Reading(Collector):
    """A collector of what a function reads."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        """See Collector."""
        return self._read()


def counted(
    name: str, help_text: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]
) -> Metric:
    """A counter of values by labels."""
    family = CounterMetricFamily(name, help_text, labels=labels)
    for names, value in values:
        family.add_metric(names, value)
    return family


def gauged(
    name: str, help_text: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]
) -> Metric:
    """Gauges of values by labels."""
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for names, value in values:
        family.add_metric(names, value)
    return family


def gauge(name: str, help_text: str, value: float) -> Metric:
    """One value."""
    return GaugeMetricFamily(name, help_text, value=value)


def timed(name: str, help_text: str, label: str, durations: Mapping[str, Durations]) -> Metric:
    """A histogram of durations by one label."""
    family = HistogramMetricFamily(name, help_text, labels=(label,))
    for key, measured in durations.items():
        counts, sum_s = measured.read()
        buckets, total = [], 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), counts, strict=True):
            total += count
            buckets.append((bound, float(total)))
        family.add_metric((key,), buckets, sum_s)
    return family


@contextmanager
def telling(settings: Settings, server: GrpcServer, meter: RpcMeter, reads: Iterable[Read]) -> Iterator[str]:
    """Meanwhile tell of a gRPC server and what else is read; gives the address. Raises as listening() does."""
    calls = rpc_metrics(meter, server, settings.max_concurrent_calls)
    with listening(settings.metrics_listen, [Reading(read) for read in (calls, *reads)]) as address:
        yield address


def build_metric() -> Metric:
    """The release that runs."""
    return InfoMetricFamily("cocite_build", "The release of cocite.", value={"version": version("cocite")})


def rpc_metrics(meter: RpcMeter, server: GrpcServer, limit: int) -> Read:
    """The calls of a gRPC server."""

    def read() -> Iterator[Metric]:
        yield build_metric()
        yield gauge("cocite_ready", "1 while the process is SERVING.", float(server.ready))
        yield counted("cocite_rpc_calls", "Calls that ended, by status.", ("method", "code"), meter.calls())
        help_text = "Time of the calls that were computed; those answered from memory are not timed."
        yield timed("cocite_rpc_duration_seconds", help_text, "method", meter.durations())
        yield gauge("cocite_rpc_in_flight", "Calls that are computed or wait for a thread.", server.in_flight)
        yield gauge("cocite_rpc_in_flight_limit", "Calls above which more are refused.", limit)
        yield counted(
            "cocite_rpc_refused", "Calls that failed, by the reason told.", ("reason",), meter.refused.items()
        )
        help_text = "Answers that lacked something, by what was missing."
        yield counted("cocite_degraded_answers", help_text, ("cause",), meter.degraded.items())

    return read


def cache_metrics(caches: Mapping[str, CacheCounts]) -> Read:
    """How often each cache had what was asked of it; its counts name "hits", "misses" and perhaps "damaged"."""
    results = {"hits": "hit", "misses": "miss", "damaged": "damaged"}

    def read() -> Iterator[Metric]:
        yield counted(
            "cocite_cache_reads",
            "What was asked of a cache, and whether it was there.",
            ("cache", "result"),
            [
                ((cache, result), counts.get(name, 0))
                for cache, count in caches.items()
                for counts in [count()]
                for name, result in results.items()
            ],
        )

    return read


def breaker_metrics(breakers: Mapping[str, Callable[[], bool]]) -> Read:
    """Which of what this process asks is left alone at the moment; each says whether it is well."""

    def read() -> Iterator[Metric]:
        states = [((target,), float(not well())) for target, well in breakers.items()]
        yield gauged(
            "cocite_breaker_open", "1 while a service or store is left alone after failures.", ("target",), states
        )

    return read


def redis_metrics(counts: Mapping[str, int]) -> Read:
    """How often Redis failed; counts are those of a RedisStore."""

    def read() -> Iterator[Metric]:
        values = [((name,), counts.get(name, 0)) for name in ("failures", "skipped")]
        yield counted(
            "cocite_redis_troubles", "Commands that failed, or were skipped as Redis is left alone.", ("kind",), values
        )

    return read
