"""Answers as tables."""

from typing import TYPE_CHECKING

from cocite.cli.words import reasons_in_words, shortcomings
from cocite.client.types import Recommendations, Resolution

if TYPE_CHECKING:
    from rich.console import Console


def print_recommendations(console: "Console", answer: Recommendations, *, name_seeds: bool) -> None:
    """Rank, title, year, venue and reasons of each result; shortcomings below."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("#", justify="right", no_wrap=True, min_width=2)
    table.add_column("title", ratio=4, overflow="fold")
    table.add_column("year", no_wrap=True, min_width=4)
    table.add_column("venue", ratio=2, overflow="ellipsis", no_wrap=True)
    table.add_column("why", ratio=4, overflow="fold")
    for result in answer:
        paper = result.paper
        table.add_row(
            str(result.rank),
            _plain(paper.title or paper.paper_id),
            str(paper.year or ""),
            _plain(paper.venue),
            _plain(reasons_in_words(result.reasons, name_seeds=name_seeds)),
        )
    if answer.results:
        console.print(table)
    else:
        console.print("no paper is left after filters and exclusions")
    for line in shortcomings(answer):
        console.print(_plain(line), style="yellow")


def print_resolution(console: "Console", answer: Resolution) -> None:
    """One line an id."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("id", "is", "paper", "title", "year"):
        table.add_column(name, overflow="fold")
    for result in answer.results:
        status = "not in the model" if result.status == "found" and not result.in_model else result.status
        paper = result.paper
        known = (paper.paper_id, paper.title, str(paper.year or "")) if paper else ("", "", "")
        table.add_row(_plain(result.query), status, *map(_plain, known))
    console.print(table)
    for line in shortcomings(answer):
        console.print(_plain(line), style="yellow")


def _plain(text: str) -> str:
    """Text of others made harmless: no control characters for the terminal, no markup for rich."""
    from rich.markup import escape

    return escape("".join(c if c.isprintable() else " " for c in text))
