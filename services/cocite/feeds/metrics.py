"""What the feed service tells to Prometheus.

What lies in the catalogue is read in a thread now and then, not when somebody scrapes: a catalogue that hangs must not
take the metrics of everything else with it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from prometheus_client.core import Metric

from cocite.cache.redis_store import RedisStore
from cocite.catalogue.store import Catalogue
from cocite.catalogue.vitals import Vitals, uncounted_since, vitals
from cocite.core.settings import Settings
from cocite.feeds.recommending import Recommending
from cocite.feeds.recording import Recording
from cocite.feeds.trending.service import Trending
from cocite.serving.health_watch import HealthWatch
from cocite.serving.metrics import breaker_metrics, counted, gauge, gauged, redis_metrics, telling
from cocite.serving.rpc_meter import RpcMeter
from cocite.serving.server import GrpcServer

LOOK_S = 15.0  # between looks at the catalogue


@contextmanager
def tell(
    settings: Settings,
    server: GrpcServer,
    meter: RpcMeter,
    catalogue: Catalogue,
    store: RedisStore,
    recommending: Recommending,
    recording: Recording,
    trending: Trending,
) -> Iterator[None]:
    """Meanwhile tell what is measured. Raises as listening() does."""
    looks = CatalogueLooks(catalogue, lambda: trending.cursor)

    def events() -> Iterator[Metric]:
        yield counted(
            "cocite_events", "Events that were sent, by what became of them.", ("status",), recording.counts()
        )

    breakers = breaker_metrics({"redis": lambda: store.well, "recommender": lambda: recommending.well})
    with ExitStack() as stack:
        stack.callback(HealthWatch([looks.look], lambda _: None, LOOK_S).close)
        stack.enter_context(
            telling(settings, server, meter, (events, looks.read, breakers, redis_metrics(store.counts)))
        )
        yield


class CatalogueLooks:
    """What the last look at the catalogue found. cursor: the last event that trending has counted, None if unknown.

    clock returns seconds since 1970.
    """

    def __init__(
        self, catalogue: Catalogue, cursor: Callable[[], int | None], clock: Callable[[], float] = time.time
    ) -> None:
        self._catalogue = catalogue
        self._cursor = cursor
        self._clock = clock
        self._found: Vitals | None = None
        self._waiting_since: float | None = None
        self._looked_at: float | None = None

    def look(self) -> None:
        """Look. Raises what the catalogue raises; then what was found before stays."""
        found, cursor = vitals(self._catalogue), self._cursor()
        waiting_ms = None if cursor is None else uncounted_since(self._catalogue, cursor)
        self._found, self._looked_at = found, self._clock()
        self._waiting_since = None if waiting_ms is None else waiting_ms / 1000

    def read(self) -> Iterator[Metric]:
        """The metrics."""
        found, since = self._found, self._waiting_since
        looked = _known(self._looked_at)
        yield gauged(
            "cocite_catalogue_looked_timestamp_seconds", "When the catalogue was last read for this.", (), looked
        )
        lag_s = 0.0 if since is None else max(0.0, self._clock() - since)
        yield gauge("cocite_trending_lag_seconds", "Age of the oldest event that trending has not counted.", lag_s)
        mails = [*found.mails.items()] if found else []
        yield gauged("cocite_mails", "Mails in the catalogue, by kind and state.", ("kind", "state"), mails)
        arrivals = _known(found.arrivals if found else None)
        yield gauged("cocite_catalogue_arrivals", "Number of the last change to the papers.", (), arrivals)
        followed = [((name,), at.timestamp()) for name, at in found.followed.items()] if found else []
        help_text = "When the last whole look at a followed source began."
        yield gauged("cocite_follow_success_timestamp_seconds", help_text, ("source",), followed)


def _known(value: float | None) -> Sequence[tuple[tuple[str, ...], float]]:
    return [] if value is None else [((), float(value))]
