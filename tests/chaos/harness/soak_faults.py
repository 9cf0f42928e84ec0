"""Every kind of fault, as something that can happen to one stage among others, last for a while, and be over."""

import random
from collections.abc import Callable, Mapping
from itertools import chain, cycle, repeat

from chaos.harness.clock import STEPS, Clock
from chaos.harness.home import settings_of
from chaos.harness.memory_limit import lift_limit, limit_memory
from chaos.harness.namespace import Namespace
from chaos.harness.poison import Poison
from chaos.harness.postgres import Postgres
from chaos.harness.processes import Process
from chaos.harness.stage import Stage
from chaos.harness.training import stopped_at
from chaos.harness.versions import Versions, force, publish
from cocite.recommender.bundle_files import read_current
from cocite.training.activation import activate
from support.train_and_stop import Point

Wait = Callable[[], None]
_POINTS: tuple[Point, ...] = (("phase", "Reading papers"), ("phase", "Factorising"), ("fsync", 30))


class Faults:
    """kinds: by name, what makes one happen; wait returns when it has lasted long enough.

    The memory of the first recommender is looked at, so that what ends a process ends the second.
    """

    def __init__(
        self, stage: Stage, postgres: Postgres, versions: Versions, bad: Versions, clock: Clock, hole: Namespace
    ) -> None:
        self._stage, self._postgres, self._clock, self._hole = stage, postgres, clock, hole
        self._good, self._bad = list(versions.directories), list(bad.directories)
        self._steps, self._points = cycle(STEPS), cycle(_POINTS)
        self._first, self._second = stage.recommenders
        self.kinds: Mapping[str, Callable[[Wait], None]] = {
            "Redis killed": _killed(stage.valkey),
            "Redis frozen": _frozen(stage.valkey),
            "Redis full": self._redis_full,
            "values in Redis poisoned": self._poisoned,
            "embedding killed": _killed(stage["embedding"]),
            "embedding frozen": _frozen(stage["embedding"]),
            "embedding slow": self._slow,
            "features killed": _killed(stage["features"]),
            "a recommender killed": self._recommender_killed,
            "a recommender restarted": self._restarted,
            "a recommender cut off": self._cut_off,
            "a recommender out of memory as a model is published": self._out_of_memory,
            "SQL store killed": self._sql_gone,
            "disk of the SQL store full": self._disk_full,
            "clock stepped": self._stepped,
            "a model published": self._published,
            "a damaged model published": self._damaged,
            "a trainer killed": self._trainer_killed,
        }

    def _redis_full(self, wait: Wait) -> None:
        redis = self._stage.valkey.raw
        redis.config_set("maxmemory-policy", "noeviction")
        redis.config_set("maxmemory", "1mb")
        redis.flushall()
        wait()
        redis.config_set("maxmemory", "0")

    def _poisoned(self, wait: Wait) -> None:
        poison = Poison(self._stage.valkey.raw)
        poison.start()
        wait()
        poison.stop()

    def _slow(self, wait: Wait) -> None:
        self._stage.envoy.delay(100)
        wait()
        self._stage.envoy.delay(0)

    def _recommender_killed(self, wait: Wait) -> None:
        self._second.kill()
        wait()
        self._second.start()
        self._second.wait_ready()

    def _restarted(self, wait: Wait) -> None:
        self._second.restart()
        wait()

    def _cut_off(self, wait: Wait) -> None:
        self._hole.cut_off()
        wait()
        self._hole.join()

    def _out_of_memory(self, wait: Wait) -> None:
        limit_memory(self._second)
        self._published(wait)
        lift_limit(self._second)

    def _sql_gone(self, wait: Wait) -> None:
        self._postgres.crash()
        wait()
        self._postgres.start()

    def _disk_full(self, wait: Wait) -> None:
        ballast = self._postgres.fill_disk()
        wait()
        ballast.unlink()
        self._postgres.recover()

    def _stepped(self, wait: Wait) -> None:
        self._clock.step(next(self._steps))
        wait()
        self._clock.step(0)

    def _published(self, wait: Wait) -> None:
        if self._good:
            publish(self._stage.home, self._good.pop(0))
        wait()

    def _damaged(self, wait: Wait) -> None:
        bundles = settings_of(self._stage.home).bundles
        before = read_current(bundles)
        if self._bad:
            force(self._stage.home, self._bad.pop(0))
        wait()
        activate(bundles, before)  # what somebody does who is told

    def _trainer_killed(self, wait: Wait) -> None:
        with stopped_at(self._stage.home, next(self._points)):
            wait()


def schedule(
    draw: random.Random, kinds: list[str], seconds: float, calm_s: tuple[float, float], struck_s: tuple[float, float]
) -> list[tuple[float, str, float]]:
    """When which fault begins, in seconds from the start, and how long it lasts; every kind once before any again."""
    plan, at = [], draw.uniform(*calm_s)
    for kind in chain.from_iterable(draw.sample(kinds, len(kinds)) for _ in repeat(None)):
        lasts = draw.uniform(*struck_s)
        if at + lasts > seconds:
            break
        plan.append((at, kind, lasts))
        at += lasts + draw.uniform(*calm_s)
    return plan


def _killed(process: Process) -> Callable[[Wait], None]:
    def strike(wait: Wait) -> None:
        process.kill()
        wait()
        process.start()

    return strike


def _frozen(process: Process) -> Callable[[Wait], None]:
    def strike(wait: Wait) -> None:
        process.freeze()
        wait()
        process.thaw()

    return strike
