"""One of two recommenders is killed with calls under way, twice, under load of callers who send some calls again."""

import time

from chaos.harness.trial import Trial
from chaos.harness.verdict import Check, Fault

HANGS_S = 0.1  # before it is killed, so that some calls are under way
KILLS = 2
FAULT = Fault(
    what="kill -9 of one of two recommenders with calls under way; callers with retries, and callers with hedging",
    promise="0 failed, 0 wrong, with either",
    guard="retries and hedging",
)


def measured(staged, reference, **again: bool) -> list[Check]:
    with staged(recommenders=2) as stage, Trial(stage, reference, **again) as trial:
        trial.phase("baseline", 4)
        for recommender in stage.recommenders[:KILLS]:
            trial.phase("fault")
            recommender.freeze()
            time.sleep(HANGS_S)
            recommender.kill()
            trial.phase("fault", 3)
            trial.phase("coming back")
            recommender.start()
            recommender.wait_ready()
            trial.phase("coming back", 2)
        parts = trial.end()
    how = " and ".join(name for name, wanted in again.items() if wanted) or "neither"
    return [
        Check(f"with {how}: failed of {len(parts['fault'].calls)} calls", parts["fault"].failed, 0),
        Check("failed as it came back", parts["coming back"].failed, 0),
        Check("wrong", parts["fault"].wrong + parts["coming back"].wrong, 0),
    ]


def test_promise(record, staged, reference):
    record.promise(
        lambda: [
            *measured(staged, reference, retries=True, hedges=False),
            *measured(staged, reference, retries=False, hedges=True),
        ]
    )


def test_without_the_guard(record, staged, reference):
    record.control(lambda: measured(staged, reference, retries=False, hedges=False))
