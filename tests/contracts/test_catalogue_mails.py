"""Mails are taken once, on SQLite and on PostgreSQL alike."""

import threading

import pytest
import sqlalchemy as sa

from cocite.catalogue.mails import HAND_OVER_MS, Mails
from cocite.catalogue.schema import mails, subscription_requests, subscriptions
from cocite.catalogue.store import Catalogue
from cocite.catalogue.subscription_records import Choice, MailState, Period, Subscription, Taken
from cocite.catalogue.subscriptions import REQUEST_MS, Subscriptions
from cocite.core.clock import HOUR_MS
from support.catalogues import catalogue, catalogue_url, postgres_server, postgres_url
from support.clocks import Clock

__all__ = ["catalogue", "catalogue_url", "postgres_server", "postgres_url"]  # fixtures

DAY = "daily:2026-11-23"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(catalogue: Catalogue, clock: Clock) -> Mails:
    return Mails(catalogue, clock)


def subscribe(catalogue: Catalogue, clock: Clock, email: str = "a@example.org") -> Subscription:
    """A confirmed subscription whose confirmation mail has been sent."""
    held = Subscriptions(catalogue, clock)
    assert held.ask(email, Choice(Period.DAILY))
    with catalogue.reading() as connection:
        key = connection.execute(sa.select(sa.func.max(subscription_requests.c.request_key))).scalar_one()
    held.confirm(key)
    sender = Mails(catalogue, clock)
    found = next(each for each in held.confirmed(Period.DAILY, 0, 1000) if each.email == email)
    assert sender.take(found, f"confirm:{key}") is Taken.TAKEN
    sender.settle(found.key, f"confirm:{key}", MailState.SENT)
    return found


def state_of(catalogue: Catalogue, occasion: str = DAY) -> str:
    with catalogue.reading() as connection:
        return str(connection.execute(sa.select(mails.c.state).where(mails.c.occasion == occasion)).scalar_one())


def test_a_mail_is_taken_once(catalogue: Catalogue, store: Mails, clock: Clock) -> None:
    to = subscribe(catalogue, clock)
    assert store.is_due(to.key, DAY)
    assert store.take(to, DAY) is Taken.TAKEN
    assert not store.is_due(to.key, DAY)
    assert store.take(to, DAY) is Taken.ELSEWHERE
    store.settle(to.key, DAY, MailState.SENT)
    assert store.take(to, DAY) is Taken.ELSEWHERE
    assert store.take(to, "daily:2026-11-24") is Taken.TAKEN


def test_of_many_at_once_one_takes_it(catalogue: Catalogue, store: Mails, clock: Clock) -> None:
    everybody = [subscribe(catalogue, clock, f"{number}@example.org") for number in range(10)]
    taken: list[int] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        taken.extend(to.key for to in everybody if store.take(to, DAY) is Taken.TAKEN)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [to.key for to in everybody]


def test_one_that_cannot_be_handed_over_leaves_another_process_its_mail(
    catalogue: Catalogue, store: Mails, clock: Clock
) -> None:
    to = subscribe(catalogue, clock)
    assert store.take(to, DAY) is Taken.TAKEN
    store.put_off(to.key, DAY, MailState.WAITING, "450 later")  # of a job that got no further than the recipient
    assert store.take(to, DAY) is Taken.ELSEWHERE
    store.settle(to.key, DAY, MailState.SENT)
    store.put_off(to.key, DAY, MailState.WAITING, "450 later")
    assert store.take(to, DAY) is Taken.ELSEWHERE
    store.settle(to.key, DAY, MailState.WAITING)  # not in anybody's hands any more
    assert state_of(catalogue) == "sent"


def test_what_is_put_off_can_be_taken_again(catalogue: Catalogue, store: Mails, clock: Clock) -> None:
    to = subscribe(catalogue, clock)
    store.put_off(to.key, DAY, MailState.WAITING, "450 later", wait_ms=HOUR_MS)
    store.put_off(to.key, DAY, MailState.WAITING, "x" * 1000)
    assert store.take(to, DAY) is Taken.TAKEN
    store.settle(to.key, DAY, MailState.WAITING, "451 later")
    assert store.take(to, DAY) is Taken.TAKEN
    with catalogue.reading() as connection:
        assert connection.execute(sa.select(mails.c.attempts).where(mails.c.occasion == DAY)).scalar_one() == 4


