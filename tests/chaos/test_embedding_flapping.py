"""The embedding service refuses every call for a second, answers for a second, and so on: Envoy does it."""

from chaos.harness.behind import Flapping, struck
from chaos.harness.sabotage import sabotaged
from chaos.harness.verdict import Check, Fault

PERIOD_S = 1.0
FAULT = Fault(
    what="embedding service flapping (refuses for a second, answers for a second, by Envoy)",
    promise="every answer inside its deadline; texts flagged degraded; known papers unaffected, p99 at most "
    "1.5 x baseline + 20 ms",
    guard="answers without it",
)


def measured(staged, reference, **settings) -> list[Check]:
    with staged(settings=settings, envoy_before="embedding") as stage:
        flapping = Flapping(lambda: stage.envoy.refuse(100), lambda: stage.envoy.refuse(0), PERIOD_S)
        return struck(stage, reference, flapping.start, flapping.stop, affected=("text", "cold"))


def test_promise(record, staged, reference):
    record.promise(lambda: measured(staged, reference))


def test_without_the_guard(record, staged, reference):
    record.control(lambda: measured(staged, reference, recommender=sabotaged("embedding_errors")))
