"""Rules: names, ports, probes and settings are those of the code. Each takes documents and returns complaints."""

import typer

from cocite.cli.app import app
from cocite.core.settings import Settings, unknown_names
from cocite.serving.metrics_listener import PATH as METRICS_PATH
from cocite.serving.server import LIVE
from k8s.documents import (
    NAME,
    SERVICES,
    containers,
    is_ours,
    main_container,
    of_kind,
    pods,
    port_of,
    probes,
    selects,
    settings,
)
from k8s.redis_places import redis_paths

HEALTHS = {"gateway": ("httpGet", "path", "/readyz", "/healthz")}  # the others tell theirs by gRPC
GRPC = ("grpc", "service", "", LIVE)


def unknown_settings(docs) -> list[str]:
    """Every COCITE_* of a config map, an env or a secret is a setting, and its value may be had."""
    given = dict(settings(docs))
    for pod in pods(docs).values():
        for container in containers(pod):
            given |= {each["name"]: each.get("value", "") for each in container.get("env", [])}
    for secret in of_kind(docs, "Secret").values():
        given |= secret.get("stringData", {}) | dict.fromkeys(secret.get("data", {}), "")
    if unknown := unknown_names(given):
        return [f"{name} is no setting" for name in unknown]
    ours = {n.removeprefix("COCITE_").lower(): v for n, v in given.items() if n.startswith("COCITE_") and v}
    try:
        Settings.model_validate(ours)
    except ValueError as error:
        return [f"a setting is wrong: {error}"]
    return []


def bad_selectors(docs) -> list[str]:
    complaints = []
    templates = pods(docs)
    for name, maker in of_kind(docs, "Deployment", "StatefulSet").items():
        if not selects(maker["spec"]["selector"], templates[name]["metadata"]["labels"]):
            complaints.append(f"{name} selects other pods")
    for name, service in of_kind(docs, "Service").items():
        chosen = [
            n for n, t in templates.items() if service["spec"]["selector"].items() <= t["metadata"]["labels"].items()
        ]
        if chosen != [service["spec"]["selector"].get(NAME)]:
            complaints.append(f"service {name} does not select its pods")
            continue
        ports = {p["name"]: p["containerPort"] for c in containers(templates[chosen[0]]) for p in c.get("ports", [])}
        if any(ports.get(p["targetPort"]) != p["port"] for p in service["spec"]["ports"]):
            complaints.append(f"service {name} points at a port its pods do not have")
    return complaints


def bad_services(docs) -> list[str]:
    """Each service runs, listens where its container says, and is reached where the settings say."""
    complaints = []
    given, templates, services = settings(docs), pods(docs), of_kind(docs, "Service")
    for name in SERVICES:
        container = main_container(templates[name])
        port = port_of(given[f"COCITE_{name.upper()}_LISTEN"])
        if container["args"] != ["serve", name]:
            complaints.append(f"{name} runs something else")
        if container["ports"][0]["containerPort"] != port:
            complaints.append(f"{name} does not listen on the port of its container")
        host, _, target = given[f"COCITE_{name.upper()}_TARGET"].rpartition(":")
        reached = services.get(host, {}).get("spec", {})
        if host != name or [p["port"] for p in reached.get("ports", [])] != [int(target)]:
            complaints.append(f"the target of {name} is no service")
        elif name != "gateway" and reached.get("clusterIP") != "None":
            complaints.append(f"{name} is not headless: callers could not balance over its pods")
    redis = redis_paths(docs)
    hosts = {host for host, _ in redis} & services.keys()
    offered = {(host, p["port"]) for host in hosts for p in services[host]["spec"]["ports"]}
    if redis != offered:
        complaints.append("COCITE_REDIS_URL is no service")
    return complaints


def bad_probes(docs) -> list[str]:
    """Liveness asks for the process alone, readiness whether it can answer; both where they are told."""
    complaints = []
    given, templates = settings(docs), pods(docs)
    for name in SERVICES:
        container = main_container(templates[name])
        how, what, ready, alive = HEALTHS.get(name, GRPC)
        listen = given[f"COCITE_{name.upper()}_LISTEN"]
        if given.get("COCITE_TLS_CA") and how == "grpc":  # probes know no TLS
            listen = given.get("COCITE_HEALTH_LISTEN", "nowhere:0")
        for kind, probe in probes(container):
            if probe.get(how, {}).get("port") != port_of(listen):
                complaints.append(f"{kind} of {name} asks another port")
            if probe.get(how, {}).get(what, "") != (ready if kind == "readinessProbe" else alive):
                complaints.append(f"{kind} of {name} asks for another health")
    return complaints


def bad_metrics(docs) -> list[str]:
    """What is scraped is what is listened on, and pods scale by a metric that is told."""
    listen = settings(docs).get("COCITE_METRICS_LISTEN", "")
    monitors = of_kind(docs, "PodMonitor")
    if not listen:
        return ["metrics are scraped that nobody tells"] if monitors else []
    complaints = []
    for name in SERVICES:
        ports = {p["name"]: p["containerPort"] for p in main_container(pods(docs)[name])["ports"]}
        if ports.get("metrics") != port_of(listen):
            complaints.append(f"{name} tells its metrics on another port")
    for monitor in monitors.values():
        for endpoint in monitor["spec"]["podMetricsEndpoints"]:
            if (endpoint["port"], endpoint["path"]) != ("metrics", METRICS_PATH):
                complaints.append("the monitor scrapes something else")
    return complaints


def bad_commands(docs) -> list[str]:
    """What the pods of this image run is a command."""
    complaints = []
    for name, pod in pods(docs).items():
        for container in containers(pod):
            if is_ours(container) and "args" in container and not understood(container["args"]):
                complaints.append(f"{container['name']} of {name} is no command")
    return complaints


def understood(arguments) -> bool:
    """Whether the command line knows a command with these arguments."""
    command, left = typer.main.get_command(app), list(arguments)
    while left and left[0] in getattr(command, "commands", {}):
        command = command.commands[left.pop(0)]
    try:
        command.make_context("cocite", left)
    except Exception:  # whatever its parser raises
        return False
    return not hasattr(command, "commands")


RULES = (unknown_settings, bad_selectors, bad_services, bad_probes, bad_metrics, bad_commands)
