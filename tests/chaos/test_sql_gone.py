"""The SQL store dies under load and comes back: papers are still recommended, events are refused, none is lost."""

from contextlib import ExitStack

from chaos.harness.postgres import Postgres
from chaos.harness.recording import Sender, event_checks
from chaos.harness.sabotage import sabotaged
from chaos.harness.trial import Trial
from chaos.harness.verdict import Check, Fault
from chaos.harness.work import read_checks

FAULT = Fault(
    what="SQL store gone",
    promise="reads: 0 failed, 0 wrong; events refused while it is gone, 0 acknowledged lost, taken again "
    "within 10 s without a restart",
    guard="events are acknowledged once the store has kept them",
)


def measured(staged, home, reference, **settings) -> list[Check]:
    with ExitStack() as stack:
        postgres = Postgres(home)
        stack.callback(postgres.close)
        postgres.start()
        postgres.fill()
        stage = stack.enter_context(staged(settings={"": {"catalogue_url": postgres.url}, **settings}))
        sender = stack.enter_context(Sender(stage.targets["feeds"], stage.home))
        trial = stack.enter_context(Trial(stage, reference))
        trial.phase("baseline", 5)
        trial.phase("fault")
        postgres.crash()
        trial.phase("fault", 8)
        postgres.start()
        back = trial.phase("recovery", 12)
        sender.stop()
        parts = trial.end()
        feeds = parts["fault"].of("feed")
        return [
            *read_checks(parts),
            Check(f"failed of {len(feeds.calls)} feeds", feeds.failed, 0, hard=len(feeds.calls)),
            *event_checks(sender, postgres.url, back),
        ]


def test_promise(record, staged, home, reference):
    record.promise(lambda: measured(staged, home, reference))


def test_without_the_guard(record, staged, home, reference):
    record.control(lambda: measured(staged, home, reference, feeds=sabotaged("unkept_events")), breaks="lost")
