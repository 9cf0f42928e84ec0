"""cocite train"""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from cocite.core.settings import Settings
    from cocite.recommender.layout import Manifest
    from cocite.training.evaluate import Evaluation
    from cocite.training.train import TrainingResult


def train(
    seed: Annotated[int, typer.Option(help="The same seed and data give the same model.")] = 0,
    evaluate: Annotated[bool, typer.Option(help="Measure on held-out references first.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a model of the catalogue, measure it, and let it serve; running services take it up."""
    from cocite.cli.output import print_json, print_result, stdout, warn
    from cocite.core.settings import load_settings

    result = train_model(load_settings(), seed=seed, evaluate=evaluate)
    manifest = result.manifest
    if gap := gap_in(manifest):
        warn(gap)
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
    counts = f"{manifest.paper_count:,} papers, {manifest.citation_count:,} citations"
    print_result(f"model {manifest.model_version}: {counts}")


def gap_in(manifest: "Manifest") -> str:
    """What a model lacks to go by, "" when it has citations and texts."""
    from cocite.training.vectors import NO_MODEL

    texts = manifest.embedding_model_version != NO_MODEL
    if manifest.citation_count:
        return "" if texts else "no paper has a title or abstract: papers are related by citations alone"
    if texts:
        return "no paper cites another one of the catalogue: papers are related by their texts alone"
    return (
        "no paper has a title or abstract or cites another one: answers hold the most cited papers, whatever is asked"
    )


def train_model(settings: "Settings", *, seed: int = 0, evaluate: bool = True) -> "TrainingResult":
    """Train and publish with a progress bar. Interrupted, says what there is."""
    from cocite.cli.existing import open_existing
    from cocite.cli.output import note, progress_bars
    from cocite.training.options import TrainingOptions
    from cocite.training.train import train as run

    options = TrainingOptions(seed=seed, evaluate=evaluate)
    try:
        with open_existing(settings.catalogue) as catalogue, progress_bars() as report:
            return run(catalogue, settings, options, report)
    except KeyboardInterrupt:
        note(f"training stopped: {_serving(settings)}; text vectors that were ready are kept for the next run")
        raise


def _serving(settings: "Settings") -> str:
    """Which model serves, as things are on disk."""
    from cocite.core.errors import CorruptData
    from cocite.recommender.bundle import read_current

    try:
        current = read_current(settings.bundles)
    except CorruptData:
        current = None
    return f"model {current} serves on" if current else "no model is published yet"


def print_evaluation(console: "Console", evaluation: "Evaluation") -> None:
    """How well hidden references are found again, one line a ranker, with 95 % intervals."""
    from rich.table import Table

    from cocite.cli.output import print_result, print_table
    from cocite.training.split import HIDDEN_SHARE, LEAST_REFERENCES

    if not evaluation.estimates:
        print_result(f"not evaluated: {evaluation.skipped}")
        return
    names = list(next(iter(evaluation.estimates.values())))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"{evaluation.queries:,} papers")
    for name in names:
        table.add_column(name, no_wrap=True)
    for ranker, estimates in evaluation.estimates.items():
        cells = (f"{e.mean:.3f} ± {(e.high - e.low) / 2:.3f}" for e in (estimates[name] for name in names))
        table.add_row(ranker, *cells)
    print_table(console, table)
    print_result(
        f"hidden: {HIDDEN_SHARE:.0%} of the references of papers with {LEAST_REFERENCES} or more; "
        "mean of how well each ranking finds them, ± 95 % interval; fused is what serves"
    )
