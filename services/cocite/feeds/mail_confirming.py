"""Sends the mails that ask for a confirmation."""

import threading
from collections.abc import Callable

import structlog

from cocite.catalogue.mails import Mails
from cocite.catalogue.store import Catalogue
from cocite.catalogue.subscription_records import CONFIRMATION, Mail
from cocite.catalogue.subscriptions import Subscriptions
from cocite.core.clock import DAY_MS
from cocite.core.errors import CociteError
from cocite.core.settings import Settings
from cocite.feeds.mail_courier import Courier, Letter, Outcome, Sent
from cocite.feeds.mail_delivery import Delivery
from cocite.feeds.mail_message import message
from cocite.feeds.mail_rendering import confirmation_texts
from cocite.feeds.mail_settings import MailServer, Postmark, mail_server, postmark
from cocite.feeds.secrets import Signer

log = structlog.get_logger("cocite.mails")
BATCH = 50
RATE = 5.0  # mails a second
LOOK_S = 10.0  # between looks at the queue when nobody wakes the sender: for mails that wait for another try
FIRST_WAIT_MS = 60_000  # until a mail is tried again, then twice as long each time
CLOSE_S = 5.0
LONGEST_WAIT_S = 300.0  # between tries of a server that is away


def confirmation(subscriptions: Subscriptions, postmark: Postmark, mail: Mail) -> Letter:
    """The mail that asks for a confirmation; an empty one when what was asked for is void, which take() tells."""
    request_key = int(mail.occasion.removeprefix(CONFIRMATION))
    choice = subscriptions.request(request_key)
    content = b""
    if choice is not None:
        subject, text, html = confirmation_texts(postmark, choice, postmark.confirm_url(request_key))
        content = message(postmark, mail.subscription.email, mail.occasion, subject, text, html, {})
    wait_ms = min(FIRST_WAIT_MS << min(mail.attempts, 10), DAY_MS // 4)
    return Letter(mail.subscription, mail.occasion, content, wait_ms)


def send_confirmations(
    subscriptions: Subscriptions, mails: Mails, postmark: Postmark, courier: Courier
) -> dict[Outcome, int]:
    """Send all that are due, one try each; how many of each outcome. Raises as Courier.send."""
    counts: dict[Outcome, int] = {}
    tried: set[int] = set()
    while due := [mail for mail in mails.due_confirmations(BATCH) if mail.key not in tried]:
        for mail in due:
            tried.add(mail.key)
            sent: Sent = courier.send(confirmation(subscriptions, postmark, mail))
            counts[sent.outcome] = counts.get(sent.outcome, 0) + 1
    return counts


def start_sender(settings: Settings, catalogue: Catalogue, signer: Signer) -> "ConfirmationSender | None":
    """A sender that runs; None where no mails are sent. Raises InvalidArgument or NotReady for settings of mails."""
    if not settings.smtp_url:
        return None
    stamp, server = postmark(settings, signer), mail_server(settings)
    sender = ConfirmationSender(Subscriptions(catalogue), Mails(catalogue), stamp, server)
    sender.start()
    return sender


class ConfirmationSender:
    """A thread that sends them as they come, and again what has to wait. A server that is away is asked ever less."""

    def __init__(
        self, subscriptions: Subscriptions, mails: Mails, postmark: Postmark, server: MailServer, look_s: float = LOOK_S
    ) -> None:
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._look_s = look_s
        sender = postmark.sender.addr_spec

        def send() -> dict[Outcome, int]:
            with Delivery(server, sender) as delivery:
                return send_confirmations(
                    subscriptions, mails, postmark, Courier(delivery, mails, RATE, self._stop, reconnect_s=())
                )

        self._thread = threading.Thread(target=self._run, args=(send,), name="confirmations", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look at once."""
        self._wake.set()

    def close(self) -> None:
        """End after the mail that is being handed over; one that takes longer than a moment is unsure then."""
        self._stop.set()
        self._wake.set()
        self._thread.join(CLOSE_S)

    def _run(self, send: Callable[[], dict[Outcome, int]]) -> None:
        failures = 0
        while not self._stop.is_set():
            self._wake.clear()
            try:
                if counts := send():
                    log.info("confirmation mails", **{name.value.replace(" ", "_"): n for name, n in counts.items()})
                failures = 0
            except CociteError as error:
                failures += 1
                log.warning("confirmation mails have to wait", error=error.message)
            except Exception:  # a bug must not end the sending for good
                failures += 1
                log.exception("confirmation mails failed")
            if failures:  # whoever wakes the sender does not make a server come back
                self._stop.wait(min(self._look_s * 2**failures, LONGEST_WAIT_S))
            else:
                self._wake.wait(self._look_s)
