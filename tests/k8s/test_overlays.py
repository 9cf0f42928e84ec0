"""The overlays fit the code and are what a cluster takes. test_rules.py shows that each rule notices what breaks it."""

import functools
import json
import re

import kubernetes_validate
import pytest
import yaml
from kubernetes_validate import utils

from cocite.serving.channel import BALANCED, _full
from k8s import keeping, network, sentinels, wiring
from k8s.documents import K8S, OVERLAYS, ROOT, SERVICES, containers, documents, is_ours, of_kind, pods

RULES = (*wiring.RULES, *keeping.RULES, *network.RULES, *sentinels.RULES)
VERSIONS = ("1.33", "1.35", "1.37")
CUSTOM = {"HTTPRoute", "PodMonitor", "PrometheusRule", "Certificate", "Issuer"}  # of which clusters bring the schemas


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_an_overlay_keeps_the_rules(overlay, rule):
    assert rule(documents(overlay)) == []


@pytest.fixture(scope="module", autouse=True)
def schemas_read_once():
    """The library reads its two megabytes of definitions for each document."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "schema_contents", functools.cache(utils.schema_contents))
        yield


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_is_what_a_cluster_takes(overlay, version):
    for document in documents(overlay):
        if document["kind"] not in CUSTOM:
            kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_field_that_is_none_is_refused(version):
    deployment = of_kind(documents("dev"), "Deployment")["features"]
    deployment["spec"]["template"]["spec"]["containers"][0]["image_"] = "x"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, version, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_all_is_in_one_namespace_that_restricts_pods(overlay):
    docs = documents(overlay)
    ((name, namespace),) = of_kind(docs, "Namespace").items()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {d["metadata"].get("namespace") for d in docs if d["kind"] != "Namespace"} == {name}


def test_every_file_is_rendered():
    """A file that no kustomization names is dead."""
    for folder in {path.parent for path in K8S.rglob("kustomization.yaml")}:
        named = (folder / "kustomization.yaml").read_text()
        for path in folder.rglob("*.yaml"):
            if path.name != "kustomization.yaml" and not (path.parent / "kustomization.yaml").exists():
                assert str(path.relative_to(folder)) in named, path
            elif path.parent == folder and path.name != "kustomization.yaml":
                assert path.name in named, path


def test_the_base_renders_alone_and_runs_all_services():
    docs = documents("base")
    assert set(of_kind(docs, "Deployment")) == set(SERVICES)
    assert all("namespace" not in document["metadata"] for document in docs)


def test_development_is_one_of_each_and_production_is_scaled():
    dev, prod = documents("dev"), documents("prod")
    assert not of_kind(dev, "HorizontalPodAutoscaler", "PodDisruptionBudget")
    for kind in ("HorizontalPodAutoscaler", "PodDisruptionBudget"):
        assert set(of_kind(prod, kind)) == set(SERVICES)
    assert set(of_kind(dev, "StatefulSet")) == {"valkey"}
    assert not of_kind(prod, "StatefulSet")


def test_with_sentinels_there_are_three_of_valkey_and_no_way_to_another():
    prod, own = documents("prod"), documents("sentinel")
    assert of_kind(own, "StatefulSet")["valkey"]["spec"]["replicas"] == 3
    assert of_kind(own, "Deployment").keys() == of_kind(prod, "Deployment").keys()
    policies = of_kind(own, "NetworkPolicy").keys()
    assert policies == of_kind(prod, "NetworkPolicy").keys() - {"redis-calls"} | {"valkey", "valkey-calls"}


def test_a_model_is_fetched_and_checked_before_a_recommender_starts():
    for overlay in OVERLAYS:
        first = [c["args"] for c in pods(documents(overlay))["recommender"]["spec"]["initContainers"] if "args" in c]
        assert first[0] == ["model", "fetch"]


def test_callers_balance_over_the_pods_of_headless_services():
    assert _full("recommender:50053") == "dns:///recommender:50053"
    assert {"round_robin": {}} in json.loads(json.dumps(BALANCED))["loadBalancingConfig"]


def test_the_route_leads_to_the_gateway():
    docs = documents("prod")
    (route,) = of_kind(docs, "HTTPRoute").values()
    ((reference,),) = [rule["backendRefs"] for rule in route["spec"]["rules"]]
    (port,) = of_kind(docs, "Service")[reference["name"]]["spec"]["ports"]
    assert port["port"] == reference["port"]


def test_production_runs_the_release():
    version = re.search(r'^version = "(.*)"', (K8S.parent / "pyproject.toml").read_text(), re.MULTILINE)[1]
    images = {c["image"] for pod in pods(documents("prod")).values() for c in containers(pod) if is_ours(c)}
    assert {image.rpartition(":")[2] for image in images} == {version}


def test_the_alerts_are_those_of_observability():
    (rule,) = of_kind(documents("prod"), "PrometheusRule").values()
    said = "run k8s/components/monitoring/alerts.py"
    assert rule["spec"] == yaml.safe_load((ROOT / "observability/alerts.yaml").read_text()), said


def test_pods_scale_by_a_metric_that_is_told():
    told = "".join(path.read_text() for path in (ROOT / "services/cocite/serving").glob("*metrics*.py"))
    scalers = of_kind(documents("prod"), "HorizontalPodAutoscaler").values()
    metrics = {m["pods"]["metric"]["name"] for each in scalers for m in each["spec"]["metrics"] if m["type"] == "Pods"}
    assert metrics == {"cocite_rpc_in_flight"}
    assert all(f'"{name}"' in told for name in metrics)
