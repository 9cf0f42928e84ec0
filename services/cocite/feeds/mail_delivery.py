"""Hands mails to an SMTP server, many over one connection; tells refusals that last from those that pass.

A mail is taken by its sender after the server has accepted the recipient and before it is given the content, so that
whatever fails before cannot have mailed anybody.
"""

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from cocite.catalogue.subscription_records import MailState, Taken
from cocite.core.errors import NotReady, Unavailable
from cocite.feeds.mail_settings import MailServer, masked

SILENCE_S = 30.0  # longest wait for one answer of the server
DEADLINE_S = 120.0  # for all of one mail; well below catalogue.mails.HAND_OVER_MS

Take = Callable[[], Taken]


class ServerGone(Unavailable):
    """The server cannot be reached, or takes nothing at the moment; no mail was handed over."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What came of one mail; state is None where it was not taken because of what taken says."""

    taken: Taken | None
    state: MailState | None
    error: str = ""


class Delivery:
    """One connection, opened when it is needed and again after it was lost. For one thread.

    deadline_s bounds the time of one mail, whatever the server does.
    """

    def __init__(self, server: MailServer, sender: str, deadline_s: float = DEADLINE_S) -> None:
        self._server = server
        self._sender = sender
        self._deadline_s = deadline_s
        self._smtp: smtplib.SMTP | None = None

    def hand_over(self, recipient: str, content: bytes, take: Take) -> Handed:
        """Hand one mail over, if take says so when the server has accepted the recipient.

        Raises ServerGone when another try may help, NotReady when the server refuses us: nothing was taken then.
        """
        with self._in_time():
            refused = self._address(recipient)
            if refused:
                return refused
            try:
                taken = take()
            except BaseException:
                self._drop()  # the server waits for a content that does not come
                raise
            if taken is Taken.TAKEN:
                return self._give(recipient, content)
            with suppress(smtplib.SMTPException, OSError):
                self._connected().rset()
            return Handed(taken, None)

    def try_out(self) -> None:
        """Go as far as the server lets us without a mail. Raises ServerGone and NotReady."""
        with self._in_time():
            try:
                self._connected()
            except (smtplib.SMTPException, OSError) as error:
                raise _translated(error, self._server) from None
            finally:
                self.close()

    def close(self) -> None:
        """Say goodbye to the server."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._in_time():
            self.close()

    def _address(self, recipient: str) -> Handed | None:
        """Tell the server who mails whom; None when it agrees."""
        try:
            smtp = self._connected()
            code, said = smtp.mail(self._sender)
            if code != 250:
                raise smtplib.SMTPSenderRefused(code, said, self._sender)
            code, said = smtp.rcpt(recipient)
            if code in (250, 251):
                return None
            if code == 421:
                raise smtplib.SMTPServerDisconnected(_told(code, said, recipient))
            smtp.rset()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise _translated(error, self._server) from None
        return Handed(None, _refusal(code, said), _told(code, said, recipient))

    def _give(self, recipient: str, content: bytes) -> Handed:
        """Give the content of a mail that was taken; every end is told, none raised."""
        try:
            code, said = self._connected().data(content)
        except smtplib.SMTPDataError as error:  # no content was asked for
            code, said = error.smtp_code, _bytes(error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Handed(Taken.TAKEN, MailState.UNSURE, f"the connection was lost: {error}")
        if code == 250:
            return Handed(Taken.TAKEN, MailState.SENT)
        if code == 421:
            self._drop()
        state = MailState.FAILED if code >= 500 else MailState.WAITING
        return Handed(Taken.TAKEN, state, _told(code, said, recipient))

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is None:
            server, name = self._server, socket.gethostname()
            trust = ssl.create_default_context()
            self._smtp = (
                smtplib.SMTP_SSL(local_hostname=name, timeout=SILENCE_S, context=trust)
                if server.tls
                else smtplib.SMTP(local_hostname=name, timeout=SILENCE_S)
            )
            self._smtp._host = server.host  # type: ignore[attr-defined]  # for TLS; set by a constructor that connects
            code, said = self._smtp.connect(server.host, server.port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, said)
            if server.starttls:
                self._smtp.starttls(context=trust)
            if server.user:
                self._smtp.login(server.user, server.password)
            self._smtp.ehlo_or_helo_if_needed()
        return self._smtp

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        """Cut the connection when the deadline is over: the time-outs of sockets bound each silence, not their sum."""
        timer = threading.Timer(self._deadline_s, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        smtp = self._smtp
        if smtp is not None and smtp.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(smtp.sock, socket.SHUT_RDWR)  # not TLS's own, which belongs to the other thread


def _refusal(code: int, said: bytes) -> MailState:
    """What an answer to a recipient means; 5.7.x is about who we are, not about the address (RFC 3463)."""
    if code < 500:
        return MailState.WAITING
    return MailState.FAILED if said.lstrip().startswith(b"5.7.") else MailState.BOUNCED


def _translated(error: Exception, server: MailServer) -> ServerGone | NotReady:
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
    if code >= 500 or isinstance(error, smtplib.SMTPNotSupportedError | ssl.SSLCertVerificationError):
        said = _told(code, _bytes(error.smtp_error)) if isinstance(error, smtplib.SMTPResponseException) else str(error)
        return NotReady(f"the mail server refuses us: {said}", hint="check COCITE_SMTP_URL and COCITE_MAIL_FROM")
    return ServerGone(f"no mail server answers at {server.host}:{server.port}: {error}", hint="check COCITE_SMTP_URL")


def _bytes(said: bytes | str) -> bytes:
    return said if isinstance(said, bytes) else said.encode()


def _told(code: int, said: bytes, recipient: str = "") -> str:
    """The server's answer on one line; it often repeats the address, which is for nobody's log."""
    line = " ".join(said.decode(errors="replace").split())
    if recipient:
        line = re.sub(re.escape(recipient), masked(recipient), line, flags=re.IGNORECASE)
    return f"{code} {line[:200]}"
