"""cocite model: the embedding model's files, and which recommender model serves."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from cocite.core.settings import Settings
    from cocite.training.activation import BundleInfo

model = typer.Typer(no_args_is_help=True, help="Fetch the embedding model; choose which trained model serves.")


@model.command()
def pull() -> None:
    """Fetch the embedding model's files, checked by hash; does nothing when they are there. Prints where."""
    from cocite.core.settings import load_settings

    print(pull_files(load_settings()))


def pull_files(settings: "Settings") -> Path:
    """Fetch the files with a progress bar; the directory they are in."""
    from cocite.cli.output import progress_bars
    from cocite.embedding.model_files import pull as run

    with progress_bars() as report:
        return run(settings, lambda name, done, total: report(f"fetching {name}", done, total))


@model.command("list")
def list_models(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the trained models, oldest first; the one that serves is marked."""
    from cocite.cli.output import note, print_json, stdout
    from cocite.core.settings import load_settings
    from cocite.training.activation import describe_bundles

    settings = load_settings()
    bundles = describe_bundles(settings.bundles)
    if json:
        print_json([_as_json(bundle) for bundle in bundles])
    elif bundles:
        _print_table(stdout(), bundles)
    else:
        note(f"no model in {settings.bundles}; `cocite train` makes one")


@model.command()
def activate(version: Annotated[str, typer.Argument(help="A version from `cocite model list`.")]) -> None:
    """Let another trained model serve; running services take it up within a second or so."""
    from cocite.core.settings import load_settings
    from cocite.training import activation

    activation.activate(load_settings().bundles, version)
    print(version)


@model.command()
def rollback() -> None:
    """Let the model serve again that did before, and print its version."""
    from cocite.core.settings import load_settings
    from cocite.training import activation

    print(activation.rollback(load_settings().bundles))


def _as_json(bundle: "BundleInfo") -> dict[str, object]:
    known = bundle.manifest
    facts = (
        {
            "created_at": known.created_at,
            "paper_count": known.paper_count,
            "citation_count": known.citation_count,
            "embedding_model_version": known.embedding_model_version,
            "metrics": known.metrics,
        }
        if known
        else {"problem": bundle.problem}
    )
    return {"model_version": bundle.version, "current": bundle.current, **facts}


def _print_table(console: "Console", bundles: "list[BundleInfo]") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "version", "papers", "citations", "recall@20", "text by"):
        table.add_column(column, justify="right" if column in ("papers", "citations", "recall@20") else "left")
    for bundle in bundles:
        known = bundle.manifest
        mark = "*" if bundle.current else ""
        if known is None:
            table.add_row(mark, bundle.version, "", "", "", bundle.problem)
            continue
        recall = known.metrics.get("fused.recall@20")
        shown = "" if recall is None else f"{recall:.3f}"
        table.add_row(
            mark,
            bundle.version,
            f"{known.paper_count:,}",
            f"{known.citation_count:,}",
            shown,
            known.embedding_model_version,
        )
    console.print(table)
