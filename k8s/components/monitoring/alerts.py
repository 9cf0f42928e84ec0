"""Writes observability/alerts.yaml as the Prometheus operator wants it, into alerts.yaml beside this file."""

from pathlib import Path

import yaml

HERE = Path(__file__).parent
SOURCE = HERE.parents[2] / "observability" / "alerts.yaml"
HEAD = "# Made by alerts.py from observability/alerts.yaml.\n"


def made() -> str:
    """The text of alerts.yaml."""
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "cocite"},
        "spec": yaml.safe_load(SOURCE.read_text(encoding="utf-8")),
    }
    return HEAD + yaml.safe_dump(rule, sort_keys=False, allow_unicode=True, width=1000)


if __name__ == "__main__":
    (HERE / "alerts.yaml").write_text(made(), encoding="utf-8")
