"""Rules: which pods may speak to which, worked out of the policies as a cluster does, is what the code calls."""

import functools
import re
from collections.abc import Iterator

from cocite.gateway.methods import open_methods
from k8s.documents import NAME, ROOT, SERVICES, of_kind, pods, port_of, selects, settings
from k8s.redis_places import VALKEY, redis_paths, redis_urls, scripts

Path_ = tuple[str, str, int]  # from, to, port
_ROOMS = ROOT / "services" / "cocite"
_WORLD = "0.0.0.0/0"
_CALLED_BY_JOBS = {"digest-daily": {"feeds"}, "digest-weekly": {"feeds"}}  # what the digest asks; others ask no service
_CATALOGUE_JOBS = {"follow", "train", "digest-daily", "digest-weekly"}
_MAILS = {"feeds", "digest-daily", "digest-weekly"}  # feeds sends what confirms a subscription
_STORE = {"recommender", "train"}  # that fetch and push models
_LISTINGS = {"follow"}
REDIS, POSTGRES, HTTPS, SMTP = 6379, 5432, 443, (465, 587)


def allowed(docs) -> tuple[set[Path_], set[Path_]]:
    """Paths between pods that both ends allow, and paths out to networks."""
    labels = {name: pod["metadata"]["labels"] for name, pod in pods(docs).items()}
    policies = list(of_kind(docs, "NetworkPolicy").values())
    out = {(name, *way) for name in labels for way in _ways(policies, labels, name, "egress", "to")}
    into = {
        (source, name, port) for name in labels for source, port in _ways(policies, labels, name, "ingress", "from")
    }
    inside = {(a, b, port) for a, b, port in out if b in labels and (a, b, port) in into}
    return inside, {path for path in out if path[1] not in labels and path[1] != "names"}


def _ways(policies, labels, name: str, direction: str, peer: str) -> Iterator[tuple[str, int]]:
    for policy in policies:
        spec = policy["spec"]
        if direction.capitalize() not in spec["policyTypes"] or not selects(spec["podSelector"], labels[name]):
            continue
        for rule in spec.get(direction, []):
            ports = [each["port"] for each in rule.get("ports", [{"port": 0}])]  # 0: all
            for end in rule.get(peer, [{"ipBlock": {"cidr": _WORLD}}]):
                for who in _who(end, labels):
                    yield from ((who, port) for port in ports)


def _who(end, labels) -> list[str]:
    if "ipBlock" in end:
        return [end["ipBlock"]["cidr"]]
    if "namespaceSelector" in end:
        name = end["namespaceSelector"].get("matchLabels", {}).get("kubernetes.io/metadata.name", "any namespace")
        return ["names" if name == "kube-system" else name]
    return [name for name, of_pod in labels.items() if selects(end["podSelector"], of_pod)]


@functools.cache
def calls() -> dict[str, set[str]]:
    """Which service calls which, read from the code."""
    found = {name: set(re.findall(r"settings\.(\w+)_target", _source(name))) for name in SERVICES}
    found["gateway"] = {method.service for method in open_methods().values()}
    return found


def users_of(pattern: str) -> set[str]:
    return {name for name in SERVICES if re.search(pattern, _source(name))}


def users_of_redis() -> set[str]:
    return users_of(r"open_redis|shared_answers|redis_url")


@functools.cache
def _source(room: str) -> str:
    return "\n".join(path.read_text() for path in (_ROOMS / room).rglob("*.py"))


def wrong_paths(docs) -> list[str]:
    """Paths inside that are open and not called, or called and not open."""
    given = settings(docs)
    wanted = {
        (caller, called, port_of(given[f"COCITE_{called.upper()}_LISTEN"]))
        for caller, those in (calls() | _CALLED_BY_JOBS).items()
        for called in those
    }
    redis = redis_paths(docs)
    wanted |= {(name, *place) for name in users_of_redis() for place in redis}
    if scripts(docs):  # replicas follow their primary, and Sentinels watch and ask each other
        wanted |= {(VALKEY, *place) for place in redis}
    inside, _ = allowed(docs)
    surplus = [f"{a} may call {b}:{port} and does not" for a, b, port in sorted(inside - wanted)]
    return surplus + [f"{a} calls {b}:{port} and may not" for a, b, port in sorted(wanted - inside)]


def wrong_ways_out(docs) -> list[str]:
    """Paths out of the namespace that nobody needs, and those that are missing."""
    given = settings(docs)
    wanted = {(name, HTTPS) for name in _LISTINGS}
    if not given["COCITE_MODEL_STORE"].startswith("file:"):
        wanted |= {(name, HTTPS) for name in _STORE}
    if not redis_urls(docs):  # in the secret: somewhere else
        wanted |= {(name, REDIS) for name in users_of_redis()}
    if not any("cocite-home" in name for name in of_kind(docs, "PersistentVolumeClaim")):
        wanted |= {(name, POSTGRES) for name in users_of(r"settings\.catalogue\b") | _CATALOGUE_JOBS}
    if "COCITE_MAIL_FROM" in given:
        wanted |= {(name, port) for name in _MAILS for port in SMTP}
    _, outside = allowed(docs)
    found = {(name, port) for name, _, port in outside}
    complaints = [f"{name} may leave by port {port} and does not" for name, port in sorted(found - wanted)]
    complaints += [f"{name} leaves by port {port} and may not" for name, port in sorted(wanted - found)]
    everywhere = [path for path in outside if path[1] == _WORLD and path[2] != HTTPS]
    return complaints + [f"{name} may reach the whole world on port {port}" for name, _, port in everywhere]


def open_doors(docs) -> list[str]:
    """All pods are shut unless opened; policies that select nobody open nothing and mislead."""
    policies = of_kind(docs, "NetworkPolicy")
    shut = [
        p["spec"]
        for p in policies.values()
        if p["spec"]["podSelector"] == {} and not p["spec"].get("ingress") and not p["spec"].get("egress")
    ]
    complaints = [] if any(set(s["policyTypes"]) == {"Ingress", "Egress"} for s in shut) else ["nothing is shut"]
    every = [pod["metadata"]["labels"] for pod in pods(docs).values()]
    for name, policy in policies.items():
        selector = policy["spec"]["podSelector"]
        named = [v for rule in selector.get("matchExpressions", []) for v in rule["values"]]
        named += [v for k, v in selector.get("matchLabels", {}).items() if k == NAME]
        if any(all(labels.get(NAME) != value for labels in every) for value in named):
            complaints.append(f"policy {name} is for pods that are not there")
        for rule in [*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])]:
            if not rule.get("ports") or not (rule.get("from") or rule.get("to")):
                complaints.append(f"policy {name} opens more than one way")
    return complaints


RULES = (wrong_paths, wrong_ways_out, open_doors)
