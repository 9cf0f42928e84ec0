"""The disk of the catalogue fills up under load, and is cleared: papers are still recommended, events refused."""

from chaos.harness.disk import fill, small_disk
from chaos.harness.recording import Sender, event_checks
from chaos.harness.sabotage import sabotaged
from chaos.harness.trial import Trial
from chaos.harness.verdict import Check, Fault
from chaos.harness.work import read_checks

FAULT = Fault(
    what="disk full",
    promise="reads of papers: 0 failed, 0 wrong; events refused while it is full, 0 acknowledged lost, taken again "
    "within 10 s without a restart",
    guard="events are acknowledged once the store has kept them",
)
SIZE_MB = 64


def measured(staged, reference, tmp_path_factory, **settings) -> list[Check]:
    with small_disk(tmp_path_factory.mktemp("disk"), SIZE_MB) as disk:
        catalogue_url = f"sqlite:///{disk / 'catalogue.db'}"
        stage = staged(settings={"": {"catalogue_url": catalogue_url}, **settings})
        (disk / "catalogue.db").write_bytes((stage.home / "catalogue.db").read_bytes())
        with stage, Sender(stage.targets["feeds"], stage.home) as sender, Trial(stage, reference) as trial:
            trial.phase("baseline", 5)
            ballast = fill(disk)
            trial.phase("fault", 8)
            ballast.unlink()
            cleared = trial.phase("recovery", 12)
            sender.stop()
            parts = trial.end()
            return [*read_checks(parts), *event_checks(sender, catalogue_url, cleared)]


def test_promise(record, staged, reference, tmp_path_factory):
    record.promise(lambda: measured(staged, reference, tmp_path_factory))


def test_without_the_guard(record, staged, reference, tmp_path_factory):
    record.control(
        lambda: measured(staged, reference, tmp_path_factory, feeds=sabotaged("unkept_events")), breaks="lost"
    )
