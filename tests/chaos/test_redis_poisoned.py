"""Whatever is written to Redis under load is not what is read from it."""

from chaos.harness.poison import Poison
from chaos.harness.redis_fault import struck
from chaos.harness.sabotage import sabotaged
from chaos.harness.verdict import Check, Fault

FAULT = Fault(
    what="values in Redis poisoned: bits turned, cut short, swapped between keys, random, of another type",
    promise="0 failed, 0 wrong; p99 at most 1.5 x baseline + 20 ms; hit rate back to 90 % of what it was within 10 s",
    guard="the frame's checksum",
)


def measured(staged, reference, **settings) -> list[Check]:
    everywhere = {"wire_cache_bytes": "0"} | settings.get("", {})  # every repeat of a question is read from Redis
    with staged(settings={"": everywhere}) as stage:
        poison = Poison(stage.valkey.raw)
        checks = struck(stage, reference, poison.start, poison.stop)
    assert poison.spoilt, "nothing was poisoned"
    return checks


def test_promise(record, staged, reference):
    record.promise(lambda: measured(staged, reference))


def test_without_the_guard(record, staged, reference):
    record.control(lambda: measured(staged, reference, **{"": sabotaged("unchecked_values")}))
