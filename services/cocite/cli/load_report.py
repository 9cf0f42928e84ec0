"""A window of load as tables and pictures."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from cocite.load.result import Result

_BAR = 40  # characters of the longest
_PER_DECADE = 5  # buckets; those of a picture are narrower


def print_load(console: "Console", result: "Result", cpu_s: float | None) -> None:
    """What came back, how fast, and the histogram of latencies."""
    from rich.table import Table

    from cocite.cli.output import print_table
    from cocite.load.histogram import duration, histogram
    from cocite.load.result import PERCENTILES

    told = Table(box=None, pad_edge=False, show_header=False)
    told.add_column(style="bold")
    told.add_column(justify="right")
    told.add_row("answers a second", f"{result.rps:,.1f}")
    for percent in PERCENTILES if result.answered else ():
        told.add_row(f"p{percent:g}", duration(result.percentile_us(percent)))
    told.add_row("answered, measured", f"{result.answered:,}")
    told.add_row("failed", f"{result.failed:,}")
    if result.load.rate is not None:
        told.add_row("begun late, or never", f"{result.late + result.unsent:,} ({100 * result.late_share:.2f} %)")
    if cpu_s is not None:
        told.add_row("CPU of the server a call", duration(1e6 * cpu_s / max(result.ended, 1)))
    told.add_row("CPU of the generator a call", duration(result.cpu_us))
    print_table(console, told)
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    drawn.add_column("to", justify="right")
    drawn.add_column("calls", justify="right")
    drawn.add_column("")
    found = histogram(result.latencies_us, _PER_DECADE)
    for edge, count in zip(found.edges[1:].tolist(), found.counts.tolist(), strict=False):  # edges: one more
        drawn.add_row(duration(edge), f"{count:,}", "█" * -(-count * _BAR // int(found.counts.max())))
    if result.answered:
        print_table(console, drawn)


def write_picture(result: "Result", path: Path) -> None:
    """The histogram as SVG, with the percentiles marked."""
    from cocite.load.histogram import as_svg, histogram
    from cocite.load.result import PERCENTILES

    how = f"{result.load.rate:g} calls a second" if result.load.rate else f"{result.load.concurrency} calls at a time"
    marks = {f"p{percent:g}": result.percentile_us(percent) for percent in PERCENTILES}
    title = f"Latency, {how}: {result.answered:,} answers in {result.seconds:.1f} s"
    path.write_text(as_svg(histogram(result.latencies_us), title, marks))
