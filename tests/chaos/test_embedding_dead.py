"""The embedding service is killed and comes back."""

from chaos.harness.behind import struck
from chaos.harness.sabotage import sabotaged
from chaos.harness.verdict import Check, Fault

FAULT = Fault(
    what="embedding service dead",
    promise="every answer inside its deadline; texts flagged degraded; known papers unaffected, p99 at most "
    "1.5 x baseline + 20 ms",
    guard="answers without it",
)


def measured(staged, reference, **settings) -> list[Check]:
    with staged(settings=settings) as stage:
        embedding = stage["embedding"]
        return struck(stage, reference, embedding.kill, embedding.start, affected=("text", "cold"))


def test_promise(record, staged, reference):
    record.promise(lambda: measured(staged, reference))


def test_without_the_guard(record, staged, reference):
    record.control(lambda: measured(staged, reference, recommender=sabotaged("embedding_errors")))