@pytest.mark.parametrize("change", ["ended", "deleted", "changed"])
def test_who_does_not_want_it_any_more_is_not_mailed(
    catalogue: Catalogue, store: Mails, clock: Clock, change: str
) -> None:
    to = subscribe(catalogue, clock)
    if change == "ended":
        Subscriptions(catalogue, clock).end(to.key)
    else:
        statement = sa.delete(subscriptions) if change == "deleted" else sa.update(subscriptions).values(period=2)
        with catalogue.writing() as connection:
            connection.execute(statement.where(subscriptions.c.subscription_key == to.key))
    assert store.take(to, DAY) is Taken.NOT_WANTED
    store.put_off(to.key, DAY, MailState.WAITING)
    assert store.counts().get((DAY, "waiting"), 0) == (0 if change == "deleted" else 1)


def test_a_waiting_mail_that_nobody_wants_is_dropped(catalogue: Catalogue, store: Mails, clock: Clock) -> None:
    to = subscribe(catalogue, clock)
    store.put_off(to.key, DAY, MailState.WAITING)
    Subscriptions(catalogue, clock).end(to.key)
    assert store.take(to, DAY) is Taken.NOT_WANTED
    assert state_of(catalogue) == "dropped"


def test_a_mail_left_in_the_hands_of_a_dead_process_is_unsure(catalogue: Catalogue, store: Mails, clock: Clock) -> None:
    to = subscribe(catalogue, clock)
    store.take(to, DAY)
    assert store.unsure() == []
    assert store.take(to, DAY, unsure=True) is Taken.ELSEWHERE  # it may be under way
    clock.forward(HAND_OVER_MS + 1)
    (mail,) = store.unsure()
    assert (mail.subscription, mail.occasion, mail.attempts) == (to, DAY, 1)
    assert store.counts()[DAY, "unsure"] == 1
    assert store.take(to, DAY) is Taken.ELSEWHERE  # never by itself
    assert store.take(to, DAY, unsure=True) is Taken.TAKEN
    assert store.unsure() == []
    store.settle(to.key, DAY, MailState.UNSURE, "no answer")
    assert [mail.state for mail in store.unsure()] == [MailState.UNSURE]
    assert store.take(to, DAY, unsure=True) is Taken.TAKEN
    store.settle(to.key, DAY, MailState.SENT)
    assert store.take(to, DAY, unsure=True) is Taken.ELSEWHERE


def test_three_refusals_in_a_row_end_a_subscription(catalogue: Catalogue, store: Mails, clock: Clock) -> None:
    to = subscribe(catalogue, clock)

    def refuse(day: int) -> bool:
        clock.forward(1)
        return store.put_off(to.key, f"daily:2026-11-0{day}", MailState.BOUNCED, "550 no such user")

    assert [refuse(1), refuse(2)] == [False, False]
    store.take(to, "daily:2026-11-03")
    store.settle(to.key, "daily:2026-11-03", MailState.SENT)
    store.put_off(to.key, "daily:2026-11-04", MailState.FAILED, "550 5.7.1 relaying denied")
    assert [refuse(5), refuse(6), refuse(7), refuse(8)] == [False, False, True, False]
    assert Subscriptions(catalogue, clock).counts() == {("daily", "bounced"): 1}
    assert store.take(to, "daily:2026-11-09") is Taken.NOT_WANTED


def test_confirmations_come_when_they_are_due(catalogue: Catalogue, store: Mails, clock: Clock) -> None:
    asked = Subscriptions(catalogue, clock)
    asked.ask("a@example.org", Choice(Period.DAILY))
    asked.ask("b@example.org", Choice(Period.DAILY))
    first, second = store.due_confirmations(10)
    assert [first] == store.due_confirmations(1)
    store.put_off(first.subscription.key, first.occasion, MailState.WAITING, "450", wait_ms=1000)
    assert store.due_confirmations(10) == [second]
    clock.forward(1000)
    assert len(store.due_confirmations(10)) == 2
    asked.end(second.subscription.key)
    assert store.take(second.subscription, second.occasion) is Taken.NOT_WANTED
    clock.forward(REQUEST_MS)
    assert store.take(first.subscription, first.occasion) is Taken.NOT_WANTED
    assert store.counts() == {("confirm", "dropped"): 2}


def test_a_period_that_is_over_is_given_up(catalogue: Catalogue, store: Mails, clock: Clock) -> None:
    to = subscribe(catalogue, clock)
    for occasion in ("daily:2026-11-22", DAY, "weekly:2026-W47"):
        store.put_off(to.key, occasion, MailState.WAITING)
    assert store.close_periods_before(DAY) == 1
    assert state_of(catalogue, "daily:2026-11-22") == "failed"
    assert state_of(catalogue) == state_of(catalogue, "weekly:2026-W47") == "waiting"
