"""Everything that `cocite digest` works with, put together from the settings."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cocite.catalogue.mails import Mails
from cocite.catalogue.readers import Readers
from cocite.catalogue.store import Catalogue
from cocite.catalogue.subscription_records import CONFIRMATION, Mail
from cocite.catalogue.subscriptions import Subscriptions
from cocite.core.settings import Settings
from cocite.feeds.digest_asking import FeedQuestions
from cocite.feeds.digest_content import Contents
from cocite.feeds.digest_occasions import Occasion, occasion_named
from cocite.feeds.digest_preview import Preview, write_previews
from cocite.feeds.digest_sending import DigestRun, Progress, Report, Writer, retry_unsure
from cocite.feeds.mail_confirming import confirmation, send_confirmations
from cocite.feeds.mail_courier import Courier, Letter
from cocite.feeds.mail_delivery import Delivery
from cocite.feeds.mail_settings import MailServer, Postmark, mail_server, postmark
from cocite.feeds.reader_refs import FeedTokens
from cocite.feeds.secrets import signer


@dataclass(frozen=True, slots=True)
class DigestJob:
    """The stores, the feed service and the sender of mails. Methods raise what those do."""

    subscriptions: Subscriptions
    mails: Mails
    postmark: Postmark
    questions: FeedQuestions
    server: MailServer | None  # None where nothing is sent
    rate: float
    stop: threading.Event  # set by whoever wants it to end after the mail that is being handed over
    on_wait: Callable[[str], None]  # told when the mail server is waited for

    def send(self, occasion: Occasion, progress: Progress) -> Report:
        """Send the digests of an occasion, and the confirmations that wait."""
        with self._delivery() as delivery:
            courier = self._courier(delivery)
            send_confirmations(self.subscriptions, self.mails, self.postmark, courier)
            run = DigestRun(occasion, self.subscriptions, self.mails, self._writer(occasion), courier, self.stop)
            report = run.send(progress)
        self.subscriptions.forget()
        return report

    def preview(self, folder: Path, occasion: Occasion, progress: Progress) -> tuple[list[Preview], int]:
        """Write the digests of an occasion to files; also how many subscribers have nothing new."""
        return write_previews(folder, occasion, self.subscriptions, self._writer(occasion), progress)

    def retry_unsure(self) -> Report:
        """Send the mails again of which nobody knows whether they went out."""
        writers: dict[str, Writer] = {}

        def letter_of(mail: Mail) -> Letter | None:
            if mail.occasion.startswith(CONFIRMATION):
                return confirmation(self.subscriptions, self.postmark, mail)
            if mail.occasion not in writers:
                writers[mail.occasion] = self._writer(occasion_named(mail.occasion))
            return writers[mail.occasion].letter(mail.subscription)

        with self._delivery() as delivery:
            return retry_unsure(self.mails.unsure(), letter_of, self._courier(delivery), self.stop)

    def _writer(self, occasion: Occasion) -> Writer:
        return Writer(Contents(self.questions, self.postmark, occasion), self.postmark, occasion)

    def _courier(self, delivery: Delivery) -> Courier:
        return Courier(delivery, self.mails, self.rate, self.stop, on_wait=self.on_wait)

    def _delivery(self) -> Delivery:
        assert self.server is not None  # only previews do without
        return Delivery(self.server, self.postmark.sender.addr_spec)


@contextmanager
def digest_job(
    settings: Settings,
    catalogue: Catalogue,
    target: str,
    rate: float,
    *,
    sends: bool,
    stop: threading.Event | None = None,
    on_wait: Callable[[str], None] = lambda said: None,
) -> Iterator[DigestJob]:
    """The job by the settings; target is the address of the feed service, rate mails a second.

    Raises NotReady or InvalidArgument for settings of mails that are missing or wrong.
    """
    server = mail_server(settings) if sends else None
    signs, readers = signer(settings), Readers(catalogue)
    stamp = postmark(settings, signs)
    with FeedQuestions(target, readers, FeedTokens(signs, readers)) as questions:
        stores = Subscriptions(catalogue), Mails(catalogue)
        yield DigestJob(*stores, stamp, questions, server, rate, stop or threading.Event(), on_wait)
