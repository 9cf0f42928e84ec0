"""cocite model: the embedding model's files, and which recommender model serves."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cocite.cli.model_delivery import fetch, push

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from cocite.core.settings import Settings
    from cocite.training.activation import BundleInfo

model = typer.Typer(no_args_is_help=True, help="Fetch the embedding model; choose which trained model serves.")
model.command()(push)
model.command()(fetch)


@model.command()
def pull() -> None:
    """Fetch the embedding model's files, checked by hash; does nothing when they are there. Prints where."""
    from cocite.cli.output import print_result
    from cocite.core.settings import load_settings

    print_result(str(pull_files(load_settings())))


def pull_files(settings: "Settings") -> Path:
    """Fetch the files with a progress bar; the directory they are in."""
    from cocite.cli.output import progress_bars
    from cocite.embedding.model_files import pull as run

    with progress_bars() as report:
        return run(settings, lambda name, done, total: report(f"fetching {name}", done, total))


@model.command("list")
def list_models(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the trained models, oldest first; the one that serves is marked."""
    from cocite.cli.output import note, print_json, stdout, warn
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
    if problem := pointer_problem(settings.bundles):
        warn(f"{problem}; services that start now find no model: choose one with `cocite model activate VERSION`")


def pointer_problem(bundles_dir: Path) -> str:
    """What is wrong with the pointer to the model that serves, "" when nothing is."""
    from cocite.core.errors import CorruptData
    from cocite.recommender.bundle_files import list_bundles, read_current

    try:
        current = read_current(bundles_dir)
    except CorruptData as error:
        return error.message
    return (
        f"CURRENT names {current}, which is not there" if current and current not in list_bundles(bundles_dir) else ""
    )


def versions_that_start_with(start: str) -> list[str]:
    """Trained models by the beginning of their version, for completion and for abbreviations; oldest first."""
    from cocite.core.settings import load_settings
    from cocite.recommender.bundle_files import list_bundles

    return [version for version in list_bundles(load_settings().bundles) if version.startswith(start)]


@model.command()
def activate(
    version: Annotated[
        str,
        typer.Argument(
            help="A version from `cocite model list`, or its beginning.", autocompletion=versions_that_start_with
        ),
    ],
) -> None:
    """Let another trained model serve; running services take it up within a second or so."""
    from cocite.cli.output import print_result
    from cocite.core.errors import InvalidArgument
    from cocite.core.settings import load_settings
    from cocite.training import activation

    meant = versions_that_start_with(version) if version else []
    if len(meant) > 1 and version not in meant:
        raise InvalidArgument(f"{version!r} is the beginning of {len(meant)} models", hint=", ".join(meant))
    whole = meant[0] if len(meant) == 1 else version
    activation.activate(load_settings().bundles, whole)
    print_result(whole)


@model.command()
def rollback() -> None:
    """Let the model serve again that did before, and print its version."""
    from cocite.cli.output import print_result
    from cocite.core.settings import load_settings
    from cocite.training import activation

    print_result(activation.rollback(load_settings().bundles))


def _as_json(bundle: "BundleInfo") -> dict[str, object]:
    known = bundle.manifest
    facts = (
        {
            "created_at": known.created_at,
            "paper_count": known.paper_count,
            "citation_count": known.citation_count,
            "embedding_model_version": known.embedding_model_version,
            "metrics": known.metrics,
            "rankers": known.rankers,
        }
        if known
        else {"problem": bundle.problem}
    )
    return {"model_version": bundle.version, "current": bundle.current, **facts}


def _ranked_by(rankers: "Mapping[str, str]") -> str:
    """What ranks, once where it is the same for all kinds of queries; papers go first."""
    distinct = list(dict.fromkeys(rankers.values()))
    return distinct[0] if len(distinct) == 1 else ", ".join(f"{kind} {by}" for kind, by in rankers.items())


def _print_table(console: "Console", bundles: "list[BundleInfo]") -> None:
    from rich.table import Table

    from cocite.cli.output import print_table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "version", "papers", "citations", "recall@20", "ranked by", "text by"):
        table.add_column(column, justify="right" if column in ("papers", "citations", "recall@20") else "left")
    for bundle in bundles:
        known = bundle.manifest
        mark = "*" if bundle.current else ""
        if known is None:
            table.add_row(mark, bundle.version, "", "", "", "", bundle.problem)
            continue
        recall = known.metrics.get("model.recall@20")
        shown = "" if recall is None else f"{recall:.3f}"
        table.add_row(
            mark,
            bundle.version,
            f"{known.paper_count:,}",
            f"{known.citation_count:,}",
            shown,
            _ranked_by(known.rankers),
            known.embedding_model_version,
        )
    print_table(console, table)
