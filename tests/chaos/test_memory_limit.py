"""A recommender comes to the end of the memory it may have, under load, just when a new model is published."""

from chaos.harness.memory import watched_memory
from chaos.harness.memory_limit import lift_limit, limit_memory
from chaos.harness.overload import COMPUTED
from chaos.harness.questions import told
from chaos.harness.sabotage import sabotaged
from chaos.harness.trial import Trial, together
from chaos.harness.verdict import Check, Fault
from chaos.harness.versions import publish
from chaos.harness.work import failed
from cocite.client import Client

FAULT = Fault(
    what="memory limit reached",
    promise="0 failed; the old model serves on and the new one is refused with a reason; it is taken up within 10 s "
    "once there is memory, without a restart; RSS grows by at most 1 % under load",
    guard="whatever is wrong with a new model, the look for one goes on",
)
TAKEN_S = 10.0


def measured(staged, versions, versioned, **settings) -> list[Check]:
    with staged(settings={"": COMPUTED, "recommender": settings}) as stage, Trial(stage, versioned) as trial:
        recommender = stage["recommender"]
        with watched_memory([recommender]) as held:
            trial.phase("baseline", 12)
        trial.phase("fault")
        limit_memory(recommender)
        version = publish(stage.home, versions[0])
        trial.phase("fault", 8)
        with Client(stage.targets["recommender"], timeout_s=10.0) as client:
            reasons = [refused.detail for refused in client.model().refused]
        lift_limit(recommender)
        lifted = trial.phase("recovery", TAKEN_S + 2)
        parts = trial.end()
    print(reasons)
    after = [call for call in parts["recovery"].calls if call.question.service == "recommender" and not call.failed]
    new = [call.due - lifted for call in after if told(call.question, call.body).model == version]
    struck = together(parts["fault"], parts["recovery"])
    return [
        failed(struck),
        Check("wrong", struck.wrong, 0),
        Check("new model refused with a reason", len(reasons), 1, at_least=True),
        Check("taken up after", min(new, default=float("inf")), TAKEN_S, "s"),
        Check("RSS growth", 100 * held.slope(5.0), 1.0, "%", hard=10.0),
    ]


def test_promise(record, staged, versions, versioned):
    record.promise(lambda: measured(staged, versions, versioned))


def test_without_the_guard(record, staged, versions, versioned):
    record.control(lambda: measured(staged, versions, versioned, **sabotaged("loud_watcher")), breaks="taken up")
