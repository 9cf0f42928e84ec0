"""cocite bench latency: what a call costs, by each way of answering it, beside a call that does nothing.

Every server is a process of its own on one core, the load generator has another. Windows alternate between rows in one
run, and what is told are medians of the ratios of windows side by side.
"""

import math
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cocite.bench.latency_goals import Goal, Reached, reached
from cocite.bench.latency_rivals import check_fastapi
from cocite.bench.latency_rows import BASES, LARGE, SMALL, Row, chosen_rows
from cocite.bench.latency_stage import TEXTS, Stage, StagePlan
from cocite.bench.latency_windows import FIGURES, Sample, Tail, measure, measure_tail, median_of, ratio_of
from cocite.bench.synthetic_model import SyntheticPlan, seeds_with_lists, synthetic_bundles
from cocite.core.settings import Settings
from cocite.embedding.encoders import load_encoder
from cocite.load.processes import pinned
from cocite.load.session import MAX_CONCURRENCY
from cocite.training.progress import Progress

RATIOS = ("cpu_us", "p25_us", "rps")
SMALLER = 10  # times fewer papers has the small model
REDIS_S = 1.0  # that Redis is waited for: here it never is away, only busy
KEPT_S = 24 * 3600
TAIL_ROW, TAIL_BASE, TAIL_SHARE = "wire_hit", "echo", 0.5
TAIL_GOAL = Goal(TAIL_ROW, "p99 at half of saturation", TAIL_BASE, 1.5)


@dataclass(frozen=True, slots=True)
class LatencyOptions:
    """papers of the large model, lists of them in it; windows of each row, two stretches of so many seconds; rows by
    their names, all where none is given. hot, texts: as StagePlan has them; lessons: as SyntheticPlan.
    """  # fmt: skip

    papers: int = 1_000_000
    lists: int = 20_000
    windows: int = 12
    seconds: float = 0.5
    rows: tuple[str, ...] = ()
    hot: int = 500
    texts: int = TEXTS
    lessons: int = 5_000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """Windows of each row by its name, and the tail at half of saturation, where its rows were measured."""

    papers: int
    windows: int
    transport: str
    samples: dict[str, list[Sample]]
    tail: Tail | None

    def all_goals(self) -> list[Reached]:
        """The goals of the rows that were measured."""
        found, tail = reached(self.samples, self.transport), self.tail and self.tail.ratio
        return [*found, Reached(TAIL_GOAL, tail)] if tail else found

    def row(self, name: str) -> dict[str, Any]:
        """Medians of a row's figures, medians of their ratios to the bases, and the quartiles of those."""
        found: dict[str, Any] = {figure: _rounded(median_of(self.samples[name], figure)) for figure in FIGURES}
        found["behind_cpu_us"] = _rounded(median_of(self.samples[name], "behind_cpu_us"))
        found["quartiles"] = {}
        for base in BASES:
            for figure in RATIOS:
                ratio = ratio_of(self.samples[name], self.samples[base], figure)
                key = f"{figure.removesuffix('_us')}_vs_{base}"
                found[key] = None if ratio is None else _rounded(ratio.median)
                found["quartiles"][key] = None if ratio is None else [_rounded(ratio.low), _rounded(ratio.high)]
        return found

    def as_json(self) -> dict[str, Any]:
        """Everything that is told."""
        tail = self.tail and self.tail.ratio
        return {
            "rows": {name: self.row(name) for name in self.samples},
            "papers": self.papers,
            "windows": self.windows,
            "transport": self.transport,
            "p99_at_half_load": self.tail
            and {
                "row": TAIL_ROW,
                "base": TAIL_BASE,
                "rate": _rounded(self.tail.rate),
                "ratio": tail and _rounded(tail.median),
                "quartiles": tail and [_rounded(tail.low), _rounded(tail.high)],
                "windows": tail.pairs if tail else 0,
            },
            "goals": [
                {"goal": str(each.goal), "ratio": _rounded(each.ratio.median), "met": each.met}
                for each in self.all_goals()
            ],
        }


