"""One of two recommenders is cut off without a word: what is sent to it is lost. Its caller's keepalive finds out."""

import time

import pytest

from chaos.harness.namespace import IN_ROOT, WALL, Namespace
from chaos.harness.trial import Trial
from chaos.harness.verdict import Check, Fault
from cocite.serving.channel import open_channel

pytestmark = pytest.mark.skipif(not (IN_ROOT and WALL), reason="needs root, ip and nft or iptables")

FAULT_S = 32.0
MOST_FAILED = 0.005
FAULT = Fault(
    what="one of two recommenders black-holed (packets dropped in a network namespace)",
    promise="failures end within keepalive time + timeout + 1 s; at most 0.5 % failed",
    guard="keepalive",
)


def keepalive_s() -> float:
    """Time and timeout of the channels that cocite opens."""
    from cocite.serving import channel

    return sum(float(channel._OPTIONS[f"grpc.keepalive_{part}_ms"]) for part in ("time", "timeout")) / 1e3


def measured(staged, reference, monkeypatch, keepalive: bool = True) -> list[Check]:
    with monkeypatch.context() as patch, Namespace() as hole:
        if not keepalive:
            patch.setattr("chaos.harness.load.open_channel", _without_keepalive)
        with staged(recommenders=2, apart=hole) as stage, Trial(stage, reference, rate=60.0) as trial:
            trial.phase("baseline", 4)
            trial.phase("fault")
            hole.cut_off()
            begun = time.monotonic()
            trial.phase("fault", FAULT_S)
            parts = trial.end()
            hole.join()
    fault = parts["fault"]
    last = max((call.due - begun for call in fault.calls if call.failed), default=0.0)
    share = fault.failed / len(fault.calls)
    return [
        Check("last failure after", last, keepalive_s() + 1.0, "s"),
        Check(f"failed of {len(fault.calls)} calls", 100 * share, 100 * MOST_FAILED, "%", hard=60.0),
        Check("wrong", fault.wrong, 0),
    ]


def _without_keepalive(target, options=()):
    hour_ms = 3_600_000  # the kernel's own patience apart, nothing looks whether anybody is there
    return open_channel(target, (*options, ("grpc.keepalive_time_ms", hour_ms), ("grpc.keepalive_timeout_ms", hour_ms)))


def test_promise(record, staged, reference, monkeypatch):
    record.promise(lambda: measured(staged, reference, monkeypatch))


def test_without_the_guard(record, staged, reference, monkeypatch):
    record.control(lambda: measured(staged, reference, monkeypatch, keepalive=False))
