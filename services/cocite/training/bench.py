"""Predictions for a benchmark folder, made by the training and the engine that serve."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cocite.core.durable import replacing, write_atomically
from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings
from cocite.training.bench_prepare import BenchOptions, PreparedBench, Watch, prepare
from cocite.training.bench_scores import has_truth, measures_of, score
from cocite.training.metrics import Estimate
from cocite.training.options import TrainingOptions
from cocite.training.progress import Progress, silent
from cocite.training.rankers import MODEL, RANKERS, Ranker


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds of the wall clock to embed, train and answer; CPU milliseconds to answer a query."""

    embedding_s: float
    training_s: float
    queries_s: float
    cpu_ms_per_query: float


@dataclass(frozen=True, slots=True)
class BenchReport:
    """Queries asked, those that got an answer, lines written, what it took, what was used, and how good it is.

    metrics is empty where the folder has no truth.
    """

    queries: int
    answered: int
    predictions: int
    timings: Timings
    settings: Mapping[str, Any]
    metrics: Mapping[str, Estimate]

    def as_json(self) -> dict[str, Any]:
        """Plain values; a metric is its mean and the ends of its interval, to 5 decimals."""
        metrics = {name: [round(value, 5) for value in (e.mean, e.low, e.high)] for name, e in self.metrics.items()}
        return {**asdict(replace(self, metrics={})), "metrics": metrics}


def run_bench(
    bench_dir: Path,
    settings: Settings,
    out: Path,
    bench: BenchOptions = BenchOptions(),  # noqa: B008  frozen
    options: TrainingOptions = TrainingOptions(),  # noqa: B008  frozen
    *,
    json_out: Path | None = None,
    progress: Progress = silent,
) -> BenchReport:
    """Train on what the folder lets a model see, and write to out a line "query TAB paper TAB score" for each
    prediction, best first: at most RESULTS a query, or its whole pool. Then measure, where there is a truth.

    out appears whole or stays as it was, and so does json_out, which takes the report. The truth is opened when out
    is there, never before. Raises InvalidArgument for a folder that is not what it should be and for an out or
    json_out that can be no file.
    """
    out, json_out = out.resolve(), json_out and json_out.resolve()  # a link stays one
    _check_file(out, "out")
    if json_out is not None:
        _check_file(json_out, "json")
        if json_out == out:
            raise InvalidArgument("out and json are the same file", field="json")
    # out is opened first: better refused now than after all the training
    with replacing(out) as file:
        prepared = prepare(bench_dir, settings, bench, options, progress)

        def write(query: str, paper: str, value: float) -> None:
            file.write(f"{query}\t{paper}\t{value!r}\n")

        found = _ask(prepared, bench.retriever, progress, write)
    report = _report(bench_dir, prepared, found, {**asdict(bench), "seed": options.seed, **prepared.choice})
    if json_out is not None:
        write_atomically(json_out, json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n")
    return report


def compare(
    bench_dir: Path,
    settings: Settings,
    bench: BenchOptions = BenchOptions(),  # noqa: B008  frozen
    options: TrainingOptions = TrainingOptions(),  # noqa: B008  frozen
    progress: Progress = silent,
    *,
    metrics: Sequence[str] = (),
) -> dict[str, BenchReport]:
    """Train once, and report how good each of RANKERS is and what it costs, in their order.

    Raises InvalidArgument for a folder that is not what it should be, or has no truth to compare with, or where one of
    metrics is not measured, before anything is trained.
    """
    if not has_truth(bench_dir):
        raise InvalidArgument(f"{bench_dir} has no truth.tsv to compare with", field="bench_dir")
    known = measures_of(bench_dir)
    for name in metrics:
        if name not in known:
            raise InvalidArgument(
                f"{name!r} is not measured here", hint=f"choose of {', '.join(known)}", field="metric"
            )
    prepared = prepare(bench_dir, settings, replace(bench, retriever=MODEL), options, progress)
    reports = {}
    for name in RANKERS:
        used = {**asdict(bench), "retriever": name, "seed": options.seed, **prepared.choice}
        reports[name] = _report(bench_dir, prepared, _ask(prepared, name, progress), used)
    return reports


@dataclass(frozen=True, slots=True)
class _Answers:
    """Papers by query, best first, and what they took."""

    ranked: Mapping[str, list[str]]
    queries_s: float
    cpu_s: float


def _ask(
    prepared: PreparedBench,
    name: str,
    progress: Progress,
    write: Callable[[str, str, float], None] | None = None,
) -> _Answers:
    ranker, ranked, watch = Ranker(prepared.bundle, name), {}, Watch()
    for asked, ranking in prepared.answers(ranker, progress):
        ranked[asked.name] = [prepared.ids[row] for row in ranking.rows]
        if write:
            for paper, value in zip(ranked[asked.name], ranking.scores.tolist(), strict=True):
                write(asked.name, paper, value)
    return _Answers(ranked, *watch.lap())


def _report(bench_dir: Path, prepared: PreparedBench, found: _Answers, used: Mapping[str, Any]) -> BenchReport:
    queries = len(prepared.queries)
    cpu_ms = 1000.0 * found.cpu_s / max(queries, 1)
    return BenchReport(
        queries=queries,
        answered=sum(map(bool, found.ranked.values())),
        predictions=sum(map(len, found.ranked.values())),
        timings=Timings(prepared.embedding_s, prepared.training_s, found.queries_s, cpu_ms),
        settings=used,
        metrics=score(bench_dir, lambda query: found.ranked.get(query, [])) or {},
    )


def _check_file(path: Path, name: str) -> None:
    if not path.parent.is_dir() or (path.exists() and not path.is_file()):
        raise InvalidArgument(
            f"{path} can be no file", hint="give the name of a file in a directory that is there", field=name
        )
