"""Trains as `cocite train` does, and stands still at a given point until it is killed."""

import os
import time
from typing import Literal, Protocol

from cocite.catalogue.store import Catalogue
from cocite.core.settings import Settings
from cocite.training.options import TrainingOptions
from cocite.training.train import train

Point = tuple[Literal["phase"], str] | tuple[Literal["fsync"], int]


class Told(Protocol):
    """Hears that a run is where it was to stop; a Connection does."""

    def send(self, obj: Point, /) -> None: ...


def train_and_stop(settings: Settings, catalogue_url: str, options: TrainingOptions, point: Point, there: Told) -> None:
    """Train up to the report of a phase, or to before the N-th time that something is put on disk while publishing;
    tell it by there, and stand still.
    """  # fmt: skip
    sync, synced, publishing = os.fsync, 0, False

    def stand_still() -> None:
        there.send(point)
        time.sleep(300)

    def watched_sync(descriptor: int) -> None:
        nonlocal synced
        synced += publishing
        if point == ("fsync", synced):
            stand_still()
        sync(descriptor)

    def progress(phase: str, done: int, total: int) -> None:
        nonlocal publishing
        publishing = phase == "Publishing"
        if point == ("phase", phase):
            stand_still()

    os.fsync = watched_sync
    with Catalogue.open(catalogue_url) as catalogue:
        train(catalogue, settings, options, progress)
