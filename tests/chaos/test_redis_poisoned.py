"""Whatever is written to Redis under load is not what is read from it."""

from chaos.harness.poison import Poison
from chaos.harness.redis_fault import struck
from chaos.harness.sabotage import sabotaged
from chaos.harness.verdict import Check, Fault

FAULT = Fault(
    what="values in Redis poisoned: bits turned, cut short, swapped between keys, random, of another type",
    promise="0 failed, 0 wrong, also where nothing is remembered but in Redis; p99 at most 1.5 x baseline + 20 ms; hit "
    "rate back to 90 % of what it was within 10 s",
    guard="the frame's checksum",
)
FROM_REDIS = {"wire_cache_bytes": "0"}  # every repeat of a question is read from there
COMPUTED_RATE = 60.0  # calls a second: half of what can be answered when every answer from there has to be made anew


def measured(staged, reference, rate: float | None = None, **settings: str) -> list[Check]:
    with staged(settings={"": settings}) as stage:
        poison = Poison(stage.valkey.raw)
        checks = struck(stage, reference, poison.start, poison.stop, rate)
    assert poison.spoilt, "nothing was poisoned"
    return checks


def test_promise(record, staged, reference):
    def both() -> list[Check]:
        failed, wrong, *_ = measured(staged, reference, COMPUTED_RATE, **FROM_REDIS)
        return [*measured(staged, reference), failed, wrong]

    record.promise(both)


def test_without_the_guard(record, staged, reference):
    unchecked = FROM_REDIS | sabotaged("unchecked_values")
    record.control(lambda: measured(staged, reference, COMPUTED_RATE, **unchecked), breaks="wrong")
