"""From what a mail says to its bytes. Nothing that others wrote can add a header or turn the text round."""

import hashlib
import unicodedata
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from cocite.feeds.mail_settings import Postmark

_LONGEST_SUBJECT = 200  # characters
# Longer lines than the usual 78 in headers alone: an address cut in two, or written as an encoded word, is none.
_HEADERS_UNFOLDED = SMTP.clone(max_line_length=990)


def clean(text: str, most: int = 1000) -> str:
    """Text of others on one line: no control characters, none that turn or hide what stands beside them.

    At most that many characters; letters of every script stay.
    """
    harmless = (" " if c.isspace() or unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text[: 4 * most])
    line = " ".join("".join(c for c in harmless if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn")).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def message(
    postmark: Postmark, to: str, mail_name: str, subject: str, text: str, html: str, headers: dict[str, str]
) -> bytes:
    """A mail as it is handed over, text and HTML. mail_name makes its Message-ID: the same mail has the same one."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = postmark.sender
    mail["To"] = Address(addr_spec=to)
    mail["Subject"] = clean(subject, _LONGEST_SUBJECT)
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = message_id(postmark, mail_name)
    mail["Auto-Submitted"] = "auto-generated"
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    mail.set_boundary(f"={_digest(postmark, mail_name)[:24]}=")
    return mail.as_bytes(policy=_HEADERS_UNFOLDED)


def message_id(postmark: Postmark, mail_name: str) -> str:
    """By which receivers recognise a mail that comes twice."""
    return f"<{_digest(postmark, mail_name)}@{postmark.host}>"


def bulk_headers(postmark: Postmark, subscription_key: int, period: str) -> dict[str, str]:
    """Headers of a mail to a list (RFC 2369, RFC 2919), which can be left with one click (RFC 8058)."""
    return {
        "List-Id": f"cocite {period} digest <{period}.digest.{postmark.host}>",
        "List-Unsubscribe": f"<{postmark.unsubscribe_url(subscription_key)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Precedence": "bulk",
    }


def _digest(postmark: Postmark, mail_name: str) -> str:
    return hashlib.sha256(f"{postmark.public_url}\0{mail_name}".encode()).hexdigest()[:40]
