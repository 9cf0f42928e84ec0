"""The Kubernetes base fits the code. Each rule is a function from parsed documents to complaints, and each is also
run on documents that break it."""

import copy
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer
import yaml

from cocite.cli.app import app
from cocite.cli.serve import Service
from cocite.core.settings import Settings, unknown_names
from cocite.serving.server import LIVE

BASE = Path(__file__).resolve().parents[3] / "k8s" / "base"
KUSTOMIZATION = yaml.safe_load((BASE / "kustomization.yaml").read_text())
OURS = {service.value for service in Service}
HEALTHS = {"gateway": ("httpGet", "path", ("/readyz", "/healthz"))}  # the others tell theirs by gRPC


def documents() -> list[dict]:
    return [d for name in KUSTOMIZATION["resources"] for d in yaml.safe_load_all((BASE / name).read_text())]


def of_kind(docs, kind):
    return {d["metadata"]["name"]: d for d in docs if d["kind"] == kind}


def template(document):
    """The pods of a deployment or of a job that is run by the clock."""
    spec = document["spec"]
    return (spec["jobTemplate"]["spec"] if document["kind"] == "CronJob" else spec)["template"]


def container(document):
    return template(document)["spec"]["containers"][0]


def settings_of(kustomization) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in kustomization["configMapGenerator"][0]["literals"])


def bad_settings(literals):
    if unknown := unknown_names(literals):
        return [f"{name} is no setting" for name in unknown]
    Settings.model_validate({name.removeprefix("COCITE_").lower(): value for name, value in literals.items()})
    return []


def bad_selectors(docs):
    complaints = []
    deployments = of_kind(docs, "Deployment")
    for name, deployment in deployments.items():
        labels = deployment["spec"]["template"]["metadata"]["labels"].items()
        if not deployment["spec"]["selector"]["matchLabels"].items() <= labels:
            complaints.append(f"deployment {name} selects other pods")
    for name, service in of_kind(docs, "Service").items():
        chosen = [
            d
            for d in deployments.values()
            if service["spec"]["selector"].items() <= d["spec"]["template"]["metadata"]["labels"].items()
        ]
        if [d["metadata"]["name"] for d in chosen] != [name]:
            complaints.append(f"service {name} does not select its deployment")
            continue
        ports = {p["name"]: p["containerPort"] for p in container(chosen[0])["ports"]}
        if [ports.get(p["targetPort"]) for p in service["spec"]["ports"]] != [
            p["port"] for p in service["spec"]["ports"]
        ]:
            complaints.append(f"service {name} points at a port its pods do not have")
    return complaints


def bad_ports(docs, literals):
    complaints = []
    deployments, services = of_kind(docs, "Deployment"), of_kind(docs, "Service")
    for name in sorted(OURS):
        port = int(literals[f"COCITE_{name.upper()}_LISTEN"].rpartition(":")[2])
        box = container(deployments[name])
        if box["args"] != ["serve", name]:
            complaints.append(f"{name} runs something else")
        if box["ports"][0]["containerPort"] != port:
            complaints.append(f"{name} does not listen on the port of its container")
        how, what, (ready, alive) = HEALTHS.get(name, ("grpc", "service", ("", LIVE)))
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if box.get(probe, {}).get(how, {}).get("port") != port:
                complaints.append(f"{probe} of {name} asks another port")
            if box.get(probe, {}).get(how, {}).get(what, "") != (ready if probe == "readinessProbe" else alive):
                complaints.append(f"{probe} of {name} asks for another health")
        host, _, target = literals[f"COCITE_{name.upper()}_TARGET"].rpartition(":")
        if services.get(host, {}).get("spec", {}).get("ports", [{}])[0].get("port") != int(target) or host != name:
            complaints.append(f"the target of {name} is no service")
    redis = re.fullmatch(r"redis://([a-z]+):([0-9]+)/0", literals["COCITE_REDIS_URL"])
    if not redis or services.get(redis[1], {}).get("spec", {}).get("ports", [{}])[0].get("port") != int(redis[2]):
        complaints.append("COCITE_REDIS_URL is no service")
    return complaints


