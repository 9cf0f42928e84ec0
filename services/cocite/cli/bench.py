"""cocite bench"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cocite.cli.bench_corpus import corpus
from cocite.cli.bench_embedding import embedding
from cocite.cli.bench_latency import latency
from cocite.cli.bench_load import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from cocite.training.bench import BenchReport
    from cocite.training.metrics import Estimate

SHOWN = 4  # metrics on a screen, unless they are chosen: what 80 columns hold

bench = typer.Typer(no_args_is_help=True, help="Measure.")


@bench.callback()
def _group() -> None:
    """Measure."""


bench.command()(corpus)
bench.command()(embedding)
bench.command()(latency)
bench.command()(load)


@bench.command()
def quality(
    folder: Annotated[Path, typer.Argument(help="A folder with bench.json and queries.tsv.")],
    out: Annotated[Path, typer.Option(help="Where predictions are written, as query TAB paper TAB score.")],
    json: Annotated[Path | None, typer.Option(help="Where metrics, timings and settings are written.")] = None,
    retriever: Annotated[str, typer.Option(help="One retriever alone, rrf, or model: as it serves.")] = "model",
    foldin: Annotated[bool, typer.Option("--foldin", help="Tell the references in foldin.tsv.")] = False,
    validation: Annotated[bool, typer.Option(help="Train on val.tsv too, as for a final run.")] = True,
    seed: Annotated[int, typer.Option(help="The same seed gives the same predictions.")] = 0,
) -> None:
    """Train on a benchmark folder, write predictions made by the engine that serves, and measure them."""
    from cocite.cli.output import print_result, progress_bars, stdout
    from cocite.core.settings import load_settings
    from cocite.training.bench import run_bench
    from cocite.training.bench_prepare import BenchOptions
    from cocite.training.options import TrainingOptions

    chosen = BenchOptions(retriever=retriever, fold_in=foldin, use_validation=validation)
    with progress_bars() as report:
        found = run_bench(
            folder, load_settings(), out, chosen, TrainingOptions(seed=seed), json_out=json, progress=report
        )
    print_result(f"{found.predictions:,} predictions for {found.answered:,} of {found.queries:,} queries in {out}")
    if found.metrics:
        print_metrics(stdout(), found.metrics)
    took = found.timings
    print_result(
        f"embedding {took.embedding_s:.1f} s, training {took.training_s:.1f} s, queries {took.queries_s:.1f} s, "
        f"{took.cpu_ms_per_query:.2f} ms of CPU each"
    )


def print_metrics(console: "Console", metrics: "Mapping[str, Estimate]") -> None:
    """Each metric with its 95 % interval."""
    from rich.table import Table

    from cocite.cli.output import print_table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("metric", "mean", "95 % from", "to"):
        table.add_column(name, justify="left" if name == "metric" else "right")
    for name, found in metrics.items():
        table.add_row(name, *(f"{value:.4f}" for value in (found.mean, found.low, found.high)))
    print_table(console, table)


@bench.command()
def compare(
    folder: Annotated[Path, typer.Argument(help="A folder with bench.json, queries.tsv and truth.tsv.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    metric: Annotated[list[str] | None, typer.Option(help="Only this one, R@20 for example; can be repeated.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a table for a document.")] = False,
    foldin: Annotated[bool, typer.Option("--foldin", help="Tell the references in foldin.tsv.")] = False,
    validation: Annotated[bool, typer.Option(help="Train on val.tsv too, as for a final run.")] = True,
    seed: Annotated[int, typer.Option(help="The same seed gives the same figures.")] = 0,
) -> None:
    """Train once on a benchmark folder, and measure each retriever alone, their fusion, and the model as it serves."""
    from cocite.cli.output import print_json, progress_bars, stdout
    from cocite.core.settings import load_settings
    from cocite.training.bench import compare as run
    from cocite.training.bench_prepare import BenchOptions
    from cocite.training.options import TrainingOptions
    from cocite.training.rankers import MODEL

    chosen = BenchOptions(fold_in=foldin, use_validation=validation)
    with progress_bars() as report:
        found = run(folder, load_settings(), chosen, TrainingOptions(seed=seed), report, metrics=metric or ())
    if json:
        print_json({name: each.as_json() for name, each in found.items()})
    elif markdown:
        print_markdown(found, metric or list(found[MODEL].metrics))
    else:
        print_comparison(stdout(), found, metric or list(found[MODEL].metrics)[:SHOWN])


def _cells(name: str, report: "BenchReport", metrics: "list[str]") -> list[str]:
    found = [report.metrics[metric] for metric in metrics]
    cpu_ms = report.timings.cpu_ms_per_query
    return [name, *(f"{each.mean:.3f} ± {(each.high - each.low) / 2:.3f}" for each in found), f"{cpu_ms:.1f}"]


def print_markdown(reports: "Mapping[str, BenchReport]", metrics: list[str]) -> None:
    """One line a ranking, every metric ± half its 95 % interval, and the CPU milliseconds of a query."""
    print("| ranking | " + " | ".join(metrics) + " | ms |")
    print("|---" * (len(metrics) + 2) + "|")
    for name, report in reports.items():
        print("| " + " | ".join(_cells(name, report, metrics)) + " |")


def print_comparison(console: "Console", reports: "Mapping[str, BenchReport]", metrics: list[str]) -> None:
    """The same as a table on the screen."""
    from rich.table import Table

    from cocite.cli.output import print_table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("ranking", *metrics, "ms"):
        table.add_column(name, justify="left" if name == "ranking" else "right", no_wrap=True)
    for name, report in reports.items():
        table.add_row(*_cells(name, report, metrics))
    print_table(console, table)
