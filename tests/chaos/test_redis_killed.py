"""Redis is killed under load, stays away, and comes back empty."""

from chaos.harness.redis_fault import struck
from chaos.harness.sabotage import sabotaged
from chaos.harness.verdict import Check, Fault

FAULT = Fault(
    what="Redis killed",
    promise="0 failed, 0 wrong; p99 at most 1.5 x baseline + 20 ms; hit rate back to 90 % of what it was within 10 s",
    guard="the guard that takes errors of Redis for misses",
)


def measured(staged, reference, **settings) -> list[Check]:
    with staged(settings=settings) as stage:
        return struck(stage, reference, stage.valkey.kill, stage.valkey.start)


def test_promise(record, staged, reference):
    record.promise(lambda: measured(staged, reference))


def test_without_the_guard(record, staged, reference):
    record.control(lambda: measured(staged, reference, **{"": sabotaged("redis_errors")}))
