"""cocite resolve"""

from typing import Annotated

import typer


def resolve(
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="DOI, arXiv id, URL, ...")],
    target: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Address of the recommender.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say which papers some ids mean. Exits 1 when none is found."""
    from cocite.cli.output import print_json, stdout
    from cocite.cli.tables import print_resolution
    from cocite.cli.usage import as_usage
    from cocite.cli.words import as_json
    from cocite.client import Client
    from cocite.client.requests import resolve_requests

    with as_usage({"queries": "ID", "target": "--target"}):
        resolve_requests(ids)
        client = Client(target)
    with client:
        answer = client.resolve(ids)
    if json:
        print_json(as_json(answer))
    else:
        print_resolution(stdout(), answer)
    if not any(result.status == "found" for result in answer.results):
        raise typer.Exit(1)
