"""Redis stands still under load: it takes connections and commands and answers none, and then goes on."""

from chaos.harness.redis_fault import struck
from chaos.harness.sabotage import setting
from chaos.harness.verdict import Check, Fault

FAULT = Fault(
    what="Redis hung (SIGSTOP)",
    promise="0 failed, 0 wrong; p99 at most 1.5 x baseline + 20 ms; hit rate back to 90 % of what it was within 10 s",
    guard="the timeout of 20 ms (30 s instead)",
)


def measured(staged, reference, **settings) -> list[Check]:
    with staged(settings=settings) as stage:
        return struck(stage, reference, stage.valkey.freeze, stage.valkey.thaw)


def test_promise(record, staged, reference):
    record.promise(lambda: measured(staged, reference))


def test_without_the_guard(record, staged, reference):
    record.control(lambda: measured(staged, reference, **{"": setting(redis_timeout_s="30")}))
