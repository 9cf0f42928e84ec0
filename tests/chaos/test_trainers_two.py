"""A second training run begins while another is at work, under load."""

from chaos.harness.home import settings_of
from chaos.harness.sabotage import sabotaged
from chaos.harness.training import stopped_at
from chaos.harness.trial import Trial
from chaos.harness.verdict import Check, Fault
from chaos.harness.work import cocite, failed
from cocite.recommender.bundle_files import read_current

FAULT = Fault(
    what="two trainers at once",
    promise="0 failed; a lease lets one run: the other is refused and says who holds it; the lease ends with its "
    "holder",
    guard="the lock of training runs",
)
RUN_S = 60.0


def measured(staged, reference, **sabotage) -> list[Check]:
    with staged() as stage, Trial(stage, reference) as trial:
        bundles = settings_of(stage.home).bundles
        old = read_current(bundles)
        trial.phase("baseline", 4)
        trial.phase("fault")
        with stopped_at(stage.home, ("fsync", 30)) as first:
            with cocite(stage.home, "train", "--no-learn", **sabotage) as second:
                said, _ = second.communicate(timeout=RUN_S)
            refused = second.returncode != 0 and "another process is training" in said and f"{first.pid}" in said
            kept = any(bundles.glob(".tmp-*")) and read_current(bundles) == old
        print(said)
        parts = trial.end()
        with cocite(stage.home, "train", "--no-learn") as third:
            third.communicate(timeout=RUN_S)
    struck = parts["fault"]
    return [
        failed(struck),
        Check("wrong", struck.wrong, 0),
        Check("the second is refused and told by whom", refused, 1, at_least=True),
        Check("what the first has written is left", kept, 1, at_least=True),
        Check("a third publishes when the first is gone", third.returncode == 0, 1, at_least=True),
    ]


def test_promise(record, staged, reference):
    record.promise(lambda: measured(staged, reference))


def test_without_the_guard(record, staged, reference):
    record.control(lambda: measured(staged, reference, **sabotaged("no_locks")), breaks="the second")
