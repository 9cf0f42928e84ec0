"""cocite reader, cocite feed and cocite trending: what the feed service has to say."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cocite.client import FeedClient
    from cocite.client import Reader as ReaderName
    from cocite.client.feed_types import ReaderData

reader = typer.Typer(no_args_is_help=True, help="Tell what is held of a reader, and delete it.")

PAGE = 1000  # papers asked for at a time
OPTIONS = {
    "reader": "READER",
    "page_size": "--page-size",
    "page_token": "--page-token",
    "field": "--field",
    "target": "--target",
}
Who = Annotated[str, typer.Argument(metavar="READER", help="A reader's id; with --session a browser's session id.")]
Session = Annotated[bool, typer.Option("--session", help="READER is a session id.")]
Target = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Address of the feed service, instead of COCITE_FEEDS_TARGET.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PageSize = Annotated[int, typer.Option(metavar="N", min=1, max=100, help="Papers a page.")]
PageToken = Annotated[str, typer.Option(metavar="TOKEN", help="The page after, as the one before names it.")]


class WindowName(StrEnum):
    """As it is given on the command line."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@reader.command()
def show(who: Who, session: Session = False, target: Target = None, json: Json = False) -> None:
    """Tell all that is held of a reader. JSON has the token of the private feed, too."""
    from cocite.cli.feed_tables import print_reader
    from cocite.cli.output import print_json, stdout
    from cocite.cli.usage import as_usage
    from cocite.cli.words import as_json
    from cocite.client import FeedClient

    with as_usage(OPTIONS):
        client, name = FeedClient(target), _named(who, session)
    with client:
        held = _all_of(client, name)
    if json:
        print_json(as_json(held))
    else:
        print_reader(stdout(), held)


@reader.command()
def delete(
    who: Who,
    session: Session = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    target: Target = None,
    json: Json = False,
) -> None:
    """Delete everything about a reader: from the store at once, from the model at the next training."""
    from cocite.cli.output import note, print_json
    from cocite.cli.usage import as_usage
    from cocite.cli.words import counted
    from cocite.client import FeedClient

    with as_usage(OPTIONS):
        client, name = FeedClient(target), _named(who, session)
    with client:
        if not yes:
            count = client.reader(name, page_size=1).event_count
            held = counted(count, "event", "events")
            typer.confirm(f"{held} of this reader, subscriptions and libraries: delete?", abort=True, err=True)
        deleted = client.delete_reader(name)
    if json:
        print_json({"deleted_events": deleted})
    else:
        note(f"deleted, {counted(deleted, 'event', 'events')}; the model forgets at the next `cocite train`")


def feed(
    who: Who,
    session: Session = False,
    page_size: PageSize = 20,
    page_token: PageToken = "",
    target: Target = None,
    json: Json = False,
) -> None:
    """Tell what a reader is shown, and why."""
    from cocite.cli.feed_tables import print_feed
    from cocite.cli.output import print_json, stdout
    from cocite.cli.usage import as_usage
    from cocite.cli.words import as_json
    from cocite.client import FeedClient

    with as_usage(OPTIONS):
        client, name = FeedClient(target), _named(who, session)
    with client, as_usage({"page_token": "--page-token"}):
        answer = client.feed(name, page_size=page_size, page_token=page_token)
    if json:
        print_json(as_json(answer))
    else:
        print_feed(stdout(), answer)


def trending(
    window: Annotated[WindowName, typer.Option(help="How far back.")] = WindowName.WEEK,
    field: Annotated[str, typer.Option(metavar="NAME", help="Only this field of study.")] = "",
    page_size: PageSize = 20,
    page_token: PageToken = "",
    target: Target = None,
    json: Json = False,
) -> None:
    """Tell what readers turn to these days."""
    from cocite.cli.feed_tables import print_trending
    from cocite.cli.output import print_json, stdout
    from cocite.cli.usage import as_usage
    from cocite.cli.words import as_json
    from cocite.client import FeedClient

    with as_usage(OPTIONS):
        client = FeedClient(target)
        with client:
            answer = client.trending(window.value, field=field, page_size=page_size, page_token=page_token)
    if json:
        print_json(as_json(answer))
    else:
        print_trending(stdout(), answer)


def _named(who: str, session: bool) -> "ReaderName":
    """The reader meant. Raises InvalidArgument for a name that nobody can have."""
    from cocite.client import Reader
    from cocite.client.feed_requests import reader_ref
    from cocite.serving.interceptor import validate
    from cocite.v1 import feed_service_pb2 as pb

    name = Reader(session_id=who) if session else Reader(who)
    validate(pb.GetReaderRequest(reader=reader_ref(name)))
    return name


def _all_of(client: "FeedClient", name: "ReaderName") -> "ReaderData":
    """What is held of a reader, all pages of it. Raises CorruptData when they do not end."""
    import dataclasses

    from cocite.core.errors import CorruptData

    page = client.reader(name, page_size=PAGE, views=True)
    papers = list(page.papers)
    while page.next_page_token:
        page = client.reader(name, page_size=PAGE, page_token=page.next_page_token, views=True)
        if not page.papers:
            raise CorruptData("the pages of the answer do not advance")
        papers += page.papers
    return dataclasses.replace(page, papers=tuple(papers))
