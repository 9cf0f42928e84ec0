"""Sends the mails that ask for a confirmation."""

import time

import structlog

from cocite.catalogue.mails import Mails
from cocite.catalogue.store import Catalogue
from cocite.catalogue.subscription_records import CONFIRMATION, Mail
from cocite.catalogue.subscriptions import Subscriptions
from cocite.core.clock import DAY_MS
from cocite.core.settings import Settings
from cocite.feeds.mail_courier import Courier, Letter, Outcome, Sent
from cocite.feeds.mail_delivery import Delivery
from cocite.feeds.mail_message import message
from cocite.feeds.mail_rendering import confirmation_texts
from cocite.feeds.mail_settings import MailServer, Postmark, mail_server, postmark
from cocite.feeds.repeating import Repeating
from cocite.feeds.secrets import Signer

log = structlog.get_logger("cocite.mails")
BATCH = 50
RATE = 5.0  # mails a second
LOOK_S = 10.0  # between looks at the queue when nobody wakes the sender: for mails that wait for another try
FIRST_WAIT_MS = 60_000  # until a mail is tried again, then twice as long each time
LONGEST_WAIT_S = 300.0  # between tries of a server that is away
FORGET_S = 3600.0  # between two times that old addresses are forgotten


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


class ConfirmationSender(Repeating):
    """Sends them as they come, and again what has to wait; a server that is away is asked ever less.

    Once an hour it forgets addresses that nobody answered for.
    """

    def __init__(
        self, subscriptions: Subscriptions, mails: Mails, postmark: Postmark, server: MailServer, look_s: float = LOOK_S
    ) -> None:
        super().__init__("mails", self._look, rest_s=0.0, idle_s=look_s, longest_pause_s=LONGEST_WAIT_S)
        self._subscriptions = subscriptions
        self._mails = mails
        self._postmark = postmark
        self._server = server
        self._forgets_at = 0.0  # on the monotonic clock

    def _look(self) -> None:
        if time.monotonic() >= self._forgets_at:
            self._subscriptions.forget()
            self._forgets_at = time.monotonic() + FORGET_S
        with Delivery(self._server, self._postmark.sender.addr_spec) as delivery:
            courier = Courier(delivery, self._mails, RATE, self.stop, reconnect_s=())
            counts = send_confirmations(self._subscriptions, self._mails, self._postmark, courier)
        if counts:
            log.info("confirmation mails", **{name.value.replace(" ", "_"): n for name, n in counts.items()})
