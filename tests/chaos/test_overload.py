"""Three times as much is asked as can be answered."""

from chaos.harness.overload import COMPUTED, overload_checks
from chaos.harness.sabotage import sabotaged
from chaos.harness.trial import Trial
from chaos.harness.verdict import Check, Fault

FAULT = Fault(
    what="overload: 3 x what can be answered",
    promise="goodput at least 95 % of the peak; others are refused within 10 ms, with RESOURCE_EXHAUSTED and RetryInfo",
    guard="the bounds on calls under way and on how long they wait",
)
SHARE = 3.0
LOADED_S = 12.0


def measured(staged, reference, **settings) -> list[Check]:
    with (
        staged(settings={"": COMPUTED, "recommender": settings}) as stage,
        Trial(stage, reference, mix={"pair": 1, "cold": 1}, share=SHARE) as trial,
    ):
        trial.phase("overload", LOADED_S)
        parts = trial.end()
    return overload_checks(parts["overload"], trial.capacity)


def test_promise(record, staged, reference):
    record.promise(lambda: measured(staged, reference))


def test_without_the_guard(record, staged, reference):
    record.control(lambda: measured(staged, reference, **sabotaged("endless_queue")), breaks="goodput")
