"""Two recommenders are restarted one after the other under load of callers who try nothing twice."""

from chaos.harness.sabotage import setting
from chaos.harness.trial import Trial
from chaos.harness.verdict import Check, Fault

FAULT = Fault(
    what="rolling restart of two recommenders, callers without retries",
    promise="0 failed, 0 wrong",
    guard="the lame-duck pause and the drain",
)


def measured(staged, reference, **settings) -> list[Check]:
    with staged(settings=settings, recommenders=2) as stage, Trial(stage, reference) as trial:
        trial.phase("baseline", 4)
        trial.phase("fault")
        for recommender in stage.recommenders:
            recommender.restart()
            trial.phase("fault", 2)
        parts = trial.end()
    fault = parts["fault"]
    return [Check(f"failed of {len(fault.calls)} calls", fault.failed, 0), Check("wrong", fault.wrong, 0)]


def test_promise(record, staged, reference):
    record.promise(lambda: measured(staged, reference))


def test_without_the_guard(record, staged, reference):
    hasty = setting(lame_duck_s="0", drain_s="0")
    record.control(lambda: measured(staged, reference, recommender=hasty))
