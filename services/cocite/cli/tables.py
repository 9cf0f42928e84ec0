"""Answers as tables."""

from typing import TYPE_CHECKING

from cocite.cli.output import note, print_result, print_table, printable, warn
from cocite.cli.words import contributions_in_words, numbers_of_seeds, reasons_in_words, shortcomings
from cocite.client.types import Paper, Recommendations, Resolution

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

VENUE_WIDTH = 100  # columns from which on there is room for venues
FOR_THE_REST = 55  # columns left to year, venue and reasons where an id takes as much as it can get


def print_recommendations(console: "Console", answer: Recommendations, *, name_seeds: bool) -> None:
    """Rank, title, id, year, venue and reasons of each result; shortcomings on stderr.

    With name_seeds the reasons bear numbers of the seeds they tie to, which a last line explains.
    """
    from rich.table import Table

    seeds = numbers_of_seeds(answer) if name_seeds else {}
    roomy = console.width >= VENUE_WIDTH
    longest_id = max((len(result.paper.paper_id) for result in answer), default=1)
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("#", justify="right", no_wrap=True, min_width=2)
    for_id = min(longest_id, max(console.width // 2, console.width - FOR_THE_REST))
    table.add_column("title", ratio=4, width=for_id, overflow="fold")  # with a ratio, width is the least
    table.add_column("year", no_wrap=True, min_width=4)
    if roomy:
        table.add_column("venue", ratio=2, overflow="ellipsis", no_wrap=True)
    table.add_column("why", ratio=4 if roomy else 3, overflow="fold")
    for result in answer:
        paper = result.paper
        venue = [text_of(paper.venue)] if roomy else []
        said = (reasons_in_words(result.reasons, seeds), contributions_in_words(result.contributions, seeds))
        why = "; ".join(each for each in said if each)
        table.add_row(str(result.rank), title_and_id(paper), str(paper.year or ""), *venue, text_of(why))
    if answer.results:
        print_table(console, table)
        if seeds:
            print_result(printable("  ".join(f"[{number}] {seed}" for seed, number in seeds.items())))
    else:
        note("no paper is left after filters and exclusions")
    for line in shortcomings(answer):
        warn(line)


def print_resolution(console: "Console", answer: Resolution) -> None:
    """One line an id; shortcomings on stderr."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("id", "is", "paper", "title", "year"):
        table.add_column(name, overflow="fold")
    for result in answer.results:
        status = "not in the model" if result.status == "found" and not result.in_model else result.status
        paper = result.paper
        known = (paper.paper_id, paper.title, str(paper.year or "")) if paper else ("", "", "")
        table.add_row(text_of(result.query), status, *map(text_of, known))
    print_table(console, table)
    for line in shortcomings(answer):
        warn(line)


def title_and_id(paper: Paper) -> "Text":
    """The title, and below it the id that asks for more like it."""
    title = text_of(paper.title or paper.paper_id)
    return title.append(f"\n{printable(paper.paper_id)}", "dim") if paper.title else title


def text_of(text: str) -> "Text":
    """Text of others, which is no markup."""
    from rich.text import Text

    return Text(printable(text))
