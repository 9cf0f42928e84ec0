"""A real SMTP server on loopback that keeps what it takes; a test may script its answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from aiosmtpd.controller import Controller

from support.ports import free_port


@dataclass
class Received:
    """A mail that was taken."""

    sender: str
    recipient: str
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.content, _class=EmailMessage, policy=SMTP)


@dataclass
class Mailbox:
    """aiosmtpd's handler. Answers to recipients and contents by address, each used once; the last one stays."""

    received: list[Received] = field(default_factory=list)
    to_sender: str = "250 OK"
    to_recipient: dict[str, list[str]] = field(default_factory=dict)
    to_content: dict[str, list[str]] = field(default_factory=dict)
    port: int = 0

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.to_sender.startswith("250"):
            envelope.mail_from = address
        return self.to_sender

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = _next(self.to_recipient, address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        (to,) = envelope.rcpt_tos
        answer = _next(self.to_content, to)
        if answer in ("", "250 OK"):
            self.received.append(Received(envelope.mail_from, to, envelope.original_content))
        if not answer:  # takes it, and the connection is lost before it can say so
            server.transport.abort()
        return answer or "250 OK"

    @property
    def recipients(self) -> list[str]:
        return sorted(each.recipient for each in self.received)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


def _next(answers: dict[str, list[str]], address: str) -> str:
    left = answers.get(address, ["250 OK"])
    return left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def running_mail_server(mailbox: Mailbox | None = None, port: int = 0, **more: Any) -> Iterator[Mailbox]:
    """The server; more goes to aiosmtpd's SMTP."""
    box = mailbox or Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=port or free_port(), **more)
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()
