"""Writes the dashboards of Grafana: python observability/dashboards.py. A test compares what is committed.

A panel is a title, a unit and queries; the rest of what Grafana wants is the same for all.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).with_name("dashboards")
WIDTH, HEIGHT, A_ROW = 8, 8, 24


class Panel(NamedTuple):
    """queries: legend by query. unit: Grafana's name of it."""

    title: str
    unit: str
    queries: dict[str, str]
    description: str = ""


def _rate(metric: str, by: str, where: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{{{where}}}[$__rate_interval]))"


def _quantile(quantile: float, metric: str, by: str, where: str = "") -> str:
    return f"histogram_quantile({quantile}, {_rate(f'{metric}_bucket', f'le, {by}', where)})"


JOB = 'job=~"$job"'

OVERVIEW = (
    Panel("Calls a second", "reqps", {_rate("cocite_rpc_calls_total", "job", JOB): "{{job}}"}),
    Panel(
        "Calls that failed",
        "percentunit",
        {
            _rate("cocite_rpc_calls_total", "job, code", f'{JOB}, code!="OK"')
            + " / on (job) group_left "
            + _rate("cocite_rpc_calls_total", "job", JOB): "{{job}} {{code}}"
        },
    ),
    Panel(
        "Time of computed calls, p99",
        "s",
        {_quantile(0.99, "cocite_rpc_duration_seconds", "method", JOB): "{{method}}"},
        "Answers from memory are not timed: they take microseconds.",
    ),
    Panel(
        "Calls under way, of those allowed",
        "percentunit",
        {f"cocite_rpc_in_flight{{{JOB}}} / cocite_rpc_in_flight_limit{{{JOB}}}": "{{job}} {{instance}}"},
    ),
    Panel(
        "Failures by the reason told",
        "reqps",
        {_rate("cocite_rpc_refused_total", "job, reason", JOB): "{{job}} {{reason}}"},
    ),
    Panel(
        "Answers that lack something",
        "reqps",
        {_rate("cocite_degraded_answers_total", "job, cause", JOB): "{{job}} {{cause}}"},
    ),
    Panel("Left alone after failures", "short", {f"cocite_breaker_open{{{JOB}}}": "{{job}} {{instance}} → {{target}}"}),
    Panel("Ready", "short", {f"cocite_ready{{{JOB}}}": "{{job}} {{instance}}"}),
    Panel("Releases", "short", {f"count by (job, version) (cocite_build_info{{{JOB}}})": "{{job}} {{version}}"}),
    Panel("CPU", "short", {_rate("process_cpu_seconds_total", "job, instance", JOB): "{{job}} {{instance}}"}),
    Panel("Memory", "bytes", {f"process_resident_memory_bytes{{{JOB}}}": "{{job}} {{instance}}"}),
    Panel(
        "Open files, of those allowed",
        "percentunit",
        {f"process_open_fds{{{JOB}}} / process_max_fds{{{JOB}}}": "{{job}} {{instance}}"},
    ),
)

ANSWERS = (
    Panel(
        "Hits by cache",
        "percentunit",
        {
            _rate("cocite_cache_reads_total", "cache", 'result="hit"')
            + " / "
            + _rate("cocite_cache_reads_total", "cache"): "{{cache}}"
        },
    ),
    Panel(
        "Damaged values in caches",
        "reqps",
        {_rate("cocite_cache_reads_total", "cache", 'result="damaged"'): "{{cache}}"},
    ),
    Panel(
        "Answers in memory",
        "bytes",
        {"cocite_wire_cache_bytes": "{{instance}}", "cocite_wire_cache_limit_bytes": "most"},
    ),
    Panel("Troubles of Redis", "reqps", {_rate("cocite_redis_troubles_total", "job, kind"): "{{job}} {{kind}}"}),
    Panel("Model", "short", {"count by (version) (cocite_model_info)": "{{version}}"}),
    Panel("Age of the model", "s", {"time() - cocite_model_created_timestamp_seconds": "{{instance}}"}),
    Panel("Papers", "short", {"max(cocite_model_papers)": "trained", "max(cocite_model_fresh_papers)": "newer"}),
    Panel("The published model is refused", "short", {"cocite_model_refused": "{{instance}}"}),
    Panel("Recall of the indexes", "percentunit", {"avg by (index) (cocite_index_recall)": "{{index}}"}),
    Panel(
        "Queue of the embedding service",
        "short",
        {"cocite_embedding_queue_tokens": "{{instance}}", "max(cocite_embedding_queue_limit_tokens)": "most"},
        "Tokens.",
    ),
    Panel(
        "Fill of batches",
        "percentunit",
        {
            "rate(cocite_embedding_padded_tokens_total[$__rate_interval]) / "
            "(rate(cocite_embedding_batches_total[$__rate_interval]) * cocite_embedding_batch_limit_tokens)": "filled",
            "rate(cocite_embedding_tokens_total[$__rate_interval]) / "
            "rate(cocite_embedding_padded_tokens_total[$__rate_interval])": "of that no padding",
        },
    ),
    Panel(
        "Texts encoded",
        "reqps",
        {
            _rate("cocite_embedding_texts_total", "instance"): "{{instance}}",
            "cocite_embedding_model_info": "{{version}}",
        },
    ),
)

