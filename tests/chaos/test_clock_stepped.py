"""The wall clock of all services jumps forth and back under load."""

from pathlib import Path

import pytest

from chaos.harness.recording import Sender
from chaos.harness.sabotage import sabotaged
from chaos.harness.trial import Trial
from chaos.harness.verdict import Check, Fault
from chaos.harness.work import failed, read_checks

FAULT = Fault(
    what="clock stepped, by up to three days and back",
    promise="0 failed, 0 wrong; 0 acknowledged events lost",
    guard="deadlines and pauses by the monotonic clock",
)
STEPS = ("+3600", "-3600", "+259200", "-259200", "+60", "-0")
EACH_S = 2.0


def stepping(file: Path) -> dict[str, str]:
    """Settings of services whose wall clock is told by a file; the monotonic one is the machine's own."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        pytest.skip("libfaketime is not installed")
    step(file, "-0")
    told = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(file)}
    return told | {"FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def step(file: Path, seconds: str) -> None:
    """Put the clock so many seconds beside the right time."""
    aside = file.with_suffix(".new")
    aside.write_text(seconds + "\n")
    aside.replace(file)


def measured(staged, reference, folder, **settings) -> list[Check]:
    clock = folder / "clock"
    with (
        staged(settings={"": {**stepping(clock), **settings}}) as stage,
        Sender(stage.targets["feeds"], stage.home) as sender,
        Trial(stage, reference) as trial,
    ):
        trial.phase("baseline", 4)
        for seconds in STEPS:
            trial.phase("fault")
            step(clock, seconds)
            trial.phase("fault", EACH_S)
        trial.phase("afterwards", 2)
        sender.stop()
        parts = trial.end()
        lost = sender.lost(f"sqlite:///{stage.home / 'catalogue.db'}")
    feeds = parts["fault"].of("feed")
    return [
        *read_checks(parts),
        failed(feeds, "feeds"),
        Check(f"lost of {len(sender.acknowledged)} acknowledged events", lost, 0),
        Check("batches of events refused", sum(sender.refused.values()), 0),
    ]


def test_promise(record, staged, reference, tmp_path_factory):
    record.promise(lambda: measured(staged, reference, tmp_path_factory.mktemp("clock")))


def test_without_the_guard(record, staged, reference, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clock")
    record.control(lambda: measured(staged, reference, folder, **sabotaged("wall_clock")), breaks="failed")
