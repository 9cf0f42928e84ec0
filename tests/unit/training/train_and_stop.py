"""Trains as `cocite train` does, in a process of its own, and stands still at a given point until it is killed.

Arguments: home directory, catalogue URL, and "phase NAME" (stand still when that phase is reported) or "fsync N"
(stand still before the N-th time something is put on disk while publishing). Prints "there" at that point.
"""

import os
import sys
import time
from pathlib import Path

from cocite.catalogue.store import Catalogue
from cocite.core.settings import Settings
from cocite.training.als import AlsOptions
from cocite.training.options import TrainingOptions
from cocite.training.train import train


def stand_still() -> None:
    print("there", flush=True)
    time.sleep(300)


def main(home: str, url: str, kind: str, point: str) -> None:
    sync, synced, publishing = os.fsync, 0, False

    def watched_sync(descriptor: int) -> None:
        nonlocal synced
        synced += publishing
        if kind == "fsync" and synced == int(point):
            stand_still()
        sync(descriptor)

    def progress(phase: str, done: int, total: int) -> None:
        nonlocal publishing
        publishing = phase == "Publishing"
        if kind == "phase" and phase == point:
            stand_still()

    os.fsync = watched_sync
    options = TrainingOptions(seed=1, als=AlsOptions(factors=8, iterations=5, regularization=0.1))
    with Catalogue.open(url) as catalogue:
        train(catalogue, Settings(home=Path(home), encoder="hashing"), options, progress)


if __name__ == "__main__":
    main(*sys.argv[1:])
