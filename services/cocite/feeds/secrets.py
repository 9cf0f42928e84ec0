"""Tokens that only this house can have made: HMAC-SHA-256 (RFC 2104) over what they say and what they are for.

A token is base64url of its parts and 16 bytes of the code. It is signed, not hidden: whoever holds one can read it.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from cocite.core.durable import write_atomically
from cocite.core.errors import InvalidArgument
from cocite.core.locks import exclusive
from cocite.core.settings import Settings

Part = bytes | int | str

_CODE_BYTES = 16
_MOST_BYTES = 255  # of one part
LEAST_SECRET = 16  # characters
_WAIT_S = 10.0  # for another process that makes the file
_INT, _BYTES, _STR = b"i", b"b", b"s"


class Signer:
    """Makes and reads tokens. A token for one purpose is none for another. Thread-safe."""

    def __init__(self, secret: bytes) -> None:
        self._keys = hmac.new(secret, digestmod=hashlib.sha256)

    def sign(self, purpose: str, *parts: Part) -> str:
        """A token, letters of base64url, that says parts: whole numbers, bytes and texts of 255 bytes at most."""
        body = b"".join(_encoded(part) for part in parts)
        return base64.urlsafe_b64encode(body + self._code(purpose, body)).rstrip(b"=").decode()

    def verify(self, purpose: str, token: str) -> tuple[Part, ...] | None:
        """What a token says; None when it was not made here for this purpose."""
        try:
            raw = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        body, code = raw[:-_CODE_BYTES], raw[-_CODE_BYTES:]
        if not hmac.compare_digest(code, self._code(purpose, body)):
            return None
        if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != token:  # another spelling of the same bytes
            return None
        return _decoded(body)

    def _code(self, purpose: str, body: bytes) -> bytes:
        keyed = self._keys.copy()
        keyed.update(b"cocite:%s\0%s" % (purpose.encode(), body))
        return keyed.digest()[:_CODE_BYTES]


def signer(settings: Settings) -> Signer:
    """The signer of all processes with these settings: by their secret, else by the one in the home directory.

    Raises InvalidArgument for a secret that is too short to be one.
    """
    given = settings.feed_secret.get_secret_value()
    if given and len(given) < LEAST_SECRET:
        name = "COCITE_FEED_SECRET"
        raise InvalidArgument(
            f"{name} must have at least {LEAST_SECRET} characters", hint="`openssl rand -hex 32` makes one", field=name
        )
    return Signer((given or _kept_secret(settings.home)).encode())


def secret_file(home: Path) -> Path:
    """Where the home directory keeps the secret of those that have none in their settings."""
    return home / "feed-secret"


def _kept_secret(home: Path) -> str:
    """The secret in the home directory, made by whoever comes first."""
    file = secret_file(home)
    home.mkdir(parents=True, exist_ok=True)
    with exclusive(home / "feed-secret.lock", "making the secret of feeds", _WAIT_S):
        if not file.exists():
            write_atomically(file, secrets.token_hex(32), 0o600)
        secret = file.read_text().strip()
    if len(secret) < LEAST_SECRET:
        raise InvalidArgument(f"{file} holds no secret", hint="remove it, and a new one is made; old tokens end")
    return secret


def _encoded(part: Part) -> bytes:
    if isinstance(part, int):
        kind, data = _INT, part.to_bytes((part.bit_length() + 8) // 8, "big", signed=True)
    elif isinstance(part, bytes):
        kind, data = _BYTES, part
    else:
        kind, data = _STR, part.encode()
    if len(data) > _MOST_BYTES:
        raise ValueError(f"a part of a token has at most {_MOST_BYTES} bytes")
    return b"%b%c%b" % (kind, len(data), data)


def _decoded(body: bytes) -> tuple[Part, ...]:
    """Parts of a body whose code was right, so it is well-formed."""
    parts: list[Part] = []
    place = 0
    while place < len(body):
        kind, end = body[place : place + 1], place + 2 + body[place + 1]
        data = body[place + 2 : end]
        parts.append(_DECODERS[kind](data))
        place = end
    return tuple(parts)


_DECODERS: dict[bytes, Callable[[bytes], Part]] = {
    _INT: lambda data: int.from_bytes(data, "big", signed=True),
    _BYTES: bytes,
    _STR: bytes.decode,
}


def short(text: str) -> bytes:
    """Stands for a text in a token, which is short and never longer."""
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def whole_numbers(parts: Sequence[Part] | None, count: int) -> tuple[int, ...] | None:
    """The parts, when they are that many whole numbers."""
    if parts is None or len(parts) != count:
        return None
    numbers = tuple(part for part in parts if isinstance(part, int))
    return numbers if len(numbers) == count else None
