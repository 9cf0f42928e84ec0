"""Subscriptions to the digest. What anybody asks for an address is a request; only its owner's answer makes it so."""

from typing import Any

import sqlalchemy as sa

from cocite.catalogue.schema import mails, readers, subscription_requests, subscriptions
from cocite.catalogue.store import Catalogue
from cocite.catalogue.subscription_records import (
    CONFIRMATION,
    Choice,
    MailState,
    Period,
    State,
    Subscription,
    choice_of,
    subscription_of,
)
from cocite.core.clock import DAY_MS, HOUR_MS, Clock, now_ms
from cocite.core.errors import NotFound, Overloaded

REQUEST_MS = 7 * DAY_MS  # how long a request can be confirmed
ENDED_MS = 30 * DAY_MS  # how long an address that has ended its subscription, or does not exist, is remembered
MAILS_MS = 100 * DAY_MS  # how long a mail is remembered
LIMITS = ((HOUR_MS, 1), (DAY_MS, 5))  # confirmation mails to one mailbox: within, at most
MAX_WAITING = 10_000  # confirmation mails that wait to be sent
MOST_OF_READER = 1000  # subscriptions that a reader is told of


class Subscriptions:
    """The subscriptions of a catalogue. clock gives milliseconds since 1970."""

    def __init__(self, catalogue: Catalogue, clock: Clock = now_ms) -> None:
        self._catalogue = catalogue
        self._clock = clock

    def ask(self, email: str, choice: Choice) -> bool:
        """Keep a request and queue the mail about it; False, and nothing is kept, when the mailbox has had too many.

        Raises Overloaded when too many mails wait to be sent.
        """
        email = email.lower()
        now = self._clock()
        with self._catalogue.writing(durable=True) as connection:
            if _mailed_enough(connection, mailbox_of(email), now):
                return False
            if connection.execute(_COUNT_WAITING).scalar_one() >= MAX_WAITING:
                raise Overloaded("too many mails wait to be sent", retry_after_s=60.0)
            key = _find_or_add(connection, email, choice, now)
            asked = sa.insert(subscription_requests).values(subscription_key=key, created_at=now, **_columns(choice))
            request_key = _added_key(connection, asked)
            mail = {"subscription_key": key, "occasion": f"{CONFIRMATION}{request_key}", "updated_at": now}
            connection.execute(sa.insert(mails).values(state=MailState.WAITING.value, **mail))
        return True

    def request(self, request_key: int) -> Choice | None:
        """What was asked for; None when it is too old, or was taken back."""
        with self._catalogue.reading() as connection:
            row = find_request(connection, request_key, self._clock())
        return choice_of(row) if row else None

    def confirm(self, request_key: int) -> Period:
        """Let what was asked for hold; the same again when it holds already. Raises NotFound when it is too old."""
        now = self._clock()
        with self._catalogue.writing(durable=True) as connection:
            row = find_request(connection, request_key, now)
            if row is None:
                raise NotFound("this link is not valid any more", hint="subscribe again", field="token")
            choice = choice_of(row)
            holds = {"state": State.CONFIRMED.value, "confirmed_at": now, "changed_at": now, **_columns(choice)}
            connection.execute(_one(sa.update(subscriptions), row.subscription_key).values(holds))
        return choice.period

    def end(self, subscription_key: int) -> None:
        """Send nothing any more; requests still open are void. Nothing happens where it has ended already."""
        with self._catalogue.writing(durable=True) as connection:
            requests = subscription_requests
            connection.execute(sa.delete(requests).where(requests.c.subscription_key == subscription_key))
            ended = _one(sa.update(subscriptions), subscription_key).where(subscriptions.c.state != State.ENDED.value)
            connection.execute(ended.values(state=State.ENDED.value, changed_at=self._clock()))

    def get(self, subscription_key: int) -> Subscription | None:
        """One subscription."""
        with self._catalogue.reading() as connection:
            return find(connection, subscription_key)

    def confirmed(self, period: Period, after: int, size: int) -> list[Subscription]:
        """The next confirmed subscriptions of a period behind the key after, at most size, by ascending key."""
        table = subscriptions
        chosen = sa.and_(table.c.state == State.CONFIRMED.value, table.c.period == period.value)
        query = sa.select(table).where(chosen, table.c.subscription_key > after)
        with self._catalogue.reading() as connection:
            rows = connection.execute(query.order_by(table.c.subscription_key).limit(size)).all()
        return [subscription_of(row) for row in rows]

    def of_reader(self, reader_key: int) -> list[Subscription]:
        """What is sent for a reader, then, as PENDING, what was asked for and can still be confirmed; MOST_OF_READER
        of either.
        """  # fmt: skip
        held = sa.select(subscriptions).where(
            subscriptions.c.reader_key == reader_key, subscriptions.c.state == State.CONFIRMED.value
        )
        requests = subscription_requests.c
        asked = sa.select(subscriptions.c.email, subscription_requests).join_from(subscription_requests, subscriptions)
        asked = asked.where(requests.reader_key == reader_key, requests.created_at >= self._clock() - REQUEST_MS)
        with self._catalogue.reading() as connection:
            found = connection.execute(held.order_by(subscriptions.c.subscription_key).limit(MOST_OF_READER))
            confirmed = [subscription_of(row) for row in found]
            rows = connection.execute(asked.order_by(requests.request_key).limit(MOST_OF_READER))
            wanted = [Subscription(r.subscription_key, r.email, State.PENDING, choice_of(r)) for r in rows]
        known = {(each.email, each.choice) for each in confirmed}
        return [*confirmed, *(each for each in dict.fromkeys(wanted) if (each.email, each.choice) not in known)]

    def counts(self) -> dict[tuple[str, str], int]:
        """Number of subscriptions by name of the period and state."""
        table = subscriptions
        query = sa.select(table.c.period, table.c.state, sa.func.count()).group_by(table.c.period, table.c.state)
        with self._catalogue.reading() as connection:
            return {(Period(p).name.lower(), state): count for p, state, count in connection.execute(query)}

    def forget(self) -> int:
        """Delete what nobody answered, what ended long ago, and old mails; the number of addresses deleted.

        Readers go, too, who have done nothing but to ask for a digest that nobody confirmed.
        """
        now = self._clock()
        table = subscriptions
        unanswered = sa.and_(table.c.state == State.PENDING.value, table.c.changed_at < now - REQUEST_MS)
        over = sa.and_(table.c.state.in_([State.ENDED.value, State.BOUNCED.value]), table.c.changed_at < now - ENDED_MS)
        with self._catalogue.writing() as connection:
            connection.execute(sa.delete(mails).where(mails.c.updated_at < now - MAILS_MS))
            old = subscription_requests.c.created_at < now - REQUEST_MS
            connection.execute(sa.delete(subscription_requests).where(old))
            gone = connection.execute(sa.delete(table).where(unanswered | over)).rowcount
            connection.execute(sa.delete(readers).where(_only_asked(now)))
        return gone


