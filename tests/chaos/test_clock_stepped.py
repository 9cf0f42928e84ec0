"""The wall clock of all services jumps forth and back under load."""

import sqlalchemy as sa

from chaos.harness.clock import STEPS, Clock
from chaos.harness.recording import Sender
from chaos.harness.sabotage import sabotaged
from chaos.harness.trial import Trial
from chaos.harness.verdict import Check, Fault
from chaos.harness.work import LATE_SHARE, failed, read_checks
from cocite.catalogue.schema import events
from cocite.catalogue.store import Catalogue
from cocite.core.clock import DAY_MS

FAULT = Fault(
    what="clock stepped, by up to three days and back",
    promise="0 failed, 0 wrong, 0 degraded; 0 acknowledged events lost, none refused",
    guard="deadlines and pauses by the monotonic clock",
)
EACH_S, ROUNDS = 0.1, 20  # so often that some step hits a call on its way


def days_apart(catalogue_url: str) -> float:
    """Between the earliest and the latest time at which an event of this measurement was recorded."""
    with Catalogue.open(catalogue_url) as catalogue, catalogue.reading() as connection:
        recorded = events.c.recorded_at
        first, last = connection.execute(
            sa.select(sa.func.min(recorded), sa.func.max(recorded)).where(events.c.event_id.like("view-%"))
        ).one()
    return (last - first) / DAY_MS


def measured(staged, reference, folder, **settings) -> list[Check]:
    clock = Clock(folder)
    with (
        staged(settings={"": {**clock.settings, **settings}}) as stage,
        Sender(stage.targets["feeds"], stage.home) as sender,
        Trial(stage, reference) as trial,
    ):
        trial.phase("baseline", 4)
        for seconds in (*STEPS, 0) * ROUNDS:
            clock.step(seconds)
            trial.phase("fault", EACH_S)
        clock.step(0)
        trial.phase("afterwards", 2)
        sender.stop()
        parts = trial.end()
        url = f"sqlite:///{stage.home / 'catalogue.db'}"
        lost, apart = sender.lost(url), days_apart(url)
    struck = parts["fault"]
    return [
        *read_checks(parts),
        Check("degraded", struck.degraded, 0, hard=LATE_SHARE * len(struck.calls)),
        failed(struck.of("feed"), "feeds"),
        Check(f"lost of {len(sender.acknowledged)} acknowledged events", lost, 0),
        Check("first and last event apart, by the clock of the services", apart, 6, "days", at_least=True),
        Check("batches of events refused", sum(sender.refused.values()), 0, hard=5),
    ]


def test_promise(record, staged, reference, tmp_path_factory):
    record.promise(lambda: measured(staged, reference, tmp_path_factory.mktemp("clock")))


def test_without_the_guard(record, staged, reference, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clock")
    record.control(lambda: measured(staged, reference, folder, **sabotaged("wall_clock")), breaks="degraded")
