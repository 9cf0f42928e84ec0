"""Subscriptions and requests for them, on SQLite and on PostgreSQL alike."""

import pytest
import sqlalchemy as sa

from cocite.catalogue import subscriptions as limits
from cocite.catalogue.events import EventKind, EventLog, NewEvent, ReaderName
from cocite.catalogue.mails import Mails
from cocite.catalogue.schema import readers, subscription_requests
from cocite.catalogue.store import Catalogue
from cocite.catalogue.subscription_records import Choice, MailState, Period, State
from cocite.catalogue.subscriptions import REQUEST_MS, Subscriptions, mailbox_of
from cocite.core.clock import DAY_MS, HOUR_MS
from cocite.core.errors import NotFound, Overloaded
from support.catalogues import catalogue, catalogue_url, postgres_server, postgres_url
from support.clocks import Clock

__all__ = ["catalogue", "catalogue_url", "postgres_server", "postgres_url"]  # fixtures

DAILY, WEEKLY = Choice(Period.DAILY), Choice(Period.WEEKLY, ("Physics",))
ADDRESS = "reader@example.org"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(catalogue: Catalogue, clock: Clock) -> Subscriptions:
    return Subscriptions(catalogue, clock)


def request_keys(catalogue: Catalogue) -> list[int]:
    with catalogue.reading() as connection:
        table = subscription_requests
        return list(connection.execute(sa.select(table.c.request_key).order_by(table.c.request_key)).scalars())


def add_reader(catalogue: Catalogue, name: str) -> int:
    with catalogue.writing() as connection:
        added = sa.insert(readers).values(is_session=False, name=name, created_at=0)
        return int(connection.execute(added).inserted_primary_key[0])


def test_only_a_confirmed_subscription_is_one(catalogue: Catalogue, store: Subscriptions) -> None:
    assert store.ask(ADDRESS, WEEKLY)
    assert store.confirmed(Period.WEEKLY, 0, 10) == []
    (key,) = request_keys(catalogue)
    assert store.request(key) == WEEKLY
    assert store.confirm(key) is store.confirm(key) is Period.WEEKLY
    (held,) = store.confirmed(Period.WEEKLY, 0, 10)
    assert (held.email, held.state, held.choice) == (ADDRESS, State.CONFIRMED, WEEKLY)
    assert store.confirmed(Period.DAILY, 0, 10) == store.confirmed(Period.WEEKLY, held.key, 10) == []


def test_a_stranger_changes_nothing(catalogue: Catalogue, store: Subscriptions, clock: Clock) -> None:
    store.ask(ADDRESS, WEEKLY)
    store.confirm(request_keys(catalogue)[0])
    clock.forward(HOUR_MS)
    assert store.ask(ADDRESS.upper(), DAILY)
    (held,) = store.confirmed(Period.WEEKLY, 0, 10)
    assert held.choice == WEEKLY
    assert store.confirmed(Period.DAILY, 0, 10) == []
    store.confirm(request_keys(catalogue)[1])
    (changed,) = store.confirmed(Period.DAILY, 0, 10)
    assert (changed.key, changed.choice) == (held.key, DAILY)


def test_each_link_confirms_what_its_own_mail_said(catalogue: Catalogue, store: Subscriptions, clock: Clock) -> None:
    store.ask(ADDRESS, WEEKLY)
    assert not store.ask(ADDRESS, DAILY)  # within the hour: must not alter what the first mail confirms
    clock.forward(HOUR_MS)
    store.ask(ADDRESS, DAILY)
    assert store.confirm(request_keys(catalogue)[0]) is Period.WEEKLY


@pytest.mark.parametrize("other", [ADDRESS, "Reader+tag@Example.org"])
def test_a_mailbox_gets_one_mail_an_hour_and_five_a_day(store: Subscriptions, clock: Clock, other: str) -> None:
    asked = []
    for _ in range(24):
        asked.append(store.ask(ADDRESS, DAILY))
        assert not store.ask(other, DAILY)
        assert store.ask(f"{len(asked)}@example.org", DAILY)  # others are not in the way
        clock.forward(HOUR_MS)
    assert asked == [True] * 5 + [False] * 19
    assert store.ask(other, DAILY)


def test_deleting_the_reader_does_not_open_the_mailbox(catalogue: Catalogue, store: Subscriptions) -> None:
    reader = add_reader(catalogue, "r")
    assert store.ask(ADDRESS, Choice(Period.DAILY, (), reader))
    (key,) = request_keys(catalogue)
    with catalogue.writing() as connection:
        connection.execute(sa.delete(readers).where(readers.c.reader_key == reader))
    assert store.request(key) is None
    assert not store.ask(ADDRESS, DAILY)
    with pytest.raises(NotFound, match="not valid any more; subscribe again"):
        store.confirm(key)


def test_a_readers_confirmed_subscription_goes_with_the_reader(catalogue: Catalogue, store: Subscriptions) -> None:
    reader = add_reader(catalogue, "r")
    store.ask(ADDRESS, Choice(Period.DAILY, (), reader))
    store.confirm(request_keys(catalogue)[0])
    assert [(each.email, each.state) for each in store.of_reader(reader)] == [(ADDRESS, State.CONFIRMED)]
    with catalogue.writing() as connection:
        connection.execute(sa.delete(readers).where(readers.c.reader_key == reader))
    assert store.of_reader(reader) == store.confirmed(Period.DAILY, 0, 10) == []


