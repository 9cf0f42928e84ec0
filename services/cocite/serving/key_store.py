"""The file that keys are kept in, and the view of it that a process has which checks them."""

import hmac
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from cocite.core.durable import write_atomically
from cocite.core.errors import CorruptData, InvalidArgument, NotFound
from cocite.core.locks import exclusive
from cocite.serving.keys import ID_LENGTH, OWNER, OWNER_HINT, PREFIX, Key, Scope, digest, new_key

log = structlog.get_logger("cocite.keys")

MOST_OF_ONE_OWNER = 2  # the old one and the new one, while clients change over
_MOST_BYTES = 8 << 20
_LOCK_WAIT_S = 5.0
_LOOK_S = 1.0
_LONGEST_SECRET = 128
_NOBODYS = bytes(32)


class _Contents(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    version: Literal[1] = 1
    keys: tuple[Key, ...]


class KeyStore:
    """Reads and changes the file. Changes of several processes come one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[Key, ...]:
        """All keys, oldest first; none where there is no file. Raises CorruptData for one that is none of keys."""
        try:
            with self.path.open("rb") as file:
                text = file.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            return ()
        if len(text) > _MOST_BYTES:
            raise self._damaged(f"it has more than {_MOST_BYTES} bytes")
        try:
            keys = _Contents.model_validate_json(text).keys
        except ValidationError as error:
            first = error.errors()[0]
            raise self._damaged(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        if len({key.id for key in keys}) < len(keys):
            raise self._damaged("an id is there twice")
        return keys

    def create(self, owner: str, scopes: Iterable[Scope], rate: int | None) -> tuple[Key, str]:
        """A new key and its secret, which is told here alone.

        Raises InvalidArgument for a name or rate that is none, and for an owner of two keys already.
        """
        if not OWNER.fullmatch(owner):
            raise InvalidArgument(f"owner: {owner[:80]!r} is no name of an owner", hint=OWNER_HINT, field="owner")
        try:
            key, secret = new_key(owner, scopes, rate)
        except ValidationError as error:
            first = error.errors()[0]
            field = str(first["loc"][0])
            raise InvalidArgument(f"{field}: {first['msg']}", field=field) from None
        with self._changing():
            keys = self.read()
            theirs = [each.id for each in keys if each.owner == owner]
            if len(theirs) >= MOST_OF_ONE_OWNER:
                raise InvalidArgument(
                    f"{owner} has {MOST_OF_ONE_OWNER} keys, which is the most",
                    hint=f"revoke the one that is no longer used: `cocite key revoke {theirs[0]}` is the older",
                )
            self._write((*keys, key))
        return key, secret

    def revoke(self, key_id: str) -> Key:
        """Take a key out of the file. Raises NotFound where it is not in."""
        with self._changing():
            keys = self.read()
            revoked = next((key for key in keys if key.id == key_id), None)
            if revoked is None:
                raise NotFound(f"there is no key {key_id[:80]!r}", hint="`cocite key list` shows what there is")
            self._write(tuple(key for key in keys if key is not revoked))
        return revoked

    def _changing(self) -> AbstractContextManager[None]:
        return exclusive(self.path.with_name(f"{self.path.name}.lock"), f"changing {self.path}", wait_s=_LOCK_WAIT_S)

    def _write(self, keys: tuple[Key, ...]) -> None:
        write_atomically(self.path, _Contents(keys=keys).model_dump_json(indent=1) + "\n", 0o600)

    def _damaged(self, why: str) -> CorruptData:
        return CorruptData(
            f"{self.path} is no file of keys: {why}", hint="bring it back from a copy, or remove it and make new keys"
        )


class KeyRing:
    """The keys of a store; looks for changes when asked, once a second at most. Thread-safe.

    A file that is damaged or cannot be read changes nothing; the log says so. clock returns seconds, monotonic.
    """

    def __init__(self, store: KeyStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._look_at = 0.0
        self._looking = threading.Lock()
        self._seen: tuple[int, ...] | None = None
        self._keys: dict[str, tuple[Key, bytes]] = {}
        self._look()

    def holder(self, secret: bytes) -> Key | None:
        """The key with this secret, None where there is none, which takes as long to find out."""
        if self._clock() >= self._look_at and self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looking.release()
        key, expected = self._keys.get(_id_in(secret), (None, _NOBODYS))
        return key if hmac.compare_digest(digest(secret[:_LONGEST_SECRET]), expected) else None

    def named(self, secret: bytes) -> str:
        """Id of the key that a secret claims to be of, "" where there is no such key."""
        key_id = _id_in(secret)
        return key_id if key_id in self._keys else ""

    def _look(self) -> None:
        self._look_at = self._clock() + _LOOK_S
        try:
            seen = _mark(self._store.path)
            if seen == self._seen:
                return
            keys = self._store.read()
        except CorruptData as error:
            self._seen = seen  # told once: it stays so until the file is another
            log.error("keys refused, the last good ones count", error=str(error), keys=len(self._keys))
            return
        except OSError as error:
            log.error("keys cannot be read, trying again", error=str(error), keys=len(self._keys))
            return
        self._seen = seen
        self._keys = {key.id: (key, bytes.fromhex(key.sha256)) for key in keys}
        log.info("keys", keys=len(keys))


def _id_in(secret: bytes) -> str:
    return secret[len(PREFIX) : len(PREFIX) + ID_LENGTH].decode("latin-1")


def _mark(path: Path) -> tuple[int, ...]:
    """Something that changes with the file."""
    try:
        told = path.stat()
    except FileNotFoundError:
        return ()
    return (told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns)
