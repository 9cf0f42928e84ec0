"""One run of the digest: every subscriber of a period gets one mail, whatever happened in runs before."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cocite.catalogue.mails import Mails
from cocite.catalogue.subscription_records import Mail, Subscription
from cocite.catalogue.subscriptions import Subscriptions
from cocite.core.errors import CociteError, Unavailable
from cocite.feeds.digest_asking import NoFeedNow
from cocite.feeds.digest_content import Contents
from cocite.feeds.digest_occasions import Occasion
from cocite.feeds.mail_courier import Courier, Letter, Outcome, Sent
from cocite.feeds.mail_message import bulk_headers, message
from cocite.feeds.mail_rendering import digest_texts
from cocite.feeds.mail_settings import Postmark, masked

PAGE = 200  # subscriptions read at a time
RETRY_S = (15.0, 60.0)  # waits before those are tried again that the server put off
REFUSALS = 20  # in a row, which say more about us than about the addresses
NOTHING_NEW = "nothing new"

Progress = Callable[[int], None]


@dataclass
class Report:
    """What a run did: how many mails of each outcome, and what went wrong, by masked address."""

    occasion: str
    outcomes: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[str, str, str]] = field(default_factory=list)  # address, outcome, error
    ended: int = 0  # subscriptions that ended because their address refused too often
    stopped: str = ""  # why it was given up, if it was
    in_doubt: int = 0  # mails of the occasion, of whichever run, that may have gone out or not

    def add(self, to: Subscription, sent: Sent) -> None:
        """Count one mail."""
        self.outcomes[sent.outcome.value] += 1
        self.ended += sent.ended
        if sent.error:
            self.problems.append((masked(to.email), sent.outcome.value, sent.error))

    @property
    def complete(self) -> bool:
        """Whether everybody who could be mailed has been."""
        return not self.stopped and not any(self.outcomes[name.value] for name in (Outcome.WAITING, Outcome.UNSURE))


class Writer:
    """Writes the digests of one occasion."""

    def __init__(self, contents: Contents, postmark: Postmark, occasion: Occasion) -> None:
        self._contents = contents
        self._postmark = postmark
        self._occasion = occasion

    def letter(self, to: Subscription) -> Letter | None:
        """The mail of one subscriber, None when there is nothing to tell. Raises what FeedQuestions does."""
        digest = self._contents.digest(to.choice)
        if digest is None:
            return None
        name, period = self._occasion.name, to.choice.period.name.lower()
        url = self._postmark.unsubscribe_url(to.key)
        texts = digest_texts(self._postmark, self._occasion, digest, url)
        headers = bulk_headers(self._postmark, to.key, period)
        return Letter(to, name, message(self._postmark, to.email, f"{to.key}:{name}", *texts, headers))


class DigestRun:
    """Sends the digests of one occasion. retry_s: waits before another round of those that were put off.

    When stop is set it ends after the mail that is being handed over.
    """

    def __init__(
        self,
        occasion: Occasion,
        subscriptions: Subscriptions,
        mails: Mails,
        writer: Writer,
        courier: Courier,
        stop: threading.Event,
        retry_s: tuple[float, ...] = RETRY_S,
    ) -> None:
        self._occasion = occasion
        self._subscriptions = subscriptions
        self._mails = mails
        self._writer = writer
        self._courier = courier
        self._stop = stop
        self._retry_s = retry_s
        self._refused: list[int] = []  # subscriptions, in a row
        self.report = Report(occasion.name)

    def send(self, progress: Progress = lambda done: None) -> Report:
        """Send to everybody who has not been sent this one.

        Where it makes no sense to go on, the report says why it stopped; another run goes on from there.
        """
        try:
            self._send_all(progress)
            self.report.in_doubt = self._mails.in_doubt(self._occasion.name)
        except CociteError as error:
            self.report.stopped = str(error)
        return self.report

    def _send_all(self, progress: Progress) -> None:
        self._mails.close_periods_before(self._occasion.name)
        put_off: list[Subscription] = []
        for done, to in enumerate(everybody(self._subscriptions, self._occasion), start=1):
            if self._send(to) is Outcome.WAITING:
                put_off.append(to)
            progress(done)
        for wait_s in self._retry_s:
            if put_off:
                self._stop.wait(wait_s)
                self.report.outcomes[Outcome.WAITING.value] -= len(put_off)
                put_off = [to for to in put_off if self._send(to) is Outcome.WAITING]

    def _send(self, to: Subscription) -> Outcome | None:
        """What came of it; None without a mail to send."""
        if self._stop.is_set():
            raise stopped()
        if not self._mails.is_due(to.key, self._occasion.name):
            self.report.outcomes[Outcome.TAKEN_BEFORE.value] += 1
            return None
        try:
            letter = self._writer.letter(to)
        except NoFeedNow as error:  # there is but one mail, which is to be whole
            self.report.add(to, Sent(Outcome.WAITING, error.message))
            return Outcome.WAITING
        if letter is None:
            self.report.outcomes[NOTHING_NEW] += 1
            return None
        sent = self._courier.send(letter)
        self.report.add(to, sent)
        self._watch(to, sent)
        return sent.outcome

    def _watch(self, to: Subscription, sent: Sent) -> None:
        """Raise Unavailable when nobody is taken any more; those of the last refusals are due again then."""
        if sent.outcome in (Outcome.BOUNCED, Outcome.FAILED):
            self._refused.append(to.key)
        elif sent.outcome in (Outcome.SENT, Outcome.WAITING):
            self._refused.clear()
        if len(self._refused) >= REFUSALS:
            self._mails.reopen(self._refused, self._occasion.name)
            raise Unavailable(
                f"the mail server has refused {REFUSALS} mails in a row: {sent.error}",
                hint="see what it holds against us",
            )


def stopped() -> Unavailable:
    """What ends a run that was asked to."""
    return Unavailable("stopped", hint="the same command goes on from there")


def everybody(subscriptions: Subscriptions, occasion: Occasion) -> Iterator[Subscription]:
    """The confirmed subscriptions of the period; each page shuffled, so that two runs do not meet at every one."""
    after = 0
    while page := subscriptions.confirmed(occasion.period, after, PAGE):
        after = page[-1].key
        random.shuffle(page)
        yield from page


def retry_unsure(
    found: list[Mail], letter_of: Callable[[Mail], Letter | None], courier: Courier, stop: threading.Event
) -> Report:
    """Send mails again that may have gone out, until stop is set."""
    report = Report("unsure")
    try:
        for mail in found:
            if stop.is_set():
                raise stopped()
            letter = letter_of(mail)
            if letter is None:
                report.outcomes[NOTHING_NEW] += 1
            else:
                report.add(mail.subscription, courier.send(letter, unsure=True))
    except CociteError as error:
        report.stopped = str(error)
    return report
