"""cocite recommend"""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cocite.client import TextSeed


def recommend(
    seeds: Annotated[
        list[str] | None, typer.Argument(metavar="SEED...", help="Papers to be like: DOI, arXiv id, URL, ...")
    ] = None,
    not_ids: Annotated[list[str] | None, typer.Option("--not", metavar="ID", help="A paper not to be like.")] = None,
    text: Annotated[list[str] | None, typer.Option(help="A text to be like, for example a title.")] = None,
    abstract: Annotated[str, typer.Option(help="The abstract that belongs to the (last) --text.")] = "",
    exclude: Annotated[list[str] | None, typer.Option(metavar="ID", help="A paper to leave out.")] = None,
    min_year: Annotated[int | None, typer.Option(help="Earliest year of publication.")] = None,
    max_year: Annotated[int | None, typer.Option(help="Latest year of publication.")] = None,
    venue: Annotated[list[str] | None, typer.Option(help="Only this venue; may be repeated.")] = None,
    page_size: Annotated[int, typer.Option(help="How many papers.")] = 20,
    page_token: Annotated[str, typer.Option(help="Where a page before left off.")] = "",
    target: Annotated[str | None, typer.Option(help="Address of the recommender.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait.")] = 10.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the papers most related to the seeds."""
    from cocite.cli.output import note, print_json, stdout
    from cocite.cli.tables import print_recommendations
    from cocite.cli.words import as_json, shortcomings
    from cocite.client import Client

    ids = seeds or []
    texts = text_seeds(text or [], abstract)
    with Client(target, timeout_s=timeout) as client:
        answer = client.recommend(
            ids,
            negative=not_ids or [],
            texts=texts,
            exclude=exclude or [],
            min_year=min_year,
            max_year=max_year,
            venues=venue or [],
            page_size=page_size,
            page_token=page_token,
        )
    unknown = {seed.id for seed in answer.unresolved}
    all_unknown = bool(ids) and not texts and all(seed in unknown for seed in ids)
    if json:
        print_json(as_json(answer))
    elif all_unknown:
        for line in shortcomings(answer):
            note(line)
    else:
        print_recommendations(stdout(), answer, name_seeds=len(ids) + len(texts) > 1)
        if answer.next_page_token:
            note(f"more with --page-token {answer.next_page_token}")
    if all_unknown:
        raise typer.Exit(1)


def text_seeds(texts: list[str], abstract: str) -> "list[TextSeed]":
    """The texts as seeds, the abstract with the last of them."""
    from cocite.client import TextSeed

    titles = texts or ([""] if abstract else [])
    return [TextSeed(title, abstract if i == len(titles) - 1 else "") for i, title in enumerate(titles)]
