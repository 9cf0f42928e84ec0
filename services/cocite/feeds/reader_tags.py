"""A tag for each reader, another after each event: what is kept of a reader holds while the tag is the same.

Tags are random and lie in Redis, where all replicas see them. Whoever keeps events changes the tags of their readers
after the commit and before the answer; whoever computes for a reader reads the tag first and the catalogue after. So
what is kept under a tag has every event that was answered for before the tag was read. A tag that Redis has lost is
replaced by one that never was.

A tag that could not be changed, because Redis was away, is changed as soon as it is back; until then this process does
without what is kept of that reader.
"""

import hashlib
import secrets
import threading
from collections.abc import Iterable

from cocite.cache.frames import Kind, frame, payload_of
from cocite.cache.keys import Keys
from cocite.cache.redis_store import RedisStore
from cocite.catalogue.event_records import ReaderName
from cocite.core.errors import Unavailable

TTL_S = 1200  # more than anything is kept under a tag
MOST_OWED = 100_000  # readers whose tags are to be changed yet; what is kept of others runs out by itself
_BYTES = 8


def digest_of(reader: ReaderName) -> str:
    """What stands for a reader's name in keys, 32 hex digits."""
    kind = b"session" if reader.is_session else b"reader"
    return hashlib.blake2b(reader.name.encode(), digest_size=16, person=kind).hexdigest()


class ReaderTags:
    """Tags of readers, by digest_of their names. Thread-safe."""

    def __init__(self, store: RedisStore, keys: Keys) -> None:
        self._store = store
        self._keys = keys
        self._lock = threading.Lock()
        self._owed: dict[str, int] = {}  # reader -> number of the last failure to change the tag
        self._failures = 0

    def peek(self, reader: str) -> bytes | None:
        """The tag of a reader, None where there is none or it cannot be told; one GET."""
        if reader in self._owed:
            return None
        key = self._keys.reader_tag(reader)
        try:
            value = self._store.get(key)
        except Unavailable:
            return None
        return None if value is None else payload_of(Kind.READER_TAG, key, value)

    def get(self, reader: str) -> bytes | None:
        """The same, made if need be; None where it cannot be told, and nothing may be kept."""
        tag = self.peek(reader)
        if tag is not None or reader in self._owed:
            return tag
        key, tag = self._keys.reader_tag(reader), secrets.token_bytes(_BYTES)
        try:
            made = self._store.put_new(key, frame(Kind.READER_TAG, key, tag), TTL_S)
        except Unavailable:
            return None
        return tag if made else self.peek(reader)

    def change(self, readers: Iterable[str]) -> None:
        """Let these readers have other tags; sooner or later where Redis is away."""
        changing = list(readers)
        try:
            self._change(changing)
        except Unavailable:
            with self._lock:
                self._failures += 1
                self._owed |= dict.fromkeys(changing[: MOST_OWED - len(self._owed)], self._failures)

    def settle(self) -> None:
        """Change what is owed. Raises Unavailable while Redis is away; to be called now and then."""
        self._store.ping()
        with self._lock:
            owed = dict(self._owed)
        self._change(list(owed))
        with self._lock:
            for reader, failure in owed.items():
                if self._owed.get(reader) == failure:  # else another change has failed meanwhile
                    del self._owed[reader]

    def _change(self, readers: list[str]) -> None:
        keys = map(self._keys.reader_tag, readers)
        values = [(key, frame(Kind.READER_TAG, key, secrets.token_bytes(_BYTES))) for key in keys]
        if self._store.put_many(values, TTL_S) < len(values):
            raise Unavailable("Redis did not take all tags")