def run_latency_bench(
    settings: Settings, options: LatencyOptions, progress: Progress, models: Path | None = None
) -> Measured:
    """Measure. Synthetic models are kept in models, by default in the home directory, and made where they are missing.

    Raises InvalidArgument for rows that are none, NotReady for what is not installed, Unavailable when a call fails.
    """
    kinds = chosen_rows(options.rows, settings.transport, lambda: find_spec("pygrpc_native") is not None)
    if any(kind.name == "fastapi" for kind in kinds):
        check_fastapi()
    sizes = ((options.papers, options.lists), (options.papers // SMALLER, options.hot))
    plans = [_plan_of(settings, options, papers, lists) for papers, lists in sizes]
    wanted, directory = {kind.model for kind in kinds}, models or settings.home / "bench"
    bundles = [
        synthetic_bundles(directory, plan, progress) if name in wanted else directory
        for name, plan in zip((LARGE, SMALL), plans, strict=True)
    ]
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="cocite-bench-")))
        cores = sorted(os.sched_getaffinity(0))
        stage_plan = StagePlan(
            settings=_of_servers(settings, home),
            large=bundles[0],
            small=bundles[1],
            large_seeds=seeds_with_lists(plans[0]).tolist(),
            small_seeds=seeds_with_lists(plans[1]).tolist(),
            cores=frozenset(cores[-1:]),
            hot=options.hot,
            texts=options.texts,
            seed=options.seed,
        )
        stage, rows = Stage(stage_plan, stack), []
        for number, kind in enumerate(kinds):
            progress("Starting servers", number, len(kinds))
            rows.append(stage.row(kind))
        progress("Starting servers", len(kinds), len(kinds))
        with pinned(cores[:1]):
            samples = measure(rows, options.windows, options.seconds, progress)
            tail = _tail({row.kind.name: row for row in rows}, samples, options, progress)
    return Measured(options.papers, options.windows, settings.transport, samples, tail)


def _tail(
    rows: Mapping[str, Row], samples: Mapping[str, list[Sample]], options: LatencyOptions, progress: Progress
) -> Tail | None:
    """The tail at a share of what the slower of its two rows can answer; None where it was not chosen."""
    if TAIL_ROW not in rows:
        return None
    rate = TAIL_SHARE * min(median_of(samples[name], "rps") for name in (TAIL_ROW, TAIL_BASE))
    return measure_tail(rows[TAIL_ROW], rows[TAIL_BASE], rate, options.windows, 2 * options.seconds, progress)


def _plan_of(settings: Settings, options: LatencyOptions, papers: int, lists: int) -> SyntheticPlan:
    encoder = load_encoder(settings)
    version, dimension = encoder.model_version, encoder.dimension
    return SyntheticPlan(papers, lists, version, dimension, options.seed, options.lessons)


def _of_servers(settings: Settings, home: Path) -> Settings:
    """What all servers are told, whatever the environment of the bench tells."""
    return settings.model_copy(
        update={
            "home": home,
            "models_dir": settings.models,
            "catalogue_url": "",
            "recommender_listen": "127.0.0.1:0",
            "features_listen": "127.0.0.1:0",
            "embedding_listen": "127.0.0.1:0",
            "embedding_target": f"unix:{home / 'none'}",
            "redis_timeout_s": REDIS_S,
            "wire_cache_ttl_s": KEPT_S,
            "vector_ttl_s": KEPT_S,
            "workers": 1,
            "max_concurrent_calls": MAX_CONCURRENCY,  # calls that pile up in a pause of the machine are late, not lost
            "max_wait_s": 60.0,
            "encoder_threads": 1,
            "log_level": "error",
        }
    )


def _rounded(value: float) -> float | None:
    """To four digits, None for nan: JSON has none."""
    return None if math.isnan(value) else float(f"{value:.4g}")