def bad_pods(docs, literals):
    complaints = []
    for name, document in (of_kind(docs, "Deployment") | of_kind(docs, "CronJob")).items():
        pod, box = template(document)["spec"], container(document)
        restricted = (
            pod.get("securityContext", {}).get("runAsNonRoot") is True
            and pod["securityContext"].get("seccompProfile", {}).get("type") == "RuntimeDefault"
            and box.get("securityContext", {}).get("allowPrivilegeEscalation") is False
            and box["securityContext"].get("readOnlyRootFilesystem") is True
            and box["securityContext"].get("capabilities", {}).get("drop") == ["ALL"]
        )
        if not restricted:
            complaints.append(f"{name} is not restricted")
        if "memory" not in box.get("resources", {}).get("limits", {}):
            complaints.append(f"{name} has no memory limit")
        if pod.get("enableServiceLinks") is not False:
            complaints.append(f"{name} is given variables that may be taken for settings")
        stop = float(literals["COCITE_LAME_DUCK_S"]) + float(literals["COCITE_DRAIN_S"])
        if name in OURS and pod["terminationGracePeriodSeconds"] <= stop + 5:
            complaints.append(f"{name} is killed before it has drained")
        volumes = {v["name"] for v in pod["volumes"]}
        if {m["name"] for m in box["volumeMounts"]} != volumes:
            complaints.append(f"{name} mounts other volumes than it has")
    return complaints


def bad_jobs(docs):
    complaints = []
    for name, job in of_kind(docs, "CronJob").items():
        if not understood(container(job)["args"]):
            complaints.append(f"{name} is no command")
        if job["spec"].get("concurrencyPolicy") != "Forbid":
            complaints.append(f"{name} may run beside itself")
        if "activeDeadlineSeconds" not in job["spec"]["jobTemplate"]["spec"]:
            complaints.append(f"{name} may run for ever")
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


