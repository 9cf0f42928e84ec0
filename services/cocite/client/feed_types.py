"""What the client of the feed service takes and answers with: plain frozen values, free of protobuf.

Kinds, states, windows and periods are the proto's enum names without prefix, in lower case ("save", "recorded").
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar, overload

from cocite.client.types import Degradation, Paper, Popularity, Reason

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, by exactly one of the three.

    reader_id: as the site knows them. session_id: the random name of a browser, which is kept like a password.
    feed_token: of a private feed; opens that alone.
    """

    reader_id: str = ""
    session_id: str = field(default="", repr=False)  # secrets, which are not to get into logs
    feed_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Event:
    """What a reader did with a paper: "view", "click", "save", "upvote", "dismiss" or "submit".

    reader is a Reader, or a reader_id. undo takes a save, an upvote or a dismissal back. position counts from 1, 0 is
    unknown. occurred_at bears a time zone. An event sent again is told by its event_id, and kept once.
    """

    reader: str | Reader
    kind: str
    paper_id: str
    undo: bool = False
    attribution_token: str = ""
    position: int = 0
    occurred_at: datetime | None = None
    event_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class EventResult:
    """What became of an event.

    status is "recorded", "duplicate" or "recorded_ahead" where it is kept; "conflict", "malformed_id", "in_future",
    "flooded" or "not_allowed" where it is not.
    """

    event_id: str
    status: str

    @property
    def kept(self) -> bool:
        """Whether the event is in the store."""
        return self.status in ("recorded", "duplicate", "recorded_ahead")


@dataclass(frozen=True, slots=True)
class ActedOn:
    """The item goes with a paper that the reader did something with; act is the kind of that event."""

    act: str
    paper_id: str
    title: str


@dataclass(frozen=True, slots=True)
class NewArrival:
    """The item came in on that day, YYYY-MM-DD."""

    date: str


@dataclass(frozen=True, slots=True)
class TrendingNow:
    """So many readers saved or upvoted the item within the last week."""

    readers: int


FeedReason = ActedOn | NewArrival | TrendingNow | Popularity


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One paper of a feed; reasons and evidence come strongest first, rank counts from 1 over all pages."""

    paper: Paper
    rank: int
    reasons: tuple[FeedReason, ...]
    evidence: tuple[Reason, ...]
    attribution_token: str


@dataclass(frozen=True, slots=True)
class TrendingItem:
    """One trending paper; score is that of docs/trending.md, upvotes and saves are readers of all time."""

    paper: Paper
    rank: int
    score: float
    upvotes: int
    saves: int
    attribution_token: str


@dataclass(frozen=True, slots=True)
class NewItem:
    """One paper of a day with papers like it, most alike first; score is what its upvotes weigh (docs/trending.md)."""

    paper: Paper
    rank: int
    similar: tuple[Paper, ...]
    upvotes: int
    attribution_token: str
    score: float


@dataclass(frozen=True, slots=True)
class _Page(Sequence[Item], Generic[Item]):
    """One page, a sequence of its items; next_page_token is "" on the last."""

    items: tuple[Item, ...]
    next_page_token: str
    degraded: tuple[Degradation, ...]

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, place: int | slice) -> Item | tuple[Item, ...]:
        return self.items[place]

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Feed(_Page[FeedItem]):
    """A page of a reader's feed; personal tells whether anything the reader did is behind it."""

    model_version: str
    personal: bool


@dataclass(frozen=True, slots=True)
class Trending(_Page[TrendingItem]):
    """A page of what is trending; fields are fields of study that have trending papers, most of them first."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewPapers(_Page[NewItem]):
    """A page of a day's papers, total of them on all pages; dates are YYYY-MM-DD, "" where there is none."""

    date: str
    previous_date: str
    next_date: str
    total: int


@dataclass(frozen=True, slots=True)
class ReaderPaper:
    """A paper and what the reader did with it, undone things left out; last_at is when the last of it came in."""

    paper: Paper
    kinds: tuple[str, ...]
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription to the digest; fields are fields of study, all when empty."""

    masked_email: str
    period: str
    confirmed: bool
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReaderData:
    """What is held about a reader, papers latest first; feed_token is "" where nothing is held.

    library_entries: papers in ingested libraries of the reader's name.
    """

    papers: tuple[ReaderPaper, ...]
    next_page_token: str
    event_count: int
    first_event_at: datetime | None
    feed_token: str = field(repr=False)
    subscriptions: tuple[Subscription, ...]
    library_entries: int
