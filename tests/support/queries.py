"""What alerts and dashboards ask Prometheus for."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[2] / "observability"
_STRINGS = re.compile(r'"[^"]*"')
_METRICS = re.compile(r"\b((?:cocite|process|python)_\w+|up)\b(?![\w(])")


def alerts() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]


def rules() -> list[str]:
    return [rule["expr"] for rule in alerts()]


def dashboards() -> list[str]:
    files = [json.loads(path.read_text()) for path in sorted((FOLDER / "dashboards").glob("*.json"))]
    return [target["expr"] for file in files for panel in file["panels"] for target in panel["targets"]]


def metrics_asked(query: str) -> set[str]:
    """Names of the metrics in a query."""
    return set(_METRICS.findall(_STRINGS.sub("", query)))
