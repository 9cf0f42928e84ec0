"""cocite train"""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from cocite.core.settings import Settings
    from cocite.training.evaluate import Evaluation
    from cocite.training.train import TrainingResult


def train(
    seed: Annotated[int, typer.Option(help="The same seed and data give the same model.")] = 0,
    evaluate: Annotated[bool, typer.Option(help="Measure on held-out references first.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a model of the catalogue, measure it, and let it serve; running services take it up."""
    from cocite.cli.output import print_json, stdout
    from cocite.core.settings import load_settings

    result = train_model(load_settings(), seed=seed, evaluate=evaluate)
    manifest = result.manifest
    if json:
        print_json(
            {
                "model_version": manifest.model_version,
                "paper_count": manifest.paper_count,
                "citation_count": manifest.citation_count,
                "embedding_model_version": manifest.embedding_model_version,
                "texts_encoded": result.encoded,
                "metrics": manifest.metrics,
                "evaluation_skipped": result.evaluation.skipped,
            }
        )
        return
    print_evaluation(stdout(), result.evaluation)
    print(f"model {manifest.model_version}: {manifest.paper_count:,} papers, {manifest.citation_count:,} citations")


def train_model(settings: "Settings", *, seed: int = 0, evaluate: bool = True) -> "TrainingResult":
    """Train and publish with a progress bar."""
    from cocite.catalogue.store import Catalogue
    from cocite.cli.output import progress_bars
    from cocite.training.options import TrainingOptions
    from cocite.training.train import train as run

    options = TrainingOptions(seed=seed, evaluate=evaluate)
    with Catalogue.open(settings.catalogue) as catalogue, progress_bars() as report:
        return run(catalogue, settings, options, report)


def print_evaluation(console: "Console", evaluation: "Evaluation") -> None:
    """How well hidden references are found again, one line a ranker, with 95 % intervals."""
    from rich.table import Table

    if not evaluation.estimates:
        console.print(f"not evaluated: {evaluation.skipped}")
        return
    names = list(next(iter(evaluation.estimates.values())))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"{evaluation.queries:,} papers")
    for name in names:
        table.add_column(name, no_wrap=True)
    for ranker, estimates in evaluation.estimates.items():
        cells = (f"{e.mean:.3f} ± {(e.high - e.low) / 2:.3f}" for e in (estimates[name] for name in names))
        table.add_row(ranker, *cells)
    console.print(table)