def test_a_reader_is_told_what_can_still_be_confirmed(catalogue: Catalogue, store: Subscriptions, clock: Clock) -> None:
    reader, other = add_reader(catalogue, "r"), add_reader(catalogue, "other")
    daily, weekly = (Choice(period, ("Physics",), reader) for period in Period)

    def told() -> list[tuple[State, Choice]]:
        return [(each.state, each.choice) for each in store.of_reader(reader)]

    store.ask(ADDRESS, daily)
    store.ask("another@example.org", Choice(Period.DAILY, (), other))
    assert told() == [(State.PENDING, daily)]
    store.confirm(request_keys(catalogue)[0])
    assert told() == [(State.CONFIRMED, daily)], "not a second time for the request that was answered"
    for choice in (weekly, weekly):
        clock.forward(HOUR_MS)
        store.ask(ADDRESS, choice)
    assert told() == [(State.CONFIRMED, daily), (State.PENDING, weekly)]
    clock.forward(7 * DAY_MS + 1)
    assert told() == [(State.CONFIRMED, daily)]


def test_ending_voids_every_link(catalogue: Catalogue, store: Subscriptions, clock: Clock) -> None:
    store.ask(ADDRESS, DAILY)
    store.confirm(request_keys(catalogue)[0])
    clock.forward(HOUR_MS)
    store.ask(ADDRESS, WEEKLY)
    keys = request_keys(catalogue)
    (held,) = store.confirmed(Period.DAILY, 0, 10)
    store.end(held.key)
    store.end(held.key)
    store.end(99)
    for key in keys:
        with pytest.raises(NotFound):
            store.confirm(key)
    assert not store.ask(ADDRESS, DAILY)  # nor does ending make room for another mail
    clock.forward(HOUR_MS)
    store.ask(ADDRESS, DAILY)
    store.confirm(request_keys(catalogue)[0])
    assert [each.key for each in store.confirmed(Period.DAILY, 0, 10)] == [held.key]


def test_a_link_lasts_a_week(catalogue: Catalogue, store: Subscriptions, clock: Clock) -> None:
    store.ask(ADDRESS, DAILY)
    (key,) = request_keys(catalogue)
    clock.forward(REQUEST_MS)
    assert store.confirm(key) is Period.DAILY
    clock.forward(1)
    with pytest.raises(NotFound):
        store.confirm(key)


def test_what_nobody_answers_is_forgotten(catalogue: Catalogue, store: Subscriptions, clock: Clock) -> None:
    store.ask("never@example.org", DAILY)
    store.ask("ended@example.org", DAILY)
    store.ask("stays@example.org", DAILY)
    _, ended, stays = request_keys(catalogue)
    store.confirm(ended)
    store.confirm(stays)
    store.end(store.confirmed(Period.DAILY, 0, 10)[0].key)
    assert store.forget() == 0
    clock.forward(REQUEST_MS + 1)
    assert store.forget() == 1
    clock.forward(30 * DAY_MS)
    assert store.forget() == 1
    assert store.counts() == {("daily", "confirmed"): 1}
    assert [mail.subscription.email for mail in Mails(catalogue, clock).due_confirmations(9)] == ["stays@example.org"]
    clock.forward(100 * DAY_MS)
    store.forget()
    assert Mails(catalogue, clock).due_confirmations(9) == []


def test_readers_who_did_nothing_but_ask_are_forgotten(catalogue: Catalogue, clock: Clock) -> None:
    store = Subscriptions(catalogue, clock)
    asked, confirmed, active = (add_reader(catalogue, name) for name in ("asked", "confirmed", "active"))
    with EventLog(catalogue) as log:
        log.append([NewEvent("1", ReaderName(False, "active"), EventKind.VIEW, "s2:1")])
    store.ask("asked@example.org", Choice(Period.DAILY, (), asked))
    store.ask("confirmed@example.org", Choice(Period.DAILY, (), confirmed))
    store.confirm(request_keys(catalogue)[1])
    clock.forward(REQUEST_MS)
    store.forget()
    assert len(request_keys(catalogue)) == 2, "they can still be confirmed"

    def known() -> list[int]:
        with catalogue.reading() as connection:
            return list(connection.execute(sa.select(readers.c.reader_key).order_by(readers.c.reader_key)).scalars())

    assert known() == [asked, confirmed, active]
    clock.forward(1)
    store.forget()
    assert known() == [confirmed, active]


def test_the_queue_has_a_bound(store: Subscriptions, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_WAITING", 2)
    store.ask("a@example.org", DAILY)
    store.ask("b@example.org", DAILY)
    with pytest.raises(Overloaded):
        store.ask("c@example.org", DAILY)
    mails = Mails(catalogue)
    first = mails.due_confirmations(1)[0]
    mails.take(first.subscription, first.occasion)
    mails.settle(first.subscription.key, first.occasion, MailState.SENT)
    assert store.ask("c@example.org", DAILY)


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [("a@b.c", "a@b.c"), ("a+x+y@b.c", "a@b.c"), ("+x@b.c", "+x@b.c")],
)
def test_where_mail_arrives(address: str, mailbox: str) -> None:
    assert mailbox_of(address) == mailbox
