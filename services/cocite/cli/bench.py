"""cocite bench"""

from pathlib import Path
from typing import Annotated

import typer

bench = typer.Typer(no_args_is_help=True, help="Measure.")


@bench.callback()
def _group() -> None:
    """Measure."""  # a group even while it has one command


@bench.command()
def quality(
    folder: Annotated[Path, typer.Argument(help="A folder with bench.json, train.tsv and queries.tsv.")],
    out: Annotated[Path, typer.Option(help="Where predictions are written, as query TAB paper TAB score.")],
    retriever: Annotated[str, typer.Option(help="als, text, fused or popularity.")] = "fused",
    validation: Annotated[bool, typer.Option(help="Train on val.tsv too, as for a final run.")] = True,
    seed: Annotated[int, typer.Option(help="The same seed gives the same predictions.")] = 0,
) -> None:
    """Train on a benchmark folder and write predictions for its scorer, made by the engine that serves."""
    from cocite.cli.output import progress_bars
    from cocite.core.settings import load_settings
    from cocite.training.bench import run_citations_bench
    from cocite.training.options import TrainingOptions

    with progress_bars() as report:
        summary = run_citations_bench(
            folder,
            load_settings(),
            out,
            retriever=retriever,
            use_validation=validation,
            options=TrainingOptions(seed=seed),
            progress=report,
        )
    print(f"{summary.predictions:,} predictions for {summary.answered:,} of {summary.queries:,} queries in {out}")
