"""cocite train"""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from cocite.core.settings import Settings
    from cocite.recommender.layout import Manifest
    from cocite.training.evaluate import Evaluation
    from cocite.training.learning import Learned
    from cocite.training.libraries import EventsUsed
    from cocite.training.train import TrainingResult


def train(
    seed: Annotated[int, typer.Option(help="The same seed and data give the same model.")] = 0,
    learn: Annotated[bool, typer.Option(help="Learn to rank from hidden references, and measure.")] = True,
    related: Annotated[int, typer.Option(help="Results of each paper that are kept ready; 0 for none.")] = 100,
    force: Annotated[bool, typer.Option("--force", help="Publish a model worse than the serving one.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a model of the catalogue, measure it, and let it serve; running services take it up."""
    from cocite.cli.output import print_json, print_result, stdout, warn
    from cocite.core.settings import load_settings
    from cocite.training.gate import ModelRefused

    measured: list[Learned] = []
    try:
        result = train_model(
            load_settings(), seed=seed, learn=learn, related=related, force=force, told=measured.append
        )
    except ModelRefused:
        if not json:
            print_learned(stdout(), measured[-1])
        raise
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
                "events": {
                    "readers": result.events.readers,
                    "by_kind": {kind.name.lower(): count for kind, count in result.events.by_kind.items()},
                },
                "metrics": manifest.metrics,
                "rankers": manifest.rankers,
                "evaluation": {
                    "papers": _as_json(result.learned.papers),
                    "libraries": _as_json(result.learned.libraries),
                },
            }
        )
        return
    print_learned(stdout(), result.learned)
    counts = f"{manifest.paper_count:,} papers, {manifest.citation_count:,} citations"
    print_result(f"model {manifest.model_version}: {counts}{_events_in_words(result.events)}")


def _events_in_words(events: "EventsUsed") -> str:
    if not events.total:
        return ""
    of_kinds = ", ".join(f"{kind.name.lower()} {count:,}" for kind, count in events.by_kind.items())
    return f", {events.total:,} events of {events.readers:,} readers ({of_kinds})"


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


def train_model(
    settings: "Settings",
    *,
    seed: int = 0,
    learn: bool = True,
    related: int = 100,
    force: bool = False,
    told: "Callable[[Learned], object]" = lambda learned: None,
) -> "TrainingResult":
    """Train and publish with a progress bar. Interrupted, says what there is. told hears how good the model is."""
    from cocite.cli.existing import open_existing
    from cocite.cli.output import note, progress_bars
    from cocite.training.options import TrainingOptions
    from cocite.training.train import train as run

    options = TrainingOptions(seed=seed, learn=learn, choose=learn, related=related)
    try:
        with open_existing(settings.catalogue) as catalogue, progress_bars() as report:
            return run(catalogue, settings, options, report, force=force, told=told)
    except KeyboardInterrupt:
        note(f"training stopped: {_serving(settings)}; text vectors that were ready are kept for the next run")
        raise


def _serving(settings: "Settings") -> str:
    """Which model serves, as things are on disk."""
    from cocite.core.errors import CorruptData
    from cocite.recommender.bundle_files import read_current

    try:
        current = read_current(settings.bundles)
    except CorruptData:
        current = None
    return f"model {current} serves on" if current else "no model is published yet"


def _as_json(evaluation: "Evaluation") -> dict[str, object]:
    """An estimate is its mean and the ends of its interval."""
    estimates = {
        ranking: {metric: [e.mean, e.low, e.high] for metric, e in found.items()}
        for ranking, found in evaluation.estimates.items()
    }
    return {
        "queries": evaluation.queries,
        "ranked_by": evaluation.kind,
        "estimates": estimates,
        "skipped": evaluation.skipped,
    }


def print_learned(console: "Console", learned: "Learned") -> None:
    """How well what was hidden is found again, one line a ranking, with 95 % intervals."""
    from cocite.cli.output import print_result
    from cocite.training.draws import HIDDEN_LIBRARY_SHARE, HIDDEN_SHARE

    if learned.papers.estimates:
        _print_evaluation(console, learned.papers, "papers")
        print_result(
            f"hidden: {HIDDEN_SHARE:.0%} of the references of some papers, all or half of those of others; "
            f"± is a 95 % interval; model is what serves ({learned.papers.kind})"
        )
    if learned.libraries.estimates:
        _print_evaluation(console, learned.libraries, "libraries")
        print_result(
            f"hidden: {HIDDEN_LIBRARY_SHARE:.0%} of each library; ± is a 95 % interval; "
            f"model is what serves ({learned.libraries.kind})"
        )
    if not learned.papers.estimates and not learned.libraries.estimates:
        print_result(f"not evaluated: {learned.papers.skipped}")


def _print_evaluation(console: "Console", evaluation: "Evaluation", what: str) -> None:
    from rich.table import Table

    from cocite.cli.output import print_table

    names = list(next(iter(evaluation.estimates.values())))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"{evaluation.queries:,} {what}")
    for name in names:
        table.add_column(name, no_wrap=True)
    for ranker, estimates in evaluation.estimates.items():
        if not any(found.high for found in estimates.values()):
            continue  # it had nothing to go by
        cells = (f"{e.mean:.3f} ± {(e.high - e.low) / 2:.3f}" for e in (estimates[name] for name in names))
        table.add_row(ranker, *cells)
    print_table(console, table)
