"""The feature service is killed and comes back."""

from chaos.harness.behind import struck
from chaos.harness.sabotage import sabotaged, setting
from chaos.harness.verdict import Check, Fault

# No answer is had without asking it, as would be those that are kept.
UNKEPT = setting(wire_cache_bytes="0", wire_cache_shared="false")
FAULT = Fault(
    what="feature service dead, no answers kept",
    promise="answers go on with ids and what is cached, flagged; known papers in basic view unaffected, p99 at most "
    "1.5 x baseline + 20 ms",
    guard="answers without it",
)


def measured(staged, reference, **settings) -> list[Check]:
    with staged(settings={"recommender": UNKEPT | settings}) as stage:
        features = stage["features"]
        return struck(stage, reference, features.kill, features.start, affected=("full",))


def test_promise(record, staged, reference):
    record.promise(lambda: measured(staged, reference))


def test_without_the_guard(record, staged, reference):
    record.control(lambda: measured(staged, reference, **sabotaged("feature_errors")))
