"""The mail server, the sender and the addresses in mails, from the settings."""

from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.policy import SMTP
from ipaddress import ip_address
from urllib.parse import unquote, urlencode, urlsplit

from cocite.core.errors import InvalidArgument, NotReady
from cocite.core.settings import Settings
from cocite.feeds.secrets import Signer

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_MOST_LOCAL = 64  # characters before the @ (RFC 5321, 4.5.3.1.1)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed over. The password is in no representation of it."""

    host: str
    port: int
    starttls: bool = False
    tls: bool = False
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"


@dataclass(frozen=True, slots=True)
class Postmark:
    """What is the same in all mails. public_url is without a slash at its end."""

    sender: Address
    public_url: str
    signer: Signer

    @property
    def host(self) -> str:
        """Name of the site, for ids of mails and lists."""
        return urlsplit(self.public_url).hostname or "localhost"

    def confirm_url(self, request_key: int) -> str:
        """Where what was asked for is confirmed."""
        return self._with_token("confirm", request_key)

    def unsubscribe_url(self, subscription_key: int) -> str:
        """Where a subscription ends."""
        return self._with_token("unsubscribe", subscription_key)

    def paper_url(self, paper_id: str) -> str:
        """The page of papers like this one."""
        return f"{self.public_url}/#{urlencode({'like': paper_id})}"

    def _with_token(self, purpose: str, key: int) -> str:
        return f"{self.public_url}/{purpose}?{urlencode({'token': self.signer.sign(purpose, key)})}"


def mail_server(settings: Settings) -> MailServer:
    """The server of COCITE_SMTP_URL. Raises NotReady without one, InvalidArgument for one that is none."""
    if not settings.smtp_url:
        raise NotReady("no mails are sent here", hint="set COCITE_SMTP_URL and COCITE_MAIL_FROM, see docs/digest.md")
    hint = "write it as smtp://host:port, smtp+starttls://user:password@host or smtps://user:password@host"
    wrong = InvalidArgument("COCITE_SMTP_URL is no address of a mail server", hint=hint, field="COCITE_SMTP_URL")
    try:
        parts = urlsplit(settings.smtp_url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise wrong from None
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise wrong
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if user and parts.scheme == "smtp" and not _is_loopback(parts.hostname):
        raise InvalidArgument(
            "COCITE_SMTP_URL would send its password in the clear",
            hint="use smtp+starttls:// or smtps://",
            field="COCITE_SMTP_URL",
        )
    return MailServer(parts.hostname, port, parts.scheme == "smtp+starttls", parts.scheme == "smtps", user, password)


def postmark(settings: Settings, signer: Signer) -> Postmark:
    """Sender and addresses. Raises NotReady or InvalidArgument that names the setting at fault."""
    url = urlsplit(settings.public_url)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
        raise InvalidArgument(
            "COCITE_PUBLIC_URL is no http:// or https:// address",
            hint="see docs/settings.md",
            field="COCITE_PUBLIC_URL",
        )
    if not settings.mail_from:
        raise NotReady("mails need a sender", hint='set COCITE_MAIL_FROM, for example "Papers <papers@example.org>"')
    return Postmark(_sender(settings.mail_from), settings.public_url.rstrip("/"), signer)


def checked_address(email: str) -> str:
    """The address, when mail can be sent to it. Raises InvalidArgument otherwise; the protos check its form before."""
    try:
        parsed = Address(addr_spec=email)
    except (ValueError, MessageError, IndexError):
        raise InvalidArgument("email: no mail can be sent to this address", field="email") from None
    if len(parsed.username) > _MOST_LOCAL or not parsed.domain or parsed.addr_spec != email:
        raise InvalidArgument("email: no mail can be sent to this address", field="email")
    return email


def masked(email: str) -> str:
    """The first letter and the domain of an address."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}***@{domain}"


def _sender(text: str) -> Address:
    wrong = InvalidArgument(
        "COCITE_MAIL_FROM is no sender", hint='write it as "Papers <papers@example.org>"', field="COCITE_MAIL_FROM"
    )
    header = SMTP.header_factory("From", text if text.isprintable() else "")
    addresses: tuple[Address, ...] = header.addresses
    sender = addresses[0] if len(addresses) == 1 and not header.defects else Address()
    if not sender.username or not sender.domain:
        raise wrong
    return sender


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