def test_every_file_is_a_resource_and_every_resource_a_file():
    files = {p.name for p in BASE.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(KUSTOMIZATION["resources"]) == files
    assert set(of_kind(documents(), "Deployment")) == OURS | {"valkey"}


def test_the_base_fits_the_code():
    literals = settings_of(KUSTOMIZATION)
    docs = documents()
    assert bad_settings(literals) == []
    assert bad_selectors(docs) == []
    assert bad_ports(docs, literals) == []
    assert bad_pods(docs, literals) == []
    assert bad_jobs(docs) == []


def test_the_config_map_is_the_one_that_pods_read():
    names = {generator["name"] for generator in KUSTOMIZATION["configMapGenerator"]}
    docs = documents()
    ours = [document for name, document in of_kind(docs, "Deployment").items() if name in OURS]
    for document in [*ours, *of_kind(docs, "CronJob").values()]:
        (reference,) = [e["configMapRef"] for e in container(document)["envFrom"] if "configMapRef" in e]
        assert reference["name"] in names


def broken(change):
    docs, literals = copy.deepcopy(documents()), settings_of(KUSTOMIZATION)
    change(of_kind(docs, "Deployment") | of_kind(docs, "CronJob"), of_kind(docs, "Service"), literals)
    return [
        *(bad_settings(literals) or []),
        *bad_selectors(docs),
        *bad_ports(docs, literals),
        *bad_pods(docs, literals),
        *bad_jobs(docs),
    ]


BREAKS = {
    "COCITE_REDIS_URI is no setting": lambda d, s, c: c.update(COCITE_REDIS_URI="x"),
    "deployment features selects other pods": lambda d, s, c: d["features"]["spec"]["selector"]["matchLabels"].update(
        x="y"
    ),
    "service features does not select its deployment": lambda d, s, c: s["features"]["spec"]["selector"].update(x="y"),
    "service valkey points at a port its pods do not have": lambda d, s, c: s["valkey"]["spec"]["ports"][0].update(
        targetPort="grpc"
    ),
    "embedding runs something else": lambda d, s, c: container(d["embedding"]).update(args=["serve", "features"]),
    "embedding does not listen on the port of its container": lambda d, s, c: c.update(
        COCITE_EMBEDDING_LISTEN="0.0.0.0:5"
    ),
    "livenessProbe of recommender asks another port": lambda d, s, c: container(d["recommender"])[
        "livenessProbe"
    ].update(grpc={"port": 1}),
    "livenessProbe of features asks for another health": lambda d, s, c: container(d["features"])["livenessProbe"][
        "grpc"
    ].pop("service"),
    "startupProbe of recommender asks for another health": lambda d, s, c: container(d["recommender"])["startupProbe"][
        "grpc"
    ].update(service=""),
    "readinessProbe of embedding asks for another health": lambda d, s, c: container(d["embedding"])["readinessProbe"][
        "grpc"
    ].update(service="live"),
    "readinessProbe of gateway asks for another health": lambda d, s, c: container(d["gateway"])["readinessProbe"][
        "httpGet"
    ].update(path="/healthz"),
    "the target of features is no service": lambda d, s, c: c.update(COCITE_FEATURES_TARGET="feature:50052"),
    "COCITE_REDIS_URL is no service": lambda d, s, c: c.update(COCITE_REDIS_URL="redis://redis:6379/0"),
    "valkey is not restricted": lambda d, s, c: container(d["valkey"])["securityContext"].update(
        readOnlyRootFilesystem=False
    ),
    "embedding has no memory limit": lambda d, s, c: container(d["embedding"]).pop("resources"),
    "features is given variables that may be taken for settings": lambda d, s, c: d["features"]["spec"]["template"][
        "spec"
    ].pop("enableServiceLinks"),
    "recommender is killed before it has drained": lambda d, s, c: c.update(COCITE_DRAIN_S="25"),
    "follow is no command": lambda d, s, c: container(d["follow"])["args"].append("--forever"),
    "follow may run beside itself": lambda d, s, c: d["follow"]["spec"].pop("concurrencyPolicy"),
    "follow may run for ever": lambda d, s, c: d["follow"]["spec"]["jobTemplate"]["spec"].pop("activeDeadlineSeconds"),
    "digest-daily is no command": lambda d, s, c: container(d["digest-daily"])["args"].append("--hourly"),
    "digest-weekly may run beside itself": lambda d, s, c: d["digest-weekly"]["spec"].update(concurrencyPolicy="Allow"),
    "follow is not restricted": lambda d, s, c: container(d["follow"])["securityContext"].pop("capabilities"),
    "valkey mounts other volumes than it has": lambda d, s, c: container(d["valkey"])["volumeMounts"].clear(),
}


@pytest.mark.parametrize("complaint", BREAKS)
def test_each_rule_notices_what_breaks_it(complaint):
    assert complaint in broken(BREAKS[complaint])


def test_a_setting_with_a_wrong_value_is_noticed():
    with pytest.raises(ValueError, match="drain_s"):
        bad_settings({"COCITE_DRAIN_S": "soon"})


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_renders_the_base():
    done = subprocess.run(["kubectl", "kustomize", str(BASE)], capture_output=True, text=True, timeout=60, check=True)
    docs = list(yaml.safe_load_all(done.stdout))
    deployments = of_kind(docs, "Deployment")
    (settings,) = of_kind(docs, "ConfigMap").values()
    assert set(deployments) == OURS | {"valkey"}
    assert settings["data"] == settings_of(KUSTOMIZATION)
    for name in OURS:
        assert container(deployments[name])["envFrom"][0]["configMapRef"]["name"] == settings["metadata"]["name"]
    assert not any("namespace" in d["metadata"] for d in docs)
    assert bad_selectors(docs) == []
