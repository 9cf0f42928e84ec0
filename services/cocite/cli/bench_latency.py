"""cocite bench latency"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from cocite.bench.latency import Measured
    from cocite.bench.latency_goals import Reached

QUICK = {"papers": 20_000, "lists": 1_000, "windows": 4, "seconds": 0.25}


def latency(
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Where everything measured is written.")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the rows are drawn, as SVG.")] = None,
    rows: Annotated[
        str, typer.Option(metavar="NAMES", help="Rows to measure, with commas between; all by default.")
    ] = "",
    papers: Annotated[
        int, typer.Option(metavar="N", min=2_000, max=10_000_000, help="Papers of the large synthetic model.")
    ] = 1_000_000,
    windows: Annotated[int, typer.Option(metavar="N", min=1, help="Windows of each row.")] = 12,
    seconds: Annotated[
        float, typer.Option(metavar="S", min=0.05, max=10, help="Length of each of the two stretches of a window.")
    ] = 0.5,
    transport: Annotated[
        str | None, typer.Option(metavar="NAME", help="grpcio or native, instead of COCITE_TRANSPORT.")
    ] = None,
    models: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where synthetic models are kept; bench/ in COCITE_HOME by default."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A small model and few short windows: whether it works, not how fast.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same models and asks the same.")] = 0,
) -> None:
    """Measure what a call costs, by each way of answering it, beside a call that does nothing."""
    from json import dumps

    from cocite.bench.latency import LatencyOptions, run_latency_bench
    from cocite.cli.output import progress_bars, stdout, warn
    from cocite.cli.usage import as_usage
    from cocite.core.settings import load_settings

    settings = load_settings()
    if transport is not None:
        if transport not in ("grpcio", "native"):
            raise typer.BadParameter(f"must be grpcio or native, not {transport!r}", param_hint="'--transport'")
        settings = settings.model_copy(update={"transport": transport})
    told: dict[str, Any] = QUICK if quick else {"papers": papers, "windows": windows, "seconds": seconds}
    options = LatencyOptions(rows=tuple(name for name in rows.split(",") if name), seed=seed, **told)
    with as_usage({"rows": "--rows", "papers": "--papers"}), progress_bars() as report:
        measured = run_latency_bench(settings, options, report, models)
    if json:
        json.write_text(dumps(measured.as_json(), indent=2) + "\n")
    if plot:
        from cocite.bench.latency_picture import latency_pictures

        plot.mkdir(parents=True, exist_ok=True)
        for name, picture in latency_pictures(measured).items():
            (plot / name).write_text(picture)
    print_rows(stdout(), measured)
    print_goals(stdout(), measured.all_goals())
    if measured.tail and not measured.tail.ratio:
        warn("nothing is told of half of saturation: the load generator could not send in time in any window")


def print_rows(console: "Console", measured: "Measured") -> None:
    """A line a row: figures of this machine, and ratios to the bare echo."""
    from rich.table import Table

    from cocite.cli.output import print_table

    table = Table(box=None, pad_edge=False, header_style="bold")
    heads = ("row", "calls/s", "CPU us", "behind", "p25 us", "p50 us", "p99 us")
    for name in (*heads, "CPU / echo_grpcio", "p25 / echo_grpcio", "CPU / echo", "p25 / echo"):
        table.add_column(name, justify="left" if name == "row" else "right")
    for name in measured.samples:
        row = measured.row(name)
        figures = [row[key] for key in ("rps", "cpu_us", "behind_cpu_us", "p25_us", "p50_us", "p99_us")]
        ratios = [row[key] for key in ("cpu_vs_echo_grpcio", "p25_vs_echo_grpcio", "cpu_vs_echo", "p25_vs_echo")]
        table.add_row(name, *(_shown(value, 0) for value in figures), *(_shown(value, 2) for value in ratios))
    print_table(console, table)


def print_goals(console: "Console", goals: "list[Reached]") -> None:
    """A line a goal: whether it is met, with the quartiles of the ratio."""
    from rich.table import Table

    from cocite.cli.output import print_table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("goal", "median", "quartiles", "windows", ""):
        table.add_column(name, justify="left" if name in ("goal", "") else "right")
    for each in goals:
        ratio = each.ratio
        spread = f"{ratio.low:.2f} to {ratio.high:.2f}"
        verdict = "[green]met[/green]" if each.met else "[red]missed[/red]"
        table.add_row(str(each.goal), f"{ratio.median:.2f}", spread, str(ratio.pairs), verdict)
    print_table(console, table)


def _shown(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"