READERS = (
    Panel("Requests of the gateway", "reqps", {_rate("cocite_http_requests_total", "status"): "{{status}}"}),
    Panel("Requests by route", "reqps", {f"topk(10, {_rate('cocite_http_requests_total', 'route')})": "{{route}}"}),
    Panel("Time of requests, p99", "s", {_quantile(0.99, "cocite_http_duration_seconds", "route"): "{{route}}"}),
    Panel(
        "Requests under way, of those allowed",
        "percentunit",
        {"cocite_http_in_flight / cocite_http_in_flight_limit": "{{instance}}"},
    ),
    Panel("Turned away, by reason", "reqps", {_rate("cocite_http_refused_total", "reason"): "{{reason}}"}),
    Panel("Events, by what became of them", "reqps", {_rate("cocite_events_total", "status"): "{{status}}"}),
    Panel("Trending lags behind", "s", {"cocite_trending_lag_seconds": "{{instance}}"}),
    Panel("Mails", "short", {"sum by (kind, state) (max without (instance) (cocite_mails))": "{{kind}} {{state}}"}),
    Panel(
        "Since sources were followed",
        "s",
        {"time() - max by (source) (cocite_follow_success_timestamp_seconds)": "{{source}}"},
    ),
    Panel("Changes to papers", "short", {"delta(cocite_catalogue_arrivals[$__interval])": "{{instance}}"}),
    Panel("Since the catalogue was read", "s", {"time() - cocite_catalogue_looked_timestamp_seconds": "{{instance}}"}),
)

DASHBOARDS = {
    "services": ("cocite: services", OVERVIEW),
    "answers": ("cocite: models, caches and embedding", ANSWERS),
    "readers": ("cocite: gateway and readers", READERS),
}


def dashboard(uid: str, title: str, panels: tuple[Panel, ...]) -> dict[str, Any]:
    """What Grafana reads."""
    source = {"type": "prometheus", "uid": "${source}"}
    jobs = {
        "name": "job",
        "type": "query",
        "datasource": source,
        "query": "label_values(cocite_build_info, job)",
        "includeAll": True,
        "multi": True,
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
    }
    return {
        "uid": f"cocite-{uid}",
        "title": title,
        "tags": ["cocite"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}, jobs]},
        "panels": [_panel(number, panel, source) for number, panel in enumerate(panels)],
    }


def _panel(number: int, panel: Panel, source: dict[str, str]) -> dict[str, Any]:
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": source,
        "gridPos": {
            "x": number * WIDTH % A_ROW,
            "y": number * WIDTH // A_ROW * HEIGHT,
            "w": WIDTH,
            "h": HEIGHT,
        },
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": source, "expr": query, "legendFormat": legend}
            for place, (query, legend) in enumerate(panel.queries.items())
        ],
    }


def files() -> dict[str, str]:
    """What each dashboard's file holds, by its name."""
    return {
        f"{uid}.json": json.dumps(dashboard(uid, title, panels), indent=1, ensure_ascii=False) + "\n"
        for uid, (title, panels) in DASHBOARDS.items()
    }


if __name__ == "__main__":
    for name, content in files().items():
        (FOLDER / name).write_text(content)
