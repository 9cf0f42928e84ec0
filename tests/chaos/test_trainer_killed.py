"""A training run is killed in each of its phases, and in the midst of publishing, under load."""

import pytest

from chaos.harness.home import settings_of
from chaos.harness.sabotage import sabotaged
from chaos.harness.training import stopped_at
from chaos.harness.trial import Trial
from chaos.harness.verdict import Check, Fault
from chaos.harness.work import cocite, failed, names_a_whole_model
from cocite.recommender.bundle_files import read_current
from support.train_and_stop import Point

FAULT = Fault(
    what="trainer killed in each phase",
    promise="0 failed; the old model is untouched and serves on; the next run is not kept from training",
    guard="a model is named once all of it is on disk",
)
POINTS: tuple[Point, ...] = (
    ("phase", "Reading papers"),
    ("phase", "Embedding texts"),
    ("phase", "Factorising"),
    ("phase", "Related lists"),
    ("phase", "Publishing"),
    ("fsync", 30),
    ("fsync", 66),
)
NEXT_S = 60.0
TEST_S = 900.0  # a busy machine has little left for training


def measured(staged, reference, **sabotage) -> list[Check]:
    with staged() as stage, Trial(stage, reference) as trial:
        bundles = settings_of(stage.home).bundles
        old = read_current(bundles)
        trial.phase("baseline", 4)
        trial.phase("fault")
        changed = 0
        for point in POINTS:
            with stopped_at(stage.home, point, **sabotage):
                pass
            changed += read_current(bundles) != old or not names_a_whole_model(stage.home)
        parts = trial.end()
        with cocite(stage.home, "train", "--no-learn") as run:
            said, _ = run.communicate(timeout=NEXT_S)
        trained = run.returncode == 0 and read_current(bundles) != old and names_a_whole_model(stage.home)
        print(said[-300:])
    struck = parts["fault"]
    return [
        failed(struck),
        Check("wrong", struck.wrong, 0),
        Check(f"of {len(POINTS)} kills, changed what serves", changed, 0),
        Check("the next run publishes", trained, 1, at_least=True),
    ]


@pytest.mark.timeout(TEST_S, func_only=True)
def test_promise(record, staged, reference):
    record.promise(lambda: measured(staged, reference))


@pytest.mark.timeout(TEST_S, func_only=True)
def test_without_the_guard(record, staged, reference):
    record.control(lambda: measured(staged, reference, **sabotaged("hasty_trainer")), breaks="of 7 kills")
