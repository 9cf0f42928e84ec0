"""Each rule notices what breaks it: a change to what is rendered, and the complaint it must draw."""

import pytest

from k8s import keeping, network, sentinels, wiring
from k8s.documents import documents, main_container, of_kind, pods, settings
from k8s.redis_places import scripts

RULES = (*wiring.RULES, *keeping.RULES, *network.RULES, *sentinels.RULES)


def main(docs, name):
    return main_container(pods(docs)[name])


def spec(docs, kind, name):
    return of_kind(docs, kind)[name]["spec"]


def shut(docs, policy):
    docs.remove(of_kind(docs, "NetworkPolicy")[policy])


def init(docs, name, container):
    return next(c for c in pods(docs)[name]["spec"]["initContainers"] if c["name"] == container)


def open_port(docs, port, *policies):
    for name in policies:
        policy = spec(docs, "NetworkPolicy", name)
        for rule in [*policy.get("egress", []), *policy.get("ingress", [])]:
            rule["ports"].append({"port": port})


BREAKS = {
    "COCITE_REDIS_URI is no setting": lambda d: settings(d).update(COCITE_REDIS_URI="x"),
    "a setting is wrong": lambda d: settings(d).update(COCITE_LOG_LEVEL="loud"),
    "features selects other pods": lambda d: spec(d, "Deployment", "features")["selector"]["matchLabels"].update(x="y"),
    "service features does not select its pods": lambda d: spec(d, "Service", "features")["selector"].update(x="y"),
    "service feeds points at a port its pods do not have": lambda d: spec(d, "Service", "feeds")["ports"][0].update(
        targetPort="http"
    ),
    "embedding runs something else": lambda d: main(d, "embedding").update(args=["serve", "features"]),
    "embedding does not listen on the port of its container": lambda d: settings(d).update(
        COCITE_EMBEDDING_LISTEN="0.0.0.0:5"
    ),
    "the target of features is no service": lambda d: settings(d).update(COCITE_FEATURES_TARGET="feature:50052"),
    "recommender is not headless": lambda d: spec(d, "Service", "recommender").pop("clusterIP"),
    "livenessProbe of recommender asks another port": lambda d: main(d, "recommender")["livenessProbe"]["grpc"].update(
        port=50053
    ),
    "livenessProbe of features asks for another health": lambda d: main(d, "features")["livenessProbe"]["grpc"].pop(
        "service"
    ),
    "readinessProbe of embedding asks for another health": lambda d: main(d, "embedding")["readinessProbe"][
        "grpc"
    ].update(service="live"),
    "readinessProbe of gateway asks for another health": lambda d: main(d, "gateway")["readinessProbe"][
        "httpGet"
    ].update(path="/healthz"),
    "startupProbe of feeds asks another port": lambda d: settings(d).pop("COCITE_HEALTH_LISTEN"),
    "feeds tells its metrics on another port": lambda d: settings(d).update(COCITE_METRICS_LISTEN="0.0.0.0:1"),
    "metrics are scraped that nobody tells": lambda d: settings(d).pop("COCITE_METRICS_LISTEN"),
    "the monitor scrapes something else": lambda d: spec(d, "PodMonitor", "cocite")["podMetricsEndpoints"][0].update(
        path="/"
    ),
    "follow of follow is no command": lambda d: main(d, "follow")["args"].append("--forever"),
    "first-model of recommender is no command": lambda d: init(d, "recommender", "first-model")["args"].append(
        "--quickly"
    ),
    "feeds may have a token": lambda d: pods(d)["feeds"]["spec"].pop("automountServiceAccountToken"),
    "feeds is given variables": lambda d: pods(d)["feeds"]["spec"].pop("enableServiceLinks"),
    "feeds runs as another user": lambda d: pods(d)["feeds"]["spec"]["securityContext"].update(runAsUser=0),
    "feeds has no seccomp profile": lambda d: pods(d)["feeds"]["spec"]["securityContext"].pop("seccompProfile"),
    "gateway of gateway is not restricted": lambda d: main(d, "gateway")["securityContext"].update(privileged=True),
    "train of train is not restricted": lambda d: init(d, "train", "train").pop("securityContext"),
    "the account has a token": lambda d: of_kind(d, "ServiceAccount")["cocite"].pop("automountServiceAccountToken"),
    "embedding of embedding does not say what it needs": lambda d: main(d, "embedding").pop("resources"),
    "features of features asks for more memory": lambda d: main(d, "features")["resources"]["requests"].update(
        memory="9Gi"
    ),
    "feeds ends before callers hear of it": lambda d: main(d, "feeds").pop("lifecycle"),
    "recommender is killed before it has drained": lambda d: settings(d).update(COCITE_DRAIN_S="40"),
    "train may run beside itself": lambda d: spec(d, "CronJob", "train").update(concurrencyPolicy="Allow"),
    "digest-daily may run for ever": lambda d: spec(d, "CronJob", "digest-daily")["jobTemplate"]["spec"].pop(
        "activeDeadlineSeconds"
    ),
    "feeds mounts other volumes than it has": lambda d: main(d, "feeds")["volumeMounts"].pop(),
    "volume home of train is claimed by nobody": lambda d: d.remove(
        of_kind(d, "PersistentVolumeClaim")["cocite-training"]
    ),
    "volume home of train is not of one kind": lambda d: next(
        v for v in pods(d)["train"]["spec"]["volumes"] if v["name"] == "home"
    ).update(emptyDir={}),
    "volume tls of feeds is a secret that nobody makes": lambda d: d.remove(of_kind(d, "Certificate")["feeds"]),
    "machine-code of recommender has no /tmp": lambda d: init(d, "recommender", "machine-code").pop("volumeMounts"),
    "scaler feeds has no bounds": lambda d: spec(d, "HorizontalPodAutoscaler", "feeds").update(minReplicas=9),
    "scaler feeds scales nothing": lambda d: spec(d, "HorizontalPodAutoscaler", "feeds")["scaleTargetRef"].update(
        name="feed"
    ),
    "scaler feeds does not look at the CPU": lambda d: spec(d, "HorizontalPodAutoscaler", "feeds")["metrics"].pop(0),
    "feeds has a number of pods beside its scaler": lambda d: spec(d, "Deployment", "feeds").update(replicas=3),
    "budget feeds needs one of": lambda d: spec(d, "PodDisruptionBudget", "feeds").update(minAvailable=1),
    "budget feeds is of other pods": lambda d: spec(d, "PodDisruptionBudget", "feeds").update(selector={}),
    "feeds has fewer pods while it is replaced": lambda d: spec(d, "Deployment", "feeds").pop("strategy"),
    "feeds is not spread": lambda d: pods(d)["feeds"]["spec"].pop("topologySpreadConstraints"),
    "feeds is spread by other pods": lambda d: pods(d)["feeds"]["spec"]["topologySpreadConstraints"][0].update(
        labelSelector={"matchLabels": {"app": "x"}}
    ),
    "feeds calls recommender:50053 and may not": lambda d: shut(d, "feeds-calls"),
    "recommender calls features:50052 and may not": lambda d: shut(d, "features"),
    "gateway may call features:1 and does not": lambda d: open_port(d, 1, "gateway-calls", "features"),
    "embedding may leave by port 443 and does not": lambda d: spec(d, "NetworkPolicy", "https-calls").update(
        podSelector={}
    ),
    "train leaves by port 5432 and may not": lambda d: shut(d, "catalogue-calls"),
    "feeds may reach the whole world on port 465": lambda d: spec(d, "NetworkPolicy", "mail-calls")["egress"][0].pop(
        "to"
    ),
    "nothing is shut": lambda d: shut(d, "nothing"),
    "policy names opens more than one way": lambda d: spec(d, "NetworkPolicy", "names")["egress"][0].pop("ports"),
    "policy embedding is for pods that are not there": lambda d: spec(d, "NetworkPolicy", "embedding").update(
        podSelector={"matchLabels": {"app.kubernetes.io/name": "encoder"}}
    ),
}


