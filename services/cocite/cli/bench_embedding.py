"""cocite bench embedding"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from cocite.bench.embedding import Measured


def embedding(
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Where everything measured is written.")] = None,
    picture: Annotated[Path | None, typer.Option(metavar="FILE", help="Where ratios are drawn, as SVG.")] = None,
    callers: Annotated[int, typer.Option(metavar="N", min=1, max=256, help="Callers of single texts at a time.")] = 64,
    windows: Annotated[int, typer.Option(metavar="N", min=1, help="Windows of each kind.")] = 12,
    seconds: Annotated[float, typer.Option(metavar="S", min=1.0, help="Length of a window of calls.")] = 4.0,
    threads: Annotated[
        int, typer.Option(metavar="N", min=0, help="Threads of the encoder; 0 leaves one core to all else.")
    ] = 0,
    deadline: Annotated[float, typer.Option(metavar="S", min=0.1, help="Deadline of calls at twice the rate.")] = 2.0,
    texts: Annotated[int, typer.Option(metavar="N", min=1, max=600, help="How many texts of the demo corpus.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same texts and times.")] = 0,
) -> None:
    """Measure the embedding service under load beside its encoder run bare."""
    from json import dumps
    from tempfile import TemporaryDirectory

    from cocite.bench.embedding import EmbeddingBenchOptions, run_embedding_bench
    from cocite.cli.output import progress_bars, stdout
    from cocite.core.settings import load_settings

    settings = load_settings()
    options = EmbeddingBenchOptions(callers, windows, seconds, threads, deadline, seed)
    with progress_bars() as report, TemporaryDirectory() as nowhere:
        measured = run_embedding_bench(settings, demo_texts(texts, seed), options, Path(nowhere), report)
    if json:
        json.write_text(dumps(measured.as_json(), indent=2) + "\n")
    if picture:
        from cocite.bench.ratio_picture import ratios_as_svg

        picture.write_text(ratios_as_svg(measured.rows(), "Embedding service under load"))
    print_measured(stdout(), measured)


def demo_texts(count: int, seed: int) -> list[str]:
    """That many different texts of the demo corpus, as papers are embedded, drawn by the seed."""
    import random

    from cocite.catalogue.demo import demo_corpus
    from cocite.catalogue.ingest.openalex import detect
    from cocite.catalogue.ingest.source import open_source
    from cocite.catalogue.records import PaperRecord
    from cocite.core.paper import PaperText
    from cocite.core.settings import load_settings

    path, found = demo_corpus(load_settings()), set()
    with open_source(path) as source:
        form = detect(source, None)
    with open_source(path) as source:
        for row in form.rows(source):
            record = form.parse(row.content)
            if isinstance(record, PaperRecord):
                found.add(PaperText(record.fields.title, record.fields.abstract, record.fields.keywords).joined())
    texts = sorted(found - {""})
    return random.Random(seed).sample(texts, min(count, len(texts)))


def print_measured(console: "Console", measured: "Measured") -> None:
    """Ratios with their quartiles, then the figures of this machine."""
    from rich.table import Table

    from cocite.cli.output import print_table

    ratios = Table(box=None, pad_edge=False, header_style="bold")
    figures = Table(box=None, pad_edge=False, show_header=False)
    for name in ("ratio", "median", "quartiles", "rounds"):
        ratios.add_column(name, justify="left" if name == "ratio" else "right")
    for name, found in measured.rows().items():
        ratios.add_row(name, f"{found.median:.3f}", f"{found.low:.3f} to {found.high:.3f}", str(found.pairs))
    for name, value in measured.figures().items():
        figures.add_row(name, f"{value:,.3f}" if value < 10 else f"{value:,.0f}")
    print_table(console, ratios)
    print_table(console, figures)