def _only_asked(now: int) -> sa.ColumnElement[bool]:
    """Condition on readers of whom nothing is held but their name."""
    silent = sa.and_(readers.c.event_count == 0, readers.c.created_at < now - REQUEST_MS)
    asks = [table.c.reader_key == readers.c.reader_key for table in (subscriptions, subscription_requests)]
    return sa.and_(silent, *(sa.not_(sa.exists(sa.select(sa.literal(1)).where(each))) for each in asks))


def mailbox_of(email: str) -> str:
    """Where mail for an address in lower case arrives: most servers take name+anything for name."""
    name, _, domain = email.rpartition("@")
    return f"{name.split('+')[0] or name}@{domain}"


def find(connection: sa.Connection, subscription_key: int) -> Subscription | None:
    """One subscription."""
    row = connection.execute(_one(sa.select(subscriptions), subscription_key)).one_or_none()
    return subscription_of(row) if row else None


def find_request(connection: sa.Connection, request_key: int, now: int) -> sa.Row[Any] | None:
    """The request of this key, if it can still be confirmed."""
    table = subscription_requests
    query = sa.select(table).where(table.c.request_key == request_key, table.c.created_at >= now - REQUEST_MS)
    return connection.execute(query).one_or_none()


_IS_CONFIRMATION = mails.c.occasion.startswith(CONFIRMATION)
_COUNT_WAITING = (
    sa.select(sa.func.count()).select_from(mails).where(mails.c.state == MailState.WAITING.value, _IS_CONFIRMATION)
)


def _mailed_enough(connection: sa.Connection, mailbox: str, now: int) -> bool:
    for within, most in LIMITS:
        query = sa.select(sa.func.count()).select_from(mails.join(subscriptions))
        recent = sa.and_(subscriptions.c.mailbox == mailbox, _IS_CONFIRMATION, mails.c.updated_at > now - within)
        if connection.execute(query.where(recent)).scalar_one() >= most:
            return True
    return False


def _find_or_add(connection: sa.Connection, email: str, choice: Choice, now: int) -> int:
    """Key of the address. A new row holds no reader: deleting a reader must not make the mails of today forgotten."""
    found = connection.execute(
        sa.select(subscriptions.c.subscription_key, subscriptions.c.state).where(subscriptions.c.email == email)
    ).one_or_none()
    if found is None:
        row = {"email": email, "mailbox": mailbox_of(email), "period": choice.period.value, "changed_at": now}
        added = sa.insert(subscriptions).values(state=State.PENDING.value, fields=(), **row)
        return _added_key(connection, added)
    connection.execute(_one(sa.update(subscriptions), found.subscription_key).values(changed_at=now))
    return int(found.subscription_key)


def _columns(choice: Choice) -> dict[str, Any]:
    return {"period": choice.period.value, "fields": choice.fields, "reader_key": choice.reader_key}


def _one(statement: Any, subscription_key: int) -> Any:
    return statement.where(subscriptions.c.subscription_key == subscription_key)


def _added_key(connection: sa.Connection, insert: sa.Insert) -> int:
    key = connection.execute(insert).inserted_primary_key
    assert key is not None  # of one row
    return int(key[0])
