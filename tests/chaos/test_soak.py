"""Faults at random, several a minute, for ten minutes: `make chaos`; CHAOS_SOAK_S=60 for a minute of them.

The seed is printed; CHAOS_SEED=N strikes the same again.
"""

import os
import random
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from chaos.harness.damage import damaged
from chaos.harness.home import settings_of
from chaos.harness.memory import watched_memory
from chaos.harness.postgres import Postgres
from chaos.harness.recording import Sender
from chaos.harness.sabotage import sabotaged
from chaos.harness.stage import Overrides, Stage
from chaos.harness.trial import Trial
from chaos.harness.verdict import Check, Fault
from chaos.harness.versions import Versions, force, publish
from chaos.harness.work import failed
from cocite.recommender.bundle_files import read_current
from cocite.training.activation import activate

SOAK_S = float(os.environ.get("CHAOS_SOAK_S", "600"))
CONTROL_S = 30.0
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.randrange(1, 2**32)
FAULT = Fault(
    what=f"soak: {SOAK_S:g} s of all of them at random (seed {SEED})",
    promise="0 failed, 0 wrong of what readers ask of papers; 0 acknowledged events lost; RSS slope at most 1 %",
    guard="the guard that takes errors of Redis for misses, and events acknowledged once they are kept",
)
CALM_S, STRUCK_S = (1.0, 3.0), (0.5, 3.0)  # between faults, and of one; uniformly at random
RATE = 40.0  # calls a second: a tenth of what can be answered, so that memory shows rather than speed
RSS_PERCENT, RSS_HARD = 1.0, 15.0
_REST_S = 6.0  # without faults, at the end
_MORE_S = 180.0  # to set up, and to find out what was right


class Faults:
    """What can happen to a stage; each happens, lasts as long as wait does, and is over."""

    def __init__(self, stage: Stage, postgres: Postgres, versions: Versions, bad: Versions) -> None:
        self._stage, self._postgres = stage, postgres
        self._good, self._bad = list(versions.directories), list(bad.directories)
        self.kinds: dict[str, Callable[[Callable[[], None]], None]] = {
            "Redis killed": self._killed(stage.valkey),
            "Redis frozen": self._frozen(stage.valkey),
            "embedding killed": self._killed(stage["embedding"]),
            "embedding frozen": self._frozen(stage["embedding"]),
            "features killed": self._killed(stage["features"]),
            "a recommender restarted": self._restarted,
            "SQL store killed": self._sql_gone,
            "a model published": self._published,
            "a damaged model published": self._damaged,
        }

    def _killed(self, process):
        def strike(wait):
            process.kill()
            wait()
            process.start()

        return strike

    def _frozen(self, process):
        def strike(wait):
            process.freeze()
            wait()
            process.thaw()

        return strike

    def _sql_gone(self, wait):
        self._postgres.crash()
        wait()
        self._postgres.start()

    def _restarted(self, wait):
        self._stage.recommenders[1].restart()  # the memory of the other is looked at
        wait()

    def _published(self, wait):
        if self._good:
            publish(self._stage.home, self._good.pop(0))
        wait()

    def _damaged(self, wait):
        bundles = settings_of(self._stage.home).bundles
        before = read_current(bundles)
        if self._bad:
            force(self._stage.home, self._bad.pop(0))
        wait()
        activate(bundles, before)  # what somebody does who is told; a recommender that starts meanwhile has no model


def schedule(draw: random.Random, kinds: list[str], seconds: float) -> list[tuple[float, str, float]]:
    """When which fault begins, in seconds from the start, and how long it lasts; every kind once before any again."""
    plan, at, left = [], draw.uniform(*CALM_S), list[str]()
    while True:
        left = left or draw.sample(kinds, len(kinds))
        lasts = draw.uniform(*STRUCK_S)
        if at + lasts + _REST_S > seconds:
            return plan
        plan.append((at, left.pop(), lasts))
        at += lasts + draw.uniform(*CALM_S)


def measured(staged, home, versions, versioned, folder, seconds: float, guardless: Overrides) -> list[Check]:
    draw = random.Random(SEED)
    print(f"\nsoak of {seconds:g} s: CHAOS_SEED={SEED}")
    with ExitStack() as stack:
        postgres = Postgres(home)
        stack.callback(postgres.close)
        postgres.start()
        postgres.fill()
        shared = {"catalogue_url": postgres.url, "bundle_poll_s": "0.2"}
        stage = stack.enter_context(staged(settings={"": shared, **guardless}, recommenders=2))
        sender = stack.enter_context(Sender(stage.targets["feeds"], stage.home))
        mix = {"known": 3, "full": 2, "pair": 2, "text": 1, "cold": 1}
        trial = stack.enter_context(
            Trial(stage, versioned, retries=True, seed=SEED, mix=mix, rate=RATE, most_s=seconds)
        )
        bad = Versions(tuple(damaged(versions[0], folder)))
        faults = Faults(stage, postgres, versions, bad)
        held = stack.enter_context(watched_memory([stage.recommenders[0], stage["feeds"]]))
        begun = trial.phase("soak")
        for at, kind, lasts in schedule(draw, list(faults.kinds), seconds):
            trial.phase("soak", max(0.0, begun + at - time.monotonic()))
            print(f"{time.monotonic() - begun:6.1f} s  {kind} for {lasts:.1f} s")
            faults.kinds[kind](lambda lasts=lasts: time.sleep(lasts))
        trial.phase("soak", max(0.0, begun + seconds - time.monotonic()))
        sender.stop()
        parts = trial.end()
        lost = sender.lost(postgres.url)
        grown = 100 * held.slope(seconds / 2)
    soaked = parts["soak"]
    return [
        failed(soaked),
        Check("wrong", soaked.wrong, 0),
        Check(f"lost of {len(sender.acknowledged)} acknowledged events", lost, 0),
        Check("RSS slope", grown, RSS_PERCENT, "%", hard=RSS_HARD),
    ]


@pytest.mark.timeout(SOAK_S + _MORE_S, func_only=True)
def test_promise(record, staged, home, versions, versioned, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    record.promise(lambda: measured(staged, home, versions, versioned, folder, SOAK_S, {}), repeats=1)


def test_without_the_guard(record, staged, home, versions, versioned, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    guardless = {"recommender": sabotaged("redis_errors"), "feeds": sabotaged("unkept_events")}
    record.control(lambda: measured(staged, home, versions, versioned, folder, CONTROL_S, guardless))
