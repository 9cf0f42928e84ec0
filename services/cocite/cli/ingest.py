"""cocite ingest"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cocite.catalogue.ingest.summary import Summary
    from cocite.core.settings import Settings


SINCE_DAYS = 7
EVERY_S = 3600.0


class Kind(StrEnum):
    """The kinds of file the catalogue takes in."""

    OPENALEX = "openalex"
    S2 = "s2"
    ARXIV = "arxiv"
    BIBTEX = "bibtex"
    JSONL = "jsonl"


def ingest(
    kind: Annotated[
        Kind | None, typer.Argument(help="What the files hold; jsonl is cocite's own papers.jsonl and citations.tsv.")
    ] = None,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH...", help="Files or folders; plain, gzip or zstd.")
    ] = None,
    filters: Annotated[
        str,
        typer.Option(
            "--filter",
            help="Take works from OpenAlex's API: an OpenAlex filter, for example default.search:co-citation.",
        ),
    ] = "",
    limit: Annotated[int, typer.Option(help="At most so many works from the API.")] = 5000,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="With --filter: ask OpenAlex anew, not the file kept of the last time.")
    ] = False,
    scheme: Annotated[
        str | None, typer.Option(help="local: take bare ids, without colon or slash, as ids of your own.")
    ] = None,
    rejects: Annotated[Path | None, typer.Option(metavar="FILE", help="Where rejected records are listed.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON; with --follow a line for each new paper.")] = False,
    followed: Annotated[
        list[str] | None,
        typer.Option(
            "--follow",
            metavar="SOURCE",
            help="Take in what is new, again and again: arxiv:cs.DL, arxiv:cs.CL+cs.IR or openalex:FILTER. Repeatable.",
        ),
    ] = None,
    since: Annotated[
        int, typer.Option(metavar="DAYS", min=0, max=3650, help="With --follow: how far the first look goes back.")
    ] = SINCE_DAYS,
    every: Annotated[
        float, typer.Option(metavar="SECONDS", min=60, max=604_800, help="With --follow: time between looks.")
    ] = EVERY_S,
    once: Annotated[bool, typer.Option("--once", help="With --follow: look once and end.")] = False,
) -> None:
    """Take papers, citations and readers' libraries into the catalogue. Exits 1 when nothing was usable."""
    if followed:
        from cocite.cli.follow import follow

        if kind or paths or filters or refresh or scheme or rejects:
            raise typer.BadParameter("--follow goes with --since, --every, --once and --json only")
        follow(followed, since_days=since, every_s=every, once=once, json=json)
        return
    if once or (since, every) != (SINCE_DAYS, EVERY_S):
        raise typer.BadParameter("--since, --every and --once go with --follow only")
    if kind is None:
        raise typer.BadParameter("name what the files hold, or give --follow")
    if bool(paths) == bool(filters):
        raise typer.BadParameter("name files or folders, or give --filter")
    if filters and kind is not Kind.OPENALEX:
        raise typer.BadParameter("--filter goes with openalex only")
    if refresh and not filters:
        raise typer.BadParameter("--refresh goes with --filter")
    from cocite.core.settings import load_settings

    settings = load_settings()
    files = paths or []
    if filters:
        from cocite.cli.openalex import fetch

        files = [fetch(settings, filters=filters, limit=limit, refresh=refresh)]
    _tell(settings, kind, ingest_files(settings, kind, files, rejects=rejects, scheme=scheme), scheme, json)


def _tell(settings: "Settings", kind: Kind, summary: "Summary", scheme: str | None, json: bool) -> None:
    """Print what became of the records. Raises InvalidArgument when nothing was usable."""
    from cocite.catalogue.ingest.cleaning import NOT_AN_ID
    from cocite.catalogue.store import Catalogue
    from cocite.cli.output import note, print_json
    from cocite.core.errors import InvalidArgument

    if json:
        print_json(summary.to_json())
    else:
        print_summary(summary)
        if summary.rejected[NOT_AN_ID] and not scheme and kind in (Kind.JSONL, Kind.BIBTEX):
            note("are these ids of your own? --scheme local takes them")
        with Catalogue.open(settings.catalogue) as catalogue:
            print(f"the catalogue holds {catalogue.count_papers():,} papers, {catalogue.count_citations():,} citations")
    if not summary.read:
        raise InvalidArgument("nothing was usable: no records")
    if not summary.ok:
        raise InvalidArgument("nothing was usable: every record was rejected", hint=f"are the files {kind}?")


def ingest_files(
    settings: "Settings", kind: str, paths: list[Path], *, rejects: Path | None = None, scheme: str | None = None
) -> "Summary":
    """Take files into the catalogue of the settings, with a progress bar.

    rejects: where rejected records are listed, instead of a file named by what is read in the home directory.
    """
    from cocite.catalogue.ingest.run import Progress
    from cocite.catalogue.ingest.run import ingest as run
    from cocite.catalogue.store import Catalogue
    from cocite.cli.output import note, progress_bars

    with Catalogue.open(settings.catalogue) as catalogue, progress_bars() as report:

        def show(state: Progress) -> None:
            report("reading", state.bytes_read, state.bytes_total)

        lists = settings.home / "rejects"
        try:
            return run(catalogue, kind, paths, rejects_path=rejects, rejects_dir=lists, progress=show, scheme=scheme)
        except KeyboardInterrupt:
            note("stopped; what was read is kept, and the same command goes on from there")
            raise


def print_summary(summary: "Summary") -> None:
    """What became of the records, and why some were not taken."""
    resumed = ", going on from where an earlier run was cut off" if summary.resumed else ""
    print(
        f"read {summary.read:,}: stored {summary.stored:,}, merged {summary.merged:,}, "
        f"unchanged {summary.unchanged:,}, rejected {summary.rejected_total:,}{resumed}"
    )
    for title, counts in (("rejected", summary.rejected), ("taken, but", summary.warnings)):
        for reason, count in counts.most_common():
            print(f"  {title}: {count:,} x {reason}")
    if summary.rejected_total:
        print(f"rejected records are listed in {summary.rejects_file}")
