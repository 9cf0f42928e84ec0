"""Two recommenders are restarted one after the other under load of callers who send nothing twice."""

import time

from chaos.harness.trial import Trial
from chaos.harness.verdict import Check, Fault

HANGS_S = 0.1
FAULT = Fault(
    what="rolling restart of two recommenders, callers without retries or hedging",
    promise="0 failed, 0 wrong",
    guard="the lame-duck pause and the drain (killed with calls under way instead)",
)


def measured(staged, reference, orderly: bool = True) -> list[Check]:
    with staged(recommenders=2) as stage, Trial(stage, reference, hedges=False) as trial:
        trial.phase("baseline", 4)
        trial.phase("fault")
        for recommender in stage.recommenders:
            if not orderly:
                recommender.freeze()
                time.sleep(HANGS_S)
                recommender.kill()
            recommender.restart()
            trial.phase("fault", 2)
        parts = trial.end()
    fault = parts["fault"]
    return [Check(f"failed of {len(fault.calls)} calls", fault.failed, 0), Check("wrong", fault.wrong, 0)]


def test_promise(record, staged, reference):
    record.promise(lambda: measured(staged, reference))


def test_without_the_guard(record, staged, reference):
    record.control(lambda: measured(staged, reference, orderly=False))
