"""cocite recommend"""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cocite.client import Recommendations, TextSeed

MAX_BYTES = 1 << 20  # of a file that an option names
STDIN = Path("-")
OPTIONS = {  # where each field of a request comes from
    "seeds.positive_ids": "SEED",
    "seeds.negative_ids": "--not",
    "seeds.texts": "--text",
    "seeds.negative_texts": "--not-text",
    "seeds.library_ids": "--library",
    "seeds.reference_text": "--references",
    "filter.venues": "--venue",
    "filter.fields": "--field",
    "recency": "--recency",
    "diversity": "--diversity",
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
    not_text: Annotated[list[str] | None, typer.Option(metavar="TITLE", help="A text not to be like.")] = None,
    references: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What a draft cites: a reference list or BibTeX; - is stdin.")
    ] = None,
    library: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Papers that you keep, an id a line; - is stdin.")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="ID", help="A paper to leave out.")] = None,
    min_year: Annotated[
        int | None, typer.Option(metavar="YEAR", min=0, max=9999, help="Earliest year of publication.")
    ] = None,
    max_year: Annotated[
        int | None, typer.Option(metavar="YEAR", min=0, max=9999, help="Latest year of publication.")
    ] = None,
    venue: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this venue; may be repeated.")] = None,
    field: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this field of study; may be repeated.")
    ] = None,
    recency: Annotated[
        float, typer.Option(metavar="0..1", min=0, max=1, help="How much to prefer newer papers.")
    ] = 0.0,
    diversity: Annotated[
        float, typer.Option(metavar="0..1", min=0, max=1, help="How much the papers should differ.")
    ] = 0.0,
    page_size: Annotated[int, typer.Option(metavar="N", min=1, max=300, help="How many papers.")] = 20,
    page_token: Annotated[str, typer.Option(metavar="TOKEN", help="Where a page before left off.")] = "",
    target: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Address of the recommender.")] = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.001, max=3600, help="Longest wait for the answer.")
    ] = 10.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the papers most related to the seeds."""
    check_combinations(bool(seeds or text or abstract or references or library), min_year, max_year)
    if references == library == STDIN:
        raise typer.BadParameter("stdin can be read but once", param_hint="'--library'")
    question: dict[str, Any] = {
        "seeds": seeds or [],
        "negative": not_ids or [],
        "texts": text_seeds(text or [], abstract),
        "negative_texts": text_seeds(not_text or [], ""),
        "library": ids_in(read_text(library, "--library"), library, "--library"),
        "reference_text": read_text(references, "--references"),
        "exclude": exclude or [],
        "min_year": min_year,
        "max_year": max_year,
        "venues": venue or [],
        "fields": field or [],
        "recency": recency,
        "diversity": diversity,
        "page_size": page_size,
        "page_token": page_token,
    }
    print_answer(ask(question, target, timeout), question, json)


def check_combinations(seeded: bool, min_year: int | None, max_year: int | None) -> None:
    """Refuse options that are right one by one, not together."""
    if not seeded:
        raise typer.BadParameter("give at least one, or --text, --references or --library", param_hint="'SEED'")
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


def print_answer(answer: "Recommendations", question: dict[str, Any], json: bool) -> None:
    """The answer as a table or JSON. Exits 1 when there is no seed that could be used."""
    from cocite.cli.output import note, print_json, stdout, warn
    from cocite.cli.tables import print_recommendations
    from cocite.cli.words import as_json, why_nothing
    from cocite.core.ids import try_normalise_id

    unknown = {try_normalise_id(seed.id) for seed in answer.unresolved}
    used = len({try_normalise_id(seed) for seed in (*question["seeds"], *question["library"])} - unknown)
    used += len(question["texts"]) + bool(answer.references)
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


def read_text(path: Path | None, option: str) -> str:
    """What the file or, for "-", stdin holds; "" without a path."""
    if path is None:
        return ""
    try:
        with nullcontext(sys.stdin.buffer) if path == STDIN else path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if not data.strip():
            raise typer.BadParameter(f"{path} is empty", param_hint=f"'{option}'")
        if len(data) <= MAX_BYTES:
            return data.decode("utf-8-sig")
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror or error}", param_hint=f"'{option}'") from None
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{path} is not UTF-8", param_hint=f"'{option}'") from None
    raise typer.BadParameter(f"{path} has over {MAX_BYTES} bytes", param_hint=f"'{option}'")


def ids_in(text: str, path: Path | None, option: str) -> list[str]:
    """The ids in the list of a file that an option names, one a line; empty lines and lines that begin with # are none.

    What is no id is wrong usage, told with its line.
    """
    from cocite.core.errors import InvalidId
    from cocite.core.ids import normalise_id

    ids = []
    for number, line in enumerate(text.splitlines(), start=1):
        given = line.strip()
        if given and not given.startswith("#"):
            try:
                normalise_id(given)
            except InvalidId as error:
                told = f"{path}, line {number}: {error.message}"
                raise typer.BadParameter(told, param_hint=f"'{option}'") from None
            ids.append(given)
    return ids


def text_seeds(texts: list[str], abstract: str) -> "list[TextSeed]":
    """The texts as seeds, the abstract with the last of them."""
    from cocite.client import TextSeed

    titles = texts or ([""] if abstract else [])
    return [TextSeed(title, abstract if i == len(titles) - 1 else "") for i, title in enumerate(titles)]
