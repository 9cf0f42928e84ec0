"""Feeds, readers, trending papers and recorded events as tables."""

from typing import TYPE_CHECKING

from cocite.cli.event_lines import Recorded
from cocite.cli.output import note, print_table, printable, stdout, warn
from cocite.cli.tables import text_of, title_and_id
from cocite.cli.words import EVENT_STATUSES, counted, degraded_in_words, feed_reasons_in_words
from cocite.client.feed_types import Feed, ReaderData, Trending

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PROBLEMS_SHOWN = 20


def print_recorded(recorded: Recorded) -> None:
    """How many events became what; on stderr the first of what went wrong."""
    table = _table("status", "events", "means")
    for status, count in recorded.statuses.most_common():
        table.add_row(status, f"{count:,}", EVENT_STATUSES.get(status, ""))
    if recorded.bad_lines:
        table.add_row("bad line", f"{recorded.bad_lines:,}", "not sent: holds no event")
    if table.row_count:
        print_table(stdout(), table)
    else:
        note("no events in the file")
    for line, problem in recorded.problems[:PROBLEMS_SHOWN]:
        warn(f"line {line}: {problem}")
    unnamed = recorded.refused + recorded.bad_lines - PROBLEMS_SHOWN
    if unnamed > 0:
        warn(f"and {unnamed:,} more, the first thousand with --json")


def print_reader(console: "Console", held: ReaderData) -> None:
    """Each paper with what the reader did; on stderr how much is held besides."""
    if not (held.event_count or held.subscriptions or held.library_entries):
        note("nothing is held of this reader")
        return
    table = _table("title", "year", "what", "last")
    for each in held.papers:
        last = each.last_at.isoformat(sep=" ", timespec="minutes").removesuffix("+00:00")
        table.add_row(title_and_id(each.paper), str(each.paper.year or ""), ", ".join(each.kinds), last)
    if held.papers:
        print_table(console, table)
    since = f" since {held.first_event_at.date()}" if held.first_event_at else ""
    note(f"{counted(held.event_count, 'event', 'events')}{since}; times are UTC")
    if held.library_entries:
        note(f"{counted(held.library_entries, 'paper', 'papers')} in ingested libraries of this name")
    for subscription in held.subscriptions:
        state = "confirmed" if subscription.confirmed else "not confirmed"
        note(printable(f"digest {subscription.period} to {subscription.masked_email}, {state}"))


def print_feed(console: "Console", feed: Feed) -> None:
    """Rank, title, id, year and reasons of each paper; shortcomings on stderr."""
    table = _table("#", "title", "year", "why")
    for item in feed:
        why = text_of(feed_reasons_in_words(item.reasons))
        table.add_row(str(item.rank), title_and_id(item.paper), str(item.paper.year or ""), why)
    _print_page(console, table, feed)
    if not feed.personal:
        note("not personal: nothing is known of this reader to go by")


def print_trending(console: "Console", trending: Trending) -> None:
    """Rank, title, id, year, score, upvotes and saves of each paper; shortcomings on stderr."""
    table = _table("#", "title", "year", "score", "upvotes", "saves")
    for item in trending:
        numbers = (f"{item.score:.3g}", f"{item.upvotes:,}", f"{item.saves:,}")
        table.add_row(str(item.rank), title_and_id(item.paper), str(item.paper.year or ""), *numbers)
    _print_page(console, table, trending)


def _print_page(console: "Console", table: "Table", page: Feed | Trending) -> None:
    if page.items:
        print_table(console, table)
    else:
        note("no papers")
    for line in degraded_in_words(page):
        warn(line)
    if page.next_page_token:
        note(f"more with --page-token {page.next_page_token}")


def _table(*columns: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        wraps = column in ("title", "why", "means")
        right = column in ("#", "events", "score", "upvotes", "saves")
        table.add_column(column, justify="right" if right else "left", no_wrap=not wraps, overflow="fold")
    return table
