"""cocite events: what readers did, from files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cocite.cli.event_lines import Recorded

events = typer.Typer(no_args_is_help=True, help="Bring in what readers did elsewhere.")

Target = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Address of the feed service, instead of COCITE_FEEDS_TARGET.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
TIMEOUT_S = 30.0  # of a batch; a disk may be slow


@events.command()
def record(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="An event a line; may be packed by gzip or zstd.")],
    target: Target = None,
    json: Json = False,
) -> None:
    """Record the events of a file. Exits 1 when some were refused; what was kept before is not kept twice."""
    from cocite.catalogue.ingest.source import open_source
    from cocite.cli.event_lines import record_lines
    from cocite.cli.feed_tables import print_recorded
    from cocite.cli.output import note, print_json, progress_bars
    from cocite.cli.usage import as_usage
    from cocite.client import FeedClient
    from cocite.core.errors import CociteError

    with as_usage({"paths": "FILE.jsonl", "target": "--target"}):
        size = file.stat().st_size if file.exists() else 0
        client = FeedClient(target, timeout_s=TIMEOUT_S)
    with client, progress_bars() as report, as_usage({"paths": "FILE.jsonl"}), open_source(file) as source:
        try:
            recorded = record_lines(client, source, lambda: report("recording", source.bytes_read, size))
        except (CociteError, KeyboardInterrupt):
            note("stopped; what was acknowledged is kept, and the same command goes on from there")
            raise
    if json:
        print_json(_as_json(recorded))
    else:
        print_recorded(recorded)
    if recorded.refused or recorded.bad_lines:
        raise typer.Exit(1)


def _as_json(recorded: "Recorded") -> dict[str, object]:
    return {
        "events": dict(recorded.statuses),
        "bad_lines": recorded.bad_lines,
        "problems": [{"line": line, "problem": problem} for line, problem in recorded.problems],
    }
