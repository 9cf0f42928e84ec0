"""cocite recommend"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cocite.client import Recommendations, TextSeed

OPTIONS = {  # where each field of a request comes from
    "seeds.positive_ids": "SEED",
    "seeds.negative_ids": "--not",
    "seeds.texts": "--text",
    "filter.venues": "--venue",
    "exclude_ids": "--exclude",
    "page_token": "--page-token",
    "target": "--target",
    "timeout_s": "--timeout",
}


def recommend(
    seeds: Annotated[
        list[str] | None, typer.Argument(metavar="SEED", help="Papers to be like: DOI, arXiv id, URL, ...")
    ] = None,
    not_ids: Annotated[list[str] | None, typer.Option("--not", metavar="ID", help="A paper not to be like.")] = None,
    text: Annotated[
        list[str] | None, typer.Option(metavar="TITLE", help="A text to be like, for example a title.")
    ] = None,
    abstract: Annotated[str, typer.Option(metavar="TEXT", help="The abstract that belongs to the (last) --text.")] = "",
    exclude: Annotated[list[str] | None, typer.Option(metavar="ID", help="A paper to leave out.")] = None,
    min_year: Annotated[
        int | None, typer.Option(metavar="YEAR", min=0, max=9999, help="Earliest year of publication.")
    ] = None,
    max_year: Annotated[
        int | None, typer.Option(metavar="YEAR", min=0, max=9999, help="Latest year of publication.")
    ] = None,
    venue: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this venue; may be repeated.")] = None,
    page_size: Annotated[int, typer.Option(metavar="N", min=1, max=300, help="How many papers.")] = 20,
    page_token: Annotated[str, typer.Option(metavar="TOKEN", help="Where a page before left off.")] = "",
    target: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Address of the recommender.")] = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.001, max=3600, help="Longest wait for the answer.")
    ] = 10.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the papers most related to the seeds."""
    check_combinations(seeds, text, abstract, min_year, max_year)
    question: dict[str, Any] = {
        "seeds": seeds or [],
        "negative": not_ids or [],
        "texts": text_seeds(text or [], abstract),
        "exclude": exclude or [],
        "min_year": min_year,
        "max_year": max_year,
        "venues": venue or [],
        "page_size": page_size,
        "page_token": page_token,
    }
    print_answer(ask(question, target, timeout), question["seeds"], question["texts"], json)


def check_combinations(
    seeds: list[str] | None, text: list[str] | None, abstract: str, min_year: int | None, max_year: int | None
) -> None:
    """Refuse options that are right one by one, not together."""
    if not (seeds or text or abstract):
        raise typer.BadParameter("give at least one, or --text", param_hint="'SEED'")
    if min_year is not None and max_year is not None and min_year > max_year:
        raise typer.BadParameter(f"{min_year} is after --max-year {max_year}", param_hint="'--min-year'")


def ask(question: dict[str, Any], target: str | None, timeout: float) -> "Recommendations":
    """The answer. What is wrong with the question is wrong usage, found before anything is sent."""
    from cocite.cli.usage import as_usage
    from cocite.client import Client
    from cocite.client.requests import recommend_request

    with as_usage(OPTIONS):
        recommend_request(**question)
        client = Client(target, timeout_s=timeout)
    with client:
        return client.recommend(**question)


def print_answer(answer: "Recommendations", ids: list[str], texts: "list[TextSeed]", json: bool) -> None:
    """The answer as a table or JSON. Exits 1 when there is no seed that could be used."""
    from cocite.cli.output import note, print_json, stdout, warn
    from cocite.cli.tables import print_recommendations
    from cocite.cli.words import as_json, why_nothing
    from cocite.core.ids import try_normalise_id

    unknown = {try_normalise_id(seed.id) for seed in answer.unresolved}
    used = len({try_normalise_id(seed) for seed in ids} - unknown) + len(texts)
    if json:
        print_json(as_json(answer))
    if not used:
        for line in why_nothing(answer):
            warn(line)
        raise typer.Exit(1)
    if not json:
        print_recommendations(stdout(), answer, name_seeds=used > 1)
        if answer.next_page_token:
            note(f"more with --page-token {answer.next_page_token}")


def text_seeds(texts: list[str], abstract: str) -> "list[TextSeed]":
    """The texts as seeds, the abstract with the last of them."""
    from cocite.client import TextSeed

    titles = texts or ([""] if abstract else [])
    return [TextSeed(title, abstract if i == len(titles) - 1 else "") for i, title in enumerate(titles)]
