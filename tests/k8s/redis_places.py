"""Where services find Redis, and what Valkeys under Sentinel say of themselves in their scripts."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from cocite.cache.redis_url import parse_redis_url
from k8s.documents import main_container, of_kind, pods, settings

VALKEY = "valkey"
_URL = "COCITE_REDIS_URL"


class Monitored(NamedTuple):
    """The primary as the Sentinels know it."""

    name: str
    port: int
    quorum: int


def redis_urls(docs) -> dict[str, str]:
    """By pod, the URL that its variables say or else the settings of all; not that of a secret."""
    of_all = settings(docs).get(_URL, "")
    found = {
        name: next((each["value"] for each in main_container(pod).get("env", []) if each["name"] == _URL), of_all)
        for name, pod in pods(docs).items()
    }
    return {name: url for name, url in found.items() if url}


def redis_paths(docs) -> set[tuple[str, int]]:
    """Services inside and their ports, that clients of those URLs connect to."""
    found = set()
    for url in redis_urls(docs).values():
        place = parse_redis_url(url)
        for host, port in place.sentinels or [(place.connection["host"], place.connection["port"])]:
            service = host.rpartition(".")[2]  # pod.service
            found.add((service, port))
            if place.sentinels:
                found.add((service, monitored(docs).port))
    return found


def scripts(docs) -> dict[str, str]:
    """Files that the containers of Valkey and its Sentinels run, {} where there are none."""
    maps = of_kind(docs, "ConfigMap").items()
    return next((d["data"] for name, d in maps if re.fullmatch(r"valkey-scripts-\w+", name)), {})


def monitored(docs) -> Monitored:
    line = re.search(r"^sentinel monitor (\w+) \$primary (\d+) (\d+)$", scripts(docs)["sentinel.sh"], re.MULTILINE)
    assert line, "the Sentinels watch nothing"
    return Monitored(line[1], int(line[2]), int(line[3]))


def names_of_pods(docs) -> list[str]:
    """As others in the namespace reach them."""
    made = of_kind(docs, "StatefulSet")[VALKEY]["spec"]
    return [f"{VALKEY}-{number}.{made['serviceName']}" for number in range(made["replicas"])]


def expanded(container, fields: Mapping[str, str], secret: Mapping[str, str]) -> dict[str, str]:
    """Variables of a container as its process has them, with what is given for fields of the pod and the secret."""
    found: dict[str, str] = {}
    for each in container.get("env", []):
        source = each.get("valueFrom", {})
        if "fieldRef" in source:
            found[each["name"]] = fields[source["fieldRef"]["fieldPath"]]
        elif "secretKeyRef" in source:
            found[each["name"]] = secret[source["secretKeyRef"]["key"]]
        else:
            found[each["name"]] = re.sub(r"\$\((\w+)\)", lambda name: found[name[1]], each["value"])
    return found
