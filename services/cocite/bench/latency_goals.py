"""What the rows are to reach, as ratios of one to another."""

from collections.abc import Mapping
from dataclasses import dataclass

from cocite.bench.latency_windows import Sample, ratio_of
from cocite.load.paired import Ratio


@dataclass(frozen=True, slots=True)
class Goal:
    """figure of a row over the same of another: at most the bound, or at least."""

    row: str
    figure: str
    base: str
    bound: float
    at_least: bool = False

    def met(self, ratio: Ratio) -> bool:
        """Whether a median reaches the bound."""
        return ratio.median >= self.bound if self.at_least else ratio.median <= self.bound

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        return f"{self.figure} of {self.row} / {self.base} {sign} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Reached:
    """A goal and what was measured."""

    goal: Goal
    ratio: Ratio

    @property
    def met(self) -> bool:
        """Whether it is met."""
        return self.goal.met(self.ratio)


GOALS = (
    Goal("wire_hit", "cpu_us", "echo", 1.10),
    Goal("wire_hit", "p25_us", "echo", 1.10),
    Goal("wire_hit_native", "rps", "echo_grpcio", 5.0, at_least=True),
    Goal("wire_hit_native", "cpu_us", "echo_grpcio", 0.25),
    Goal("redis_hit", "p25_us", "echo_grpcio", 1.25),
    Goal("redis_hit_native", "p25_us", "echo_grpcio", 1.0),
    Goal("related_1m", "p25_us", "echo_grpcio", 1.3),
    Goal("query_1m", "p25_us", "echo_grpcio", 10.0),
    Goal("wire_hit", "rps", "fastapi", 6.0, at_least=True),
    Goal("query_1m", "cpu_us", "query_100k", 2.0),
)
NATIVE_GOALS = {"wire_hit_native": "wire_hit", "redis_hit_native": "redis_hit"}


def goals_of(transport: str) -> tuple[Goal, ...]:
    """The goals of a run. On the native transport what is asked of rows beside the others is asked of those."""
    if transport != "native":
        return GOALS
    moved = set(NATIVE_GOALS.values())
    ours = [Goal(NATIVE_GOALS.get(g.row, g.row), g.figure, g.base, g.bound, g.at_least) for g in GOALS]
    return tuple(
        new
        for old, new in zip(GOALS, ours, strict=True)
        if not (old.row in moved and old.base == "echo_grpcio")  # the goal on grpcio
    )


def reached(samples: Mapping[str, list[Sample]], transport: str = "grpcio") -> list[Reached]:
    """The goals of rows that were measured."""
    found = []
    for goal in goals_of(transport):
        if goal.row in samples and goal.base in samples:
            ratio = ratio_of(samples[goal.row], samples[goal.base], goal.figure)
            if ratio is not None:
                found.append(Reached(goal, ratio))
    return found
