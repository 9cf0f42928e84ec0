"""Subscriptions to the digest and the mails about them, as values."""

from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum
from typing import Any

import sqlalchemy as sa

CONFIRMATION = "confirm:"  # what the occasion of a confirmation mail begins with; the request_key follows


class Period(IntEnum):
    """How often a digest comes; numbers of DigestPeriod of the protos."""

    DAILY = 1
    WEEKLY = 2


class State(StrEnum):
    """Of a subscription; only a confirmed one gets digests."""

    PENDING = "pending"  # never confirmed so far
    CONFIRMED = "confirmed"
    ENDED = "ended"  # by its owner
    BOUNCED = "bounced"  # the address has refused several mails in a row


@dataclass(frozen=True, slots=True)
class Choice:
    """What a digest holds: new papers of fields (all when empty) and the feed of a reader, if there is one."""

    period: Period
    fields: tuple[str, ...] = ()
    reader_key: int | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """One address and what holds for it; of a pending one the choice means nothing."""

    key: int
    email: str
    state: State
    choice: Choice


class MailState(StrEnum):
    """How far a mail has come. A digest without a row has not been tried."""

    WAITING = "waiting"  # to be tried, or tried again
    HANDING_OVER = "handing over"  # taken by a process; by one that died when it lasts
    UNSURE = "unsure"  # given to the server, which did not say whether it took it
    SENT = "sent"
    BOUNCED = "bounced"  # the server refuses the address
    FAILED = "failed"  # refused for another reason, or its time is over
    DROPPED = "dropped"  # nobody wants it any more


class Taken(Enum):
    """What came of the wish to send a mail."""

    TAKEN = 1
    NOT_WANTED = 2  # the subscription has ended, or changed since the mail was written
    ELSEWHERE = 3  # sent before, or another process is at it


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. error is what went wrong last, updated_at the time of its state in milliseconds."""

    key: int
    subscription: Subscription
    occasion: str
    state: MailState
    attempts: int
    error: str
    updated_at: int


def choice_of(row: sa.Row[Any]) -> Choice:
    """What a row of subscriptions or of requests chooses."""
    return Choice(Period(row.period), tuple(row.fields), row.reader_key)


def subscription_of(row: sa.Row[Any]) -> Subscription:
    """A row as a value."""
    return Subscription(row.subscription_key, row.email, State(row.state), choice_of(row))
