"""Papers on the wire: core.Paper to cocite.v1.Paper and back, the views applied in one place."""

from contextlib import suppress
from datetime import date

from cocite.core.paper import Paper
from cocite.v1 import paper_pb2


def paper_to_proto(paper: Paper, view: paper_pb2.PaperView = paper_pb2.PAPER_VIEW_BASIC) -> paper_pb2.Paper:
    """The message of a paper with as much of it as view asks for; unspecified is basic."""
    message = paper_pb2.Paper(paper_id=paper.paper_id)
    if view == paper_pb2.PAPER_VIEW_ID:
        return message
    message.title = paper.title
    message.authors.extend(paper.authors)
    if paper.year is not None:
        message.year = paper.year
    message.venue = paper.venue
    message.fields.extend(paper.fields)
    message.citation_count = paper.citation_count
    message.reference_count = paper.reference_count
    message.has_abstract = bool(paper.abstract)
    if view == paper_pb2.PAPER_VIEW_FULL:
        message.abstract = paper.abstract
        message.aliases.extend(paper.aliases)
        message.keywords.extend(paper.keywords)
        message.listed_on = paper.listed_on.isoformat() if paper.listed_on else ""
    return message


def paper_from_proto(message: paper_pb2.Paper) -> Paper:
    """The paper of a message. What the message's view left out is empty, so read has_abstract from the message."""
    return Paper(
        paper_id=message.paper_id,
        title=message.title,
        abstract=message.abstract,
        authors=tuple(message.authors),
        year=message.year if message.HasField("year") else None,
        venue=message.venue,
        aliases=tuple(message.aliases),
        keywords=tuple(message.keywords),
        fields=tuple(message.fields),
        citation_count=message.citation_count,
        reference_count=message.reference_count,
        listed_on=listed_on(message),
    )


def listed_on(message: paper_pb2.Paper) -> date | None:
    """The day that the paper of a message is new on, as far as its view tells."""
    with suppress(ValueError):  # what is no day says nothing
        return date.fromisoformat(message.listed_on)
    return None


def in_view(message: paper_pb2.Paper, view: paper_pb2.PaperView) -> paper_pb2.Paper:
    """A full message cut down to view. The message itself may be changed and returned."""
    if view == paper_pb2.PAPER_VIEW_FULL:
        return message
    if view == paper_pb2.PAPER_VIEW_ID:
        return paper_pb2.Paper(paper_id=message.paper_id)
    for name in ("abstract", "aliases", "keywords", "listed_on"):
        message.ClearField(name)
    return message
