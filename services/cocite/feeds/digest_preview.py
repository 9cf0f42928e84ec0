"""Digests as files, for somebody to look at before any goes out."""

from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from cocite.catalogue.subscriptions import Subscriptions
from cocite.core.durable import write_atomically
from cocite.feeds.digest_occasions import Occasion
from cocite.feeds.digest_sending import Progress, Writer, everybody
from cocite.feeds.mail_rendering import preview_page
from cocite.feeds.mail_settings import masked

MOST = 1000  # mails
_OWNERS = 0o600  # the files hold addresses, and links that end subscriptions


@dataclass(frozen=True, slots=True)
class Preview:
    """One mail that was written; name is that of its files."""

    name: str
    subject: str
    address: str


def write_previews(
    folder: Path,
    occasion: Occasion,
    subscriptions: Subscriptions,
    writer: Writer,
    progress: Progress = lambda done: None,
) -> tuple[list[Preview], int]:
    """Write .eml and .html of the first thousand digests, and index.html; also how many have nothing new to tell.

    Nothing else is touched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    previews: list[Preview] = []
    nothing_new = 0
    for done, to in enumerate(everybody(subscriptions, occasion), start=1):
        letter = writer.letter(to)
        progress(done)
        if letter is None:
            nothing_new += 1
            continue
        previews.append(_write(folder, f"{to.key:06d}", to.email, letter.content))
        if len(previews) == MOST:
            break
    write_atomically(folder / "index.html", preview_page(occasion, previews), _OWNERS)
    return previews, nothing_new


def _write(folder: Path, name: str, email: str, content: bytes) -> Preview:
    mail = message_from_bytes(content, _class=EmailMessage, policy=SMTP)
    html = mail.get_body(("html",))
    assert html is not None  # every digest has both
    write_atomically(folder / f"{name}.eml", content.decode("ascii"), _OWNERS)
    write_atomically(folder / f"{name}.html", html.get_content(), _OWNERS)
    return Preview(name, str(mail["Subject"]), masked(email))
