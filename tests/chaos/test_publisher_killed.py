"""Whoever fetches and publishes a model is killed at any point of it, under load."""

import random
import signal

from chaos.harness.home import settings_of
from chaos.harness.overload import COMPUTED
from chaos.harness.sabotage import sabotaged
from chaos.harness.trial import Trial, together
from chaos.harness.verdict import Check, Fault
from chaos.harness.work import cocite, failed, names_a_whole_model
from cocite.training.delivery import push
from cocite.training.model_store import ModelStore

FAULT = Fault(
    what="publisher killed at any point",
    promise="0 failed; each answer is what one version alone answers; the model named as serving is always whole; the "
    "next to publish does",
    guard="a model is named once it is there",
)
KILLS, STEPS = 8, 80  # a fetch touches so many files
NEVER = "1000000"


def measured(staged, versions, versioned, folder, sabotage: str) -> list[Check]:
    store = ModelStore(folder.as_uri())
    draw = random.Random(0)
    with (
        staged(settings={"": COMPUTED, "recommender": {"bundle_poll_s": "0.2"}}) as stage,
        Trial(stage, versioned) as trial,
    ):

        def fetch(kill_at: str) -> int:
            kill = {"CHAOS_KILL_IN": str(settings_of(stage.home).bundles), "CHAOS_KILL_AT": kill_at}
            with cocite(stage.home, "model", "fetch", "--store", folder.as_uri(), **kill, **sabotaged(sabotage)) as run:
                said, _ = run.communicate(timeout=60)
            assert run.returncode in (0, -signal.SIGKILL), said
            return run.returncode

        trial.phase("baseline", 4)
        trial.phase("fault")
        killed = torn = 0
        for number in range(KILLS):
            push(versions[0].parent, store, versions[number].name)
            killed += fetch(str(draw.randint(1, STEPS))) != 0
            torn += not names_a_whole_model(stage.home)
        push(versions[0].parent, store, versions[-1].name)
        fetch(NEVER)
        trial.phase("afterwards", 3)
        parts = trial.end()
    struck, after = parts["fault"], parts["afterwards"]
    serving = max((answer.model for answer in after.answered()), default="")
    return [
        failed(together(struck, after)),
        Check("answers of no one version", struck.wrong + after.wrong, 0),
        Check("kills", killed, KILLS / 2, at_least=True),
        Check("of these, left no whole model named", torn, 0),
        Check("the next one is published", serving == versions[-1].name, 1, at_least=True),
    ]


def test_promise(record, staged, versions, versioned, tmp_path_factory):
    record.promise(lambda: measured(staged, versions, versioned, tmp_path_factory.mktemp("store"), "killed"))


def test_without_the_guard(record, staged, versions, versioned, tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    record.control(lambda: measured(staged, versions, versioned, folder, "torn_publishing"), breaks="of these")
