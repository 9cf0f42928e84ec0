"""The embedding service takes two seconds longer for each call: Envoy holds them back."""

from chaos.harness.behind import struck
from chaos.harness.sabotage import sabotaged
from chaos.harness.verdict import Check, Fault

FAULT = Fault(
    what="embedding service slow (2 s a call, by Envoy)",
    promise="every answer inside its deadline; texts flagged degraded; known papers unaffected, p99 at most "
    "1.5 x baseline + 20 ms",
    guard="the share of a caller's time that others may take",
)


def measured(staged, reference, **settings) -> list[Check]:
    with staged(settings=settings, envoy_before="embedding") as stage:
        return struck(
            stage, reference, lambda: stage.envoy.delay(100), lambda: stage.envoy.delay(0), affected=("text", "cold")
        )


def test_promise(record, staged, reference):
    record.promise(lambda: measured(staged, reference))


def test_without_the_guard(record, staged, reference):
    record.control(lambda: measured(staged, reference, recommender=sabotaged("whole_deadline")))
