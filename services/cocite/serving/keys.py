"""Keys that callers show: what one looks like, and what is known of who holds it.

A secret is "cocite_", the key's id, "_" and 256 random bits. Of it only the SHA-256 is stored. A slow hash is for
what can be guessed, as passwords are; nobody guesses 256 random bits, and whoever sends wrong secrets would make a
slow hash spend our time.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cocite.core.errors import InvalidArgument

PREFIX = "cocite_"
MOST_RATE = 10_000_000  # requests a minute
_ID_BYTES, _SECRET_BYTES = 6, 32
ID_LENGTH = 2 * _ID_BYTES
OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
OWNER_HINT = "1 to 64 letters, digits and . _ @ + - that begin with a letter or digit"


class Scope(StrEnum):
    """What a key is for."""

    READ = "read"  # papers and recommendations
    EMBED = "embed"  # vectors of texts
    READERS = "readers"  # what readers do and see, of any reader by name
    ADMIN = "admin"  # what services keep for one another, which can change what others are answered


class Key(BaseModel):
    """One key. rate: requests a minute, None for what the gateway gives."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Annotated[str, Field(pattern=rf"^[0-9a-f]{{{ID_LENGTH}}}$")]
    owner: Annotated[str, Field(pattern=rf"^{OWNER.pattern}$")]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=len(Scope))]
    rate: Annotated[int, Field(ge=1, le=MOST_RATE)] | None = None
    created_at: AwareDatetime
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def new_key(owner: str, scopes: Iterable[Scope], rate: int | None) -> tuple[Key, str]:
    """A key and its secret, which nobody can tell from the key. Raises pydantic's ValidationError."""
    key_id = secrets.token_hex(_ID_BYTES)
    secret = f"{PREFIX}{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    now = datetime.now(UTC).replace(microsecond=0)
    return Key(
        id=key_id, owner=owner, scopes=tuple(scopes), rate=rate, created_at=now, sha256=digest(secret.encode()).hex()
    ), secret


def digest(secret: bytes) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret).digest()


def scopes_of(names: str, setting: str) -> tuple[Scope, ...]:
    """Scopes from their names, separated by commas, each once. Raises InvalidArgument that names the setting."""
    known = {scope.value: scope for scope in Scope}
    told = [name.strip() for name in names.split(",") if name.strip()]
    if unknown := [name for name in told if name not in known]:
        raise InvalidArgument(
            f"{setting}: there is no scope {unknown[0][:80]!r}", hint=f"there are: {', '.join(known)}", field=setting
        )
    return tuple(dict.fromkeys(known[name] for name in told))
