"""Rules: Valkeys under Sentinel agree on names, ports, users and numbers with each other and with the services."""

import re

from cocite.cache.redis_url import parse_redis_url
from k8s.documents import ROOT, containers, documents, main_container, of_kind, pods, probes
from k8s.keeping import mebibytes
from k8s.network import users_of_redis
from k8s.redis_places import VALKEY, monitored, names_of_pods, redis_urls, scripts

_FILES = {"valkey": "server.sh", "sentinel": "sentinel.sh"}
_OF_PRIMARY = r"sentinel (?:auth-user|auth-pass|down-after-\w+|failover-timeout|parallel-syncs|get-\S+) (\w+)"


def wrong_sentinels(docs) -> list[str]:
    """They watch the primary that is there, and a majority of those that are there decides."""
    if not scripts(docs):
        return []
    complaints, primary = [], monitored(docs)
    replicas, ports = of_kind(docs, "StatefulSet")[VALKEY]["spec"]["replicas"], _ports(docs)
    if not replicas / 2 < primary.quorum <= replicas:
        complaints.append(f"{primary.quorum} of {replicas} Sentinels are no quorum")
    if primary.port != ports["valkey"]:
        complaints.append("Sentinels watch another port than Valkey's")
    said = "\n".join(scripts(docs).values())
    if set(re.findall(_OF_PRIMARY, said)) != {primary.name}:
        complaints.append("the primary has several names")
    if f"-p {ports['sentinel']} " not in scripts(docs)["primary.sh"]:
        complaints.append("pods ask for the primary on another port than the Sentinels'")
    for container in containers(pods(docs)[VALKEY]):
        names = next(each["value"] for each in container["env"] if each["name"] == "PODS")
        if names.split() != names_of_pods(docs):
            complaints.append(f"{container['name']} knows other pods than there are")
    return complaints


def wrong_listening(docs) -> list[str]:
    """Each listens where its container, its probes and its script say."""
    if not scripts(docs):
        return []
    complaints = []
    for container in containers(pods(docs)[VALKEY]):
        port = _ports(docs)[container["name"]]
        if f"\nport {port}\n" not in scripts(docs)[_FILES[container["name"]]]:
            complaints.append(f"{container['name']} does not listen on the port of its container")
        complaints += [
            f"{kind} of {container['name']} asks another port"
            for kind, probe in probes(container)
            if probe.get("tcpSocket", {}).get("port") != port
        ]
    return complaints


def wrong_clients(docs) -> list[str]:
    """Services that use Redis, and no others, know all Sentinels, the primary's name and the documented user."""
    if not scripts(docs):
        return []
    urls, complaints = redis_urls(docs), []
    if urls.keys() != users_of_redis():
        complaints.append("others than those who use Redis know where it is")
    wanted = tuple((name, _ports(docs)["sentinel"]) for name in names_of_pods(docs))
    for name, url in urls.items():
        place = parse_redis_url(url)
        if place.sentinels != wanted:
            complaints.append(f"{name} knows other Sentinels than there are")
        if place.primary != monitored(docs).name:
            complaints.append(f"{name} asks for another primary")
    documented = re.findall(r"^user cocite .*$", (ROOT / "docs/redis.md").read_text(), re.MULTILINE)
    given = [line for file in _FILES.values() for line in re.findall(r"^user cocite .*$", scripts(docs)[file], re.M)]
    if given != [line.replace(">PASSWORD", ">$CLIENTS_PASSWORD") for line in documented]:
        complaints.append("the users are not those of docs/redis.md")
    return complaints


def wrong_memory(docs) -> list[str]:
    """As much, and given up in the same order, as in the component valkey; and within what the pod may have."""
    if not scripts(docs):
        return []
    alone = main_container(pods(documents("dev"))[VALKEY])["args"]
    complaints = [
        f"{option} is not that of the component valkey"
        for option in ("maxmemory", "maxmemory-policy")
        if f"\n{option} {alone[alone.index(f'--{option}') + 1]}\n" not in scripts(docs)["server.sh"]
    ]
    most = re.search(r"^maxmemory (\d+)mb$", scripts(docs)["server.sh"], re.MULTILINE)
    asked = main_container(pods(docs)[VALKEY])["resources"]["requests"]["memory"]
    if not most or 1.25 * int(most[1]) > mebibytes(asked):  # and buffers, of clients and for replicas
        complaints.append("valkey may keep more than it asked for")
    return complaints


def _ports(docs) -> dict[str, int]:
    return {each["name"]: each["ports"][0]["containerPort"] for each in containers(pods(docs)[VALKEY])}


RULES = (wrong_sentinels, wrong_listening, wrong_clients, wrong_memory)
