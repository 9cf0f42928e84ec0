"""What readers do, as the catalogue takes and gives it: values already checked, paper ids already canonical.

Times are milliseconds since 1970. Order is by sequence, never by time.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum, auto


class EventKind(IntEnum):
    """What a reader did with a paper; numbers of cocite.v1.EventKind, and of the store."""

    VIEW = 1
    CLICK = 2
    SAVE = 3
    UPVOTE = 4
    DISMISS = 5
    SUBMIT = 6


TRAINED_KINDS = (EventKind.CLICK, EventKind.SAVE, EventKind.UPVOTE, EventKind.SUBMIT)  # what a model learns from


class Status(Enum):
    """What became of an event."""

    RECORDED = auto()
    DUPLICATE = auto()  # kept before, with the same content
    RECORDED_AHEAD = auto()  # kept, though no paper has this id yet
    CONFLICT = auto()  # not kept: the reader has another event of this id
    FLOODED = auto()  # not kept: more than a reader can do, see event_batch.py


@dataclass(frozen=True, slots=True)
class ReaderName:
    """Who: a reader's id, or the SHA-256, in hex, of a browser's session id."""

    is_session: bool
    name: str


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One thing that a reader did. occurred_at None stands for the time of its coming."""

    event_id: str
    reader: ReaderName
    kind: EventKind
    paper_id: str
    undo: bool = False
    attribution_token: str = ""
    position: int = 0
    occurred_at: int | None = None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event of the log.

    change: 1 when the reader's paper newly became so, -1 when it ceased to, 0 when it was so before. paper_id is the
    paper's own id; while there is no such paper paper_key is None and paper_id the id that was sent.
    """

    sequence: int
    reader_key: int
    kind: EventKind
    undo: bool
    change: int
    paper_id: str
    paper_key: int | None
    attribution_token: str
    position: int
    occurred_at: int
    recorded_at: int


@dataclass(frozen=True, slots=True)
class ReaderPaper:
    """A paper and what holds between it and a reader. last_at and sequence are of the last event that still holds.

    paper_key is None while the catalogue has no paper of this id.
    """

    paper_id: str
    paper_key: int | None
    kinds: frozenset[EventKind]
    last_at: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Readers who upvoted a paper, and who saved it, and have not taken that back."""

    upvotes: int = 0
    saves: int = 0


@dataclass(frozen=True, slots=True)
class Voters:
    """So many readers who upvote a paper and have been here, browsers without a name or readers with one, on so many
    days.
    """  # fmt: skip

    is_session: bool
    days: int
    readers: int
