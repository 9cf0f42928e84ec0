"""The metrics of several worker processes, told at one address by the parent that started them.

Each worker tells its own at a socket file. What it tells is given on under its name, with a label that says which
worker it was; Prometheus adds them up.
"""

import http.client
import socket
from collections.abc import Iterable, Iterator, Mapping

import structlog
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from cocite.serving.metrics_listener import PATH

log = structlog.get_logger("cocite.metrics")

TIMEOUT_S = 1.0  # that a worker is waited for; one that is down is left out


class MergedMetrics(Collector):
    """Those of workers, by the paths of their socket files."""

    def __init__(self, workers: Mapping[str, str]) -> None:
        self._workers = workers

    def collect(self) -> Iterable[Metric]:
        """See Collector."""
        merged: dict[str, Metric] = {}
        for worker, path in self._workers.items():
            for family in _told_at(path):
                whole = merged.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for sample in family.samples:
                    labels = {"worker": worker, **sample.labels}
                    whole.samples.append(sample._replace(labels=labels))
        return merged.values()


def _told_at(path: str) -> Iterator[Metric]:
    connection = _OverSocketFile(path)
    try:
        connection.request("GET", PATH)
        text = connection.getresponse().read().decode()
    except (OSError, http.client.HTTPException) as error:
        log.debug("no metrics of a worker", path=path, error=str(error))
        return
    finally:
        connection.close()
    yield from text_string_to_metric_families(text)


class _OverSocketFile(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Dial the file."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(self._path)
