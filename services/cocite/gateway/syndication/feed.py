"""A feed as values, whatever it is written as."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

GENERATOR = "cocite"


@dataclass(frozen=True, slots=True)
class Item:
    """One paper. All texts are on one line and fit for XML; html is what a reader shows below the title.

    item_id: the same wherever and whenever the paper is told of; url: where it can be read; page_url: ours about it;
    listed_on: the day it was new on; updated: that day, else the year of publication, so that it never changes.
    """

    item_id: str
    title: str
    url: str
    page_url: str
    authors: Sequence[str]
    subjects: Sequence[str]
    html: str
    listed_on: date | None
    updated: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """Papers in their order. self_url: where the feed itself is; home_url: the page it belongs to."""

    feed_id: str
    title: str
    description: str
    self_url: str
    home_url: str
    updated: datetime
    items: Sequence[Item]


def midnight(day: date) -> datetime:
    """The beginning of a day, by UTC."""
    return datetime.combine(day, time(), UTC)
