"""Sends mails one after another, each once, and keeps what became of it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from cocite.catalogue.mails import Mails
from cocite.catalogue.subscription_records import MailState, Subscription, Taken
from cocite.feeds.mail_delivery import Delivery, ServerGone

RECONNECT_S = (1.0, 2.0, 4.0, 8.0)  # waits before the server is tried again


class Outcome(StrEnum):
    """What came of a mail in this run."""

    SENT = "sent"
    WAITING = "waiting"  # the server asked for another try later
    BOUNCED = "bounced"
    FAILED = "failed"
    UNSURE = "unsure"
    NOT_WANTED = "not wanted"  # the subscription ended or changed while the mail was written
    TAKEN_BEFORE = "taken before"  # sent, or another process is at it


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a mail, why, and whether its subscription ended by it."""

    outcome: Outcome
    error: str = ""
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is ready to go. wait_ms: how long it waits when the server asks for another try."""

    subscription: Subscription
    occasion: str
    content: bytes
    wait_ms: int = 0


class Courier:
    """For one thread. rate: most mails a second. stop ends waits early.

    reconnect_s: waits before a server that is gone is tried again, each of which is told to on_wait.
    """

    def __init__(
        self,
        delivery: Delivery,
        mails: Mails,
        rate: float,
        stop: threading.Event | None = None,
        reconnect_s: tuple[float, ...] = RECONNECT_S,
        on_wait: Callable[[str], None] = lambda said: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._delivery = delivery
        self._mails = mails
        self._distance_s = 1 / rate
        self._stop = stop or threading.Event()
        self._reconnect_s = reconnect_s
        self._on_wait = on_wait
        self._clock = clock
        self._next = 0.0

    def send(self, letter: Letter, *, unsure: bool = False) -> Sent:
        """Send one mail; unsure: one that may have gone out before.

        Raises ServerGone when the server stays away, NotReady when it refuses us: this mail is still due then.
        """
        for wait_s in (*self._reconnect_s, None):
            try:
                return self._try(letter, unsure)
            except ServerGone as error:
                if wait_s is None or self._stop.is_set():
                    raise
                self._on_wait(f"{error.message}; trying again in {wait_s:g} s")
                self._stop.wait(wait_s)
        raise AssertionError("the last try returns or raises")

    def _try(self, letter: Letter, unsure: bool) -> Sent:
        self._stop.wait(max(0.0, self._next - self._clock()))
        self._next = self._clock() + self._distance_s
        to, occasion = letter.subscription, letter.occasion
        handed = self._delivery.hand_over(
            to.email, letter.content, lambda: self._mails.take(to, occasion, unsure=unsure)
        )
        if handed.state is None:
            return Sent(Outcome.NOT_WANTED if handed.taken is Taken.NOT_WANTED else Outcome.TAKEN_BEFORE)
        if unsure and handed.taken is None:  # refused before it could be taken: as unsure as it was
            return Sent(Outcome.UNSURE, handed.error)
        keep = self._mails.put_off if handed.taken is None else self._mails.settle
        ended = keep(to.key, occasion, handed.state, handed.error, letter.wait_ms)
        return Sent(_OUTCOMES[handed.state], handed.error, ended)


_OUTCOMES = {
    state: Outcome(state.value)
    for state in (MailState.SENT, MailState.WAITING, MailState.BOUNCED, MailState.FAILED, MailState.UNSURE)
}
