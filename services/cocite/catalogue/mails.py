"""Every mail is handed to the mail server once. The row of its occasion says how far it has come.

A mail is taken in a transaction that is durable before the server is given its content. A process that dies between
that and the server's answer leaves a mail of which nobody knows whether it went out: it is never sent again by itself.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from cocite.catalogue.schema import mails, subscriptions
from cocite.catalogue.store import Catalogue
from cocite.catalogue.subscription_records import (
    CONFIRMATION,
    Mail,
    MailState,
    State,
    Subscription,
    Taken,
    subscription_of,
)
from cocite.catalogue.subscriptions import find, find_request
from cocite.core.clock import Clock, now_ms

HAND_OVER_MS = 300_000  # no process hands a mail over for longer: deliveries have a deadline well below
BOUNCES = 3  # refusals of an address in a row that end its subscription
ERROR_LENGTH = 300


class Mails:
    """The mails of a catalogue. clock gives milliseconds since 1970."""

    def __init__(self, catalogue: Catalogue, clock: Clock = now_ms) -> None:
        self._catalogue = catalogue
        self._clock = clock

    def is_due(self, subscription_key: int, occasion: str) -> bool:
        """Whether a mail has still to be sent, as far as can be seen without taking it."""
        with self._catalogue.reading() as connection:
            row = _row(connection, subscription_key, occasion)
        return row is None or row.state == MailState.WAITING.value

    def take(self, subscription: Subscription, occasion: str, *, unsure: bool = False) -> Taken:
        """Take a mail in order to hand it over at once; what is TAKEN has to be settled.

        subscription: as it was when the mail was written. unsure: take it only if it is unsure, for somebody who
        prefers two mails to none.
        """
        now = self._clock()
        with self._catalogue.writing(durable=True) as connection:
            row = _row(connection, subscription.key, occasion)
            if not (_is_unsure(row, now) if unsure else row is None or row.state == MailState.WAITING.value):
                return Taken.ELSEWHERE
            if not _wanted(connection, subscription, occasion, now):
                if row is not None:
                    _set(connection, row.mail_key, MailState.DROPPED, now, "not wanted any more")
                return Taken.NOT_WANTED
            if row is None:
                _add(connection, subscription.key, occasion, MailState.HANDING_OVER, now, attempts=1)
            else:
                _set(connection, row.mail_key, MailState.HANDING_OVER, now, "", attempts=row.attempts + 1)
            return Taken.TAKEN

    def settle(self, subscription_key: int, occasion: str, state: MailState, error: str = "", wait_ms: int = 0) -> bool:
        """Keep what became of a mail that was taken; see put_off."""
        return self._keep((MailState.HANDING_OVER,), subscription_key, occasion, state, error, wait_ms)

    def put_off(
        self, subscription_key: int, occasion: str, state: MailState, error: str = "", wait_ms: int = 0
    ) -> bool:
        """Keep what went wrong with a mail before it could be taken; one that another process has taken is left to it.

        wait_ms: when WAITING, how long at least until it is tried again. True if this ended the subscription, because
        its address has refused so many mails in a row.
        """
        return self._keep((MailState.WAITING, None), subscription_key, occasion, state, error, wait_ms)

    def _keep(
        self,
        before: tuple[MailState | None, ...],
        subscription_key: int,
        occasion: str,
        state: MailState,
        error: str,
        wait_ms: int,
    ) -> bool:
        now = self._clock()
        due = {"next_attempt_at": now + wait_ms}
        with self._catalogue.writing(durable=True) as connection:
            row = _row(connection, subscription_key, occasion)
            if (row and MailState(row.state)) not in before or find(connection, subscription_key) is None:
                return False
            if row is None:
                _add(connection, subscription_key, occasion, state, now, error=error, attempts=1, **due)
            else:
                counted = row.attempts + (row.state == MailState.WAITING.value)  # what was taken is counted already
                _set(connection, row.mail_key, state, now, error, attempts=counted, **due)
            return state is MailState.BOUNCED and _end_if_dead(connection, subscription_key, now)

    def reopen(self, subscription_keys: Sequence[int], occasion: str) -> None:
        """Let mails wait that were kept as refused, when it turns out that the addresses were not to blame."""
        refused = [MailState.BOUNCED.value, MailState.FAILED.value]
        chosen = sa.and_(mails.c.occasion == occasion, mails.c.state.in_(refused))
        change = sa.update(mails).where(chosen, mails.c.subscription_key.in_(subscription_keys))
        with self._catalogue.writing() as connection:
            connection.execute(change.values(state=MailState.WAITING.value, updated_at=self._clock()))

    def due_confirmations(self, size: int) -> list[Mail]:
        """Confirmation mails whose time has come, the longest waiting first."""
        due = sa.and_(mails.c.state == MailState.WAITING.value, mails.c.next_attempt_at <= self._clock())
        return self._list(sa.and_(due, mails.c.occasion.startswith(CONFIRMATION)), size)

    def unsure(self, size: int = 1000) -> list[Mail]:
        """Mails of which nobody knows whether they went out, the oldest first."""
        return self._list(_unsure(self._clock()), size)

    def in_doubt(self, occasion: str) -> int:
        """How many mails of an occasion may have gone out or not, those that are just being handed over included."""
        doubtful = mails.c.state.in_([MailState.UNSURE.value, MailState.HANDING_OVER.value])
        query = sa.select(sa.func.count()).select_from(mails).where(mails.c.occasion == occasion, doubtful)
        with self._catalogue.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def counts(self) -> dict[tuple[str, str], int]:
        """Number of mails by occasion, all confirmations taken together, and state; unsure ones as such."""
        name = sa.case((mails.c.occasion.startswith(CONFIRMATION), "confirm"), else_=mails.c.occasion)
        state = sa.case((_unsure(self._clock()), MailState.UNSURE.value), else_=mails.c.state)
        counted = sa.select(name.label("name"), state.label("told")).subquery()
        query = sa.select(counted.c.name, counted.c.told, sa.func.count()).group_by(counted.c.name, counted.c.told)
        with self._catalogue.reading() as connection:
            return {(each, told): count for each, told, count in connection.execute(query)}

    def close_periods_before(self, occasion: str) -> int:
        """Give up mails that wait for an earlier occasion of the same period; how many those were."""
        kind = occasion.partition(":")[0] + ":"
        earlier = sa.and_(mails.c.occasion.startswith(kind), mails.c.occasion < occasion)
        gone = {"state": MailState.FAILED.value, "updated_at": self._clock(), "error": "its period is over"}
        with self._catalogue.writing() as connection:
            waiting = mails.c.state == MailState.WAITING.value
            return connection.execute(sa.update(mails).where(earlier, waiting).values(gone)).rowcount

    def _list(self, chosen: sa.ColumnElement[bool], size: int) -> list[Mail]:
        mail = (mails.c.mail_key, mails.c.occasion, mails.c.attempts, mails.c.error, mails.c.updated_at)
        query: sa.Select[Any] = sa.select(*mail, mails.c.state.label("mail_state"), *subscriptions.c)
        query = query.select_from(mails.join(subscriptions)).where(chosen).order_by(mails.c.mail_key).limit(size)
        with self._catalogue.reading() as connection:
            rows = connection.execute(query).all()
        return [
            Mail(
                key=row.mail_key,
                subscription=subscription_of(row),
                occasion=row.occasion,
                state=MailState(row.mail_state),
                attempts=row.attempts,
                error=row.error,
                updated_at=row.updated_at,
            )
            for row in rows
        ]


def _row(connection: sa.Connection, subscription_key: int, occasion: str) -> sa.Row[Any] | None:
    one = sa.and_(mails.c.subscription_key == subscription_key, mails.c.occasion == occasion)
    return connection.execute(sa.select(mails).where(one)).one_or_none()


def _wanted(connection: sa.Connection, subscription: Subscription, occasion: str, now: int) -> bool:
    holds = find(connection, subscription.key)
    if occasion.startswith(CONFIRMATION):
        request = find_request(connection, int(occasion.removeprefix(CONFIRMATION)), now)
        return holds is not None and request is not None
    return holds == subscription and subscription.state is State.CONFIRMED


def _unsure(now: int) -> sa.ColumnElement[bool]:
    lasting = sa.and_(mails.c.state == MailState.HANDING_OVER.value, mails.c.updated_at < now - HAND_OVER_MS)
    return sa.or_(mails.c.state == MailState.UNSURE.value, lasting)


def _is_unsure(row: sa.Row[Any] | None, now: int) -> bool:
    if row is None:
        return False
    lasting = row.state == MailState.HANDING_OVER.value and row.updated_at < now - HAND_OVER_MS
    return bool(lasting or row.state == MailState.UNSURE.value)


def _add(
    connection: sa.Connection, subscription_key: int, occasion: str, state: MailState, now: int, **more: Any
) -> None:
    row = {"subscription_key": subscription_key, "occasion": occasion, "state": state.value, "updated_at": now}
    connection.execute(sa.insert(mails).values(**row, **_bounded(more)))


def _set(connection: sa.Connection, mail_key: int, state: MailState, now: int, error: str, **more: Any) -> None:
    row = {"state": state.value, "updated_at": now, **_bounded({"error": error, **more})}
    connection.execute(sa.update(mails).where(mails.c.mail_key == mail_key).values(**row))


def _bounded(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"error": row.get("error", "")[:ERROR_LENGTH]}


def _end_if_dead(connection: sa.Connection, subscription_key: int, now: int) -> bool:
    answered = mails.c.state.in_([MailState.SENT.value, MailState.BOUNCED.value])
    query = sa.select(mails.c.state).where(mails.c.subscription_key == subscription_key, answered)
    last = connection.execute(query.order_by(mails.c.updated_at.desc(), mails.c.mail_key.desc()).limit(BOUNCES))
    if [row.state for row in last] != [MailState.BOUNCED.value] * BOUNCES:
        return False
    one = sa.and_(subscriptions.c.subscription_key == subscription_key, subscriptions.c.state == State.CONFIRMED.value)
    ended = sa.update(subscriptions).where(one).values(state=State.BOUNCED.value, changed_at=now)
    return bool(connection.execute(ended).rowcount)
