"""Three times as much is asked as can be answered, by clients that ask again when they are refused."""

import json
from urllib.request import urlopen

from chaos.harness import load
from chaos.harness.overload import COMPUTED, overload_checks
from chaos.harness.questions import RECOMMEND
from chaos.harness.trial import Trial
from chaos.harness.verdict import Check, Fault
from cocite.client.connection import SERVICE_CONFIG
from support.ports import free_port

FAULT = Fault(
    what="retry storm: 3 x what can be answered, of clients that repeat what is refused",
    promise="the server is asked at most 1.1 x as often as callers ask; goodput at least 95 % of the peak",
    guard="the retry budget of the client's service config",
)
SHARE = 3.0
LOADED_S = 10.0
AMPLIFICATION = 1.1
EAGER = {"retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"]}  # cocite's own clients repeat the first alone


def eager_config() -> dict[str, object]:
    """The service config of cocite's clients, made to repeat refusals."""
    (method,) = SERVICE_CONFIG["methodConfig"]
    return {**SERVICE_CONFIG, "methodConfig": [{**method, "retryPolicy": {**method["retryPolicy"], **EAGER}}]}


def asked(address: str) -> float:
    """How many calls the server has been asked, by its own count."""
    with urlopen(f"http://{address}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    counts = [line for line in lines if line.startswith("cocite_rpc_calls_total{") and RECOMMEND in line]
    return sum(float(line.rpartition(" ")[2]) for line in counts)


def measured(staged, reference, monkeypatch, budget: bool) -> list[Check]:
    config = eager_config()
    if not budget:
        del config["retryThrottling"]
    monkeypatch.setattr(load, "_RETRIES", (("grpc.service_config", json.dumps(config)), ("grpc.enable_retries", 1)))
    stage = staged(settings={"": COMPUTED})
    metrics = f"{stage.host}:{free_port(stage.host)}"
    stage["recommender"].environment["COCITE_METRICS_LISTEN"] = metrics
    with stage, Trial(stage, reference, retries=True, mix={"pair": 1, "cold": 1}, share=SHARE) as trial:
        before = asked(metrics)
        trial.phase("overload", LOADED_S)
        served = asked(metrics) - before
        parts = trial.end()
    goodput, wrong, *_ = overload_checks(parts["overload"], trial.capacity)
    amplification = served / len(parts["overload"].calls)
    return [Check("asked / calls", amplification, AMPLIFICATION, hard=2 * AMPLIFICATION), goodput, wrong]


def test_promise(record, staged, reference, monkeypatch):
    record.promise(lambda: measured(staged, reference, monkeypatch, budget=True))


def test_without_the_guard(record, staged, reference, monkeypatch):
    record.control(lambda: measured(staged, reference, monkeypatch, budget=False), breaks="asked")