def written(docs, file, old, new):
    text = scripts(docs)
    assert old in text[file]
    text[file] = text[file].replace(old, new)


def variable(container, name):
    return next(each for each in container["env"] if each["name"] == name)


SENTINEL_BREAKS = {
    "4 of 3 Sentinels are no quorum": lambda d: written(d, "sentinel.sh", "$primary 6379 2", "$primary 6379 4"),
    "1 of 3 Sentinels are no quorum": lambda d: written(d, "sentinel.sh", "$primary 6379 2", "$primary 6379 1"),
    "2 of 5 Sentinels are no quorum": lambda d: spec(d, "StatefulSet", "valkey").update(replicas=5),
    "Sentinels watch another port": lambda d: written(d, "sentinel.sh", "$primary 6379 2", "$primary 6380 2"),
    "features calls valkey:6380 and may not": lambda d: written(d, "sentinel.sh", "$primary 6379 2", "$primary 6380 2"),
    "the primary has several names": lambda d: written(d, "primary.sh", "by-name papers", "by-name mymaster"),
    "pods ask for the primary on another port": lambda d: written(d, "primary.sh", "-p 26379", "-p 6379"),
    "valkey knows other pods": lambda d: variable(main(d, "valkey"), "PODS").update(value="valkey-0.valkey"),
    "valkey does not listen on the port": lambda d: written(d, "server.sh", "port 6379", "port 6380"),
    "sentinel does not listen on the port": lambda d: written(d, "sentinel.sh", "port 26379", "port 6379"),
    "livenessProbe of sentinel asks another port": lambda d: pods(d)["valkey"]["spec"]["containers"][1][
        "livenessProbe"
    ]["tcpSocket"].update(port=6379),
    "COCITE_REDIS_URL is no service": lambda d: spec(d, "Service", "valkey")["ports"].pop(),
    "feeds knows other Sentinels": lambda d: variable(main(d, "feeds"), "COCITE_REDIS_URL").update(
        value="redis+sentinel://valkey-0.valkey:26379/papers"
    ),
    "gateway asks for another primary": lambda d: variable(main(d, "gateway"), "COCITE_REDIS_URL").update(
        value="redis+sentinel://valkey-0.valkey:26379/mymaster"
    ),
    "others than those who use Redis": lambda d: main(d, "recommender").pop("env"),
    "the users are not those of docs/redis.md": lambda d: written(d, "server.sh", "+mget", "+mget +flushall"),
    "maxmemory-policy is not that": lambda d: written(d, "server.sh", "allkeys-lru", "noeviction"),
    "valkey may keep more": lambda d: main(d, "valkey")["resources"]["requests"].update(memory="256Mi"),
    "valkey calls valkey:6379 and may not": lambda d: shut(d, "valkey-calls"),
    "budget valkey needs one of": lambda d: spec(d, "PodDisruptionBudget", "valkey").update(minAvailable=2),
    "sentinel of valkey is not restricted": lambda d: pods(d)["valkey"]["spec"]["containers"][1][
        "securityContext"
    ].update(readOnlyRootFilesystem=False),
}


def complaints(docs) -> list[str]:
    return [complaint for rule in RULES for complaint in rule(docs)]


@pytest.mark.parametrize("complaint", BREAKS)
def test_each_rule_notices_what_breaks_it(complaint):
    docs = documents("prod")
    BREAKS[complaint](docs)
    assert [each for each in complaints(docs) if each.startswith(complaint)]


@pytest.mark.parametrize("complaint", SENTINEL_BREAKS)
def test_each_rule_notices_what_breaks_valkey_under_sentinels(complaint):
    docs = documents("sentinel")
    SENTINEL_BREAKS[complaint](docs)
    assert [each for each in complaints(docs) if each.startswith(complaint)]


def test_a_valkey_that_is_not_there_is_noticed():
    docs = documents("dev")
    settings(docs)["COCITE_REDIS_URL"] = "redis://redis:6379/0"
    assert "COCITE_REDIS_URL is no service" in complaints(docs)
