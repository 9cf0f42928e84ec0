"""Redis has no memory left under load and evicts nothing: it answers what it has, and refuses every write."""

from chaos.harness.redis_fault import struck
from chaos.harness.sabotage import sabotaged
from chaos.harness.verdict import Check, Fault

FAULT = Fault(
    what="Redis full (maxmemory reached, noeviction)",
    promise="0 failed, 0 wrong; p99 at most 1.5 x baseline + 20 ms; hit rate back to 90 % of what it was within 10 s",
    guard="the guard that takes errors of Redis for misses",
)


def measured(staged, reference, **settings) -> list[Check]:
    with staged(settings=settings) as stage:
        redis = stage.valkey.raw

        def fill() -> None:
            redis.config_set("maxmemory-policy", "noeviction")
            redis.config_set("maxmemory", "1mb")
            redis.flushall()  # so that there is something to write

        def empty() -> None:
            redis.config_set("maxmemory", "0")

        return struck(stage, reference, fill, empty)


def test_promise(record, staged, reference):
    record.promise(lambda: measured(staged, reference))


def test_without_the_guard(record, staged, reference):
    record.control(lambda: measured(staged, reference, **{"": sabotaged("redis_errors")}))
