"""Faults at random, several a minute, for ten minutes: `make chaos`; CHAOS_SOAK_S=60 for a minute of them.

The seed is printed; CHAOS_SEED=N strikes the same again.
"""

import os
import random
import time
from contextlib import ExitStack

import pytest

from chaos.harness.clock import Clock
from chaos.harness.damage import damaged
from chaos.harness.memory import watched_memory
from chaos.harness.namespace import IN_ROOT, WALL, Namespace
from chaos.harness.postgres import Postgres
from chaos.harness.recording import Sender
from chaos.harness.sabotage import sabotaged
from chaos.harness.soak_faults import Faults, schedule
from chaos.harness.stage import Overrides
from chaos.harness.trial import Trial
from chaos.harness.verdict import Check, Fault
from chaos.harness.versions import Versions
from chaos.harness.work import failed

pytestmark = pytest.mark.skipif(not (IN_ROOT and WALL), reason="needs root, ip and nft or iptables")

SOAK_S = float(os.environ.get("CHAOS_SOAK_S", "600"))
CONTROL_S = 30.0
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.randrange(1, 2**32)
FAULT = Fault(
    what=f"soak: {SOAK_S:g} s of all but overload at random (seed {SEED})",
    promise="0 failed, 0 wrong of what readers ask of papers; 0 acknowledged events lost; RSS slope at most 1 %",
    guard="the guard that takes errors of Redis for misses, and events acknowledged once they are kept",
)
CALM_S, STRUCK_S = (1.0, 3.0), (0.5, 3.0)  # between faults, and of one; uniformly at random
DISK_MB = 512  # of the SQL store
RATE = 40.0  # calls a second: a tenth of what can be answered, so that memory shows rather than speed
RSS_PERCENT, RSS_HARD = 1.0, 15.0
REST_S = 6.0  # without faults, at the end
_MORE_S = 180.0  # to set up, and to find out what was right


def measured(staged, home, versions, versioned, folder, seconds: float, guardless: Overrides) -> list[Check]:
    draw = random.Random(SEED)
    print(f"\nsoak of {seconds:g} s: CHAOS_SEED={SEED}")
    with ExitStack() as stack:
        clock, hole = Clock(folder), stack.enter_context(Namespace())
        postgres = Postgres(home, DISK_MB)
        stack.callback(postgres.close)
        postgres.start()
        postgres.fill()
        shared = {"catalogue_url": postgres.url, "bundle_poll_s": "0.2", **clock.settings}
        stage = stack.enter_context(
            staged(settings={"": shared, **guardless}, recommenders=2, envoy_before="embedding", apart=hole)
        )
        sender = stack.enter_context(Sender(stage.targets["feeds"], stage.home))
        mix = {"known": 3, "full": 2, "pair": 2, "text": 1, "cold": 1}
        trial = stack.enter_context(
            Trial(stage, versioned, retries=True, seed=SEED, mix=mix, rate=RATE, most_s=seconds)
        )
        bad = Versions(tuple(damaged(versions[0], folder)))
        faults = Faults(stage, postgres, versions, bad, clock, hole)
        held = stack.enter_context(watched_memory([stage.recommenders[0], stage["feeds"]]))
        begun = trial.phase("soak")
        for at, kind, lasts in schedule(draw, list(faults.kinds), seconds - REST_S, CALM_S, STRUCK_S):
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
