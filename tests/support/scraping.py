"""Metrics as Prometheus reads them."""

import urllib.request
from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families


def scrape(address: str) -> dict[str, Metric]:
    """The families that are told at host:port, by name, counters without _total."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        return {family.name: family for family in text_string_to_metric_families(answer.read().decode())}


def value(families: dict[str, Metric], name: str, **labels: str) -> float:
    """Sum of the samples of this name that have these labels."""
    samples = [sample for family in families.values() for sample in family.samples if sample.name == name]
    return sum(each.value for each in samples if labels.items() <= each.labels.items())


def series_names(families: Iterable[Metric]) -> set[str]:
    """The names that a query may ask for, whether or not there is a sample yet."""
    names: set[str] = set()
    for family in families:
        ends = {
            "counter": ("_total",),
            "histogram": ("_bucket", "_count", "_sum"),
        }.get(family.type, ("",))
        names |= {f"{family.name}{end}" for end in ends}
    return names
