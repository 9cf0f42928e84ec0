"""Ranked feeds in Redis: the pages of one list hang together, and a feed that has not changed is not ranked anew.

Of each reader there are at most PLACES lists, of at most MAX_BYTES each, and a head that tells which of them is the
feed under the tag of the reader that it was made with. A list is known by its id: its model, its papers and, in an
experiment, how they were drafted.
"""

import hashlib
import struct
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from cocite.cache.frames import Kind, frame, payload_of
from cocite.cache.keys import Keys
from cocite.cache.redis_store import RedisStore
from cocite.core.errors import Unavailable
from cocite.feeds.interleaving import NO_DRAFT, Draft
from cocite.v1 import feed_service_pb2 as pb

TTL_S = 600
FRESH_S = 60.0  # after which a first page is ranked anew, for the sake of papers that came meanwhile
PLACES = 4
MAX_BYTES = 64 << 10
MOST_UNPACKED = 4 << 20  # bytes: more is no list of ours, whoever wrote it
ID_BYTES = 8
LEVEL = 6  # of zlib: a fifth less than level 1, for 0.7 ms of a list that takes fifty to make
_HEAD = struct.Struct(f"<8s{ID_BYTES}sd")  # tag, id of the list, seconds since 1970
_LIST = struct.Struct(f"<{ID_BYTES}sQQQH")  # id, reader's key, sequence, experiment, teams; these and the list follow


@dataclass(frozen=True, slots=True)
class FeedList:
    """A ranked feed: items with ids of papers only; sequence is that of the reader's last event behind it.

    reader_key and sequence are 0 of a reader of whom nothing is held.
    """

    answer: pb.ListFeedResponse
    reader_key: int
    sequence: int
    list_id: bytes
    draft: Draft = NO_DRAFT

    @classmethod
    def of(cls, answer: pb.ListFeedResponse, reader_key: int, sequence: int, draft: Draft = NO_DRAFT) -> "FeedList":
        """The list with the id that its model, papers and draft give it."""
        drafted = (str(draft.experiment), draft.teams.hex()) if draft.experiment else ()
        names = "\n".join((answer.model_version, *(item.paper.paper_id for item in answer.items), *drafted))
        list_id = hashlib.blake2b(names.encode(), digest_size=ID_BYTES).digest()
        return cls(answer, reader_key, sequence, list_id, draft)


class FeedLists:
    """Lists by reader, see reader_tags.digest_of. Thread-safe; without Redis nothing is kept, and nothing raises."""

    def __init__(self, store: RedisStore, keys: Keys) -> None:
        self._store = store
        self._keys = keys

    def current(self, reader: str, tag: bytes) -> FeedList | None:
        """The feed made under a tag not long ago."""
        head = self._head(reader)
        if head is None or head[0] != tag or not 0 <= time.time() - head[2] < FRESH_S:
            return None
        return self.get(reader, head[1])

    def latest(self, reader: str) -> FeedList | None:
        """The last feed that was made, whatever has happened since."""
        head = self._head(reader)
        return None if head is None else self.get(reader, head[1])

    def get(self, reader: str, list_id: bytes) -> FeedList | None:
        """The list of that id."""
        key = self._place(reader, list_id)
        payload = self._payload(Kind.FEED_LIST, key)
        if payload is None or payload[:ID_BYTES] != list_id:
            return None
        try:
            _, reader_key, sequence, experiment, drafted = _LIST.unpack_from(payload)
            start = _LIST.size + drafted
            unpacking = zlib.decompressobj()
            answer = pb.ListFeedResponse.FromString(unpacking.decompress(payload[start:], MOST_UNPACKED))
        except (struct.error, zlib.error, DecodeError):
            return None
        if not unpacking.eof:  # cut short, or larger than any list
            return None
        draft = Draft(experiment, payload[_LIST.size : start])
        return FeedList(answer, reader_key, sequence, list_id, draft)

    def put(self, reader: str, made: FeedList, tag: bytes | None) -> None:
        """Keep a list; as the feed under a tag, unless that is None."""
        draft, listed = made.draft, zlib.compress(made.answer.SerializeToString(), LEVEL)
        head_of_list = (made.list_id, made.reader_key, made.sequence, draft.experiment, len(draft.teams))
        packed = _LIST.pack(*head_of_list) + draft.teams + listed
        if len(packed) > MAX_BYTES:
            return
        place, head = self._place(reader, made.list_id), self._keys.feed_head(reader)
        values = [(place, frame(Kind.FEED_LIST, place, packed))]
        if tag is not None:
            values.append((head, frame(Kind.FEED_HEAD, head, _HEAD.pack(tag, made.list_id, time.time()))))
        with suppress(Unavailable):
            self._store.put_many(values, TTL_S)

    def forget(self, reader: str) -> None:
        """Delete all lists of a reader. Raises Unavailable."""
        places = [self._keys.feed_list(reader, place) for place in range(PLACES)]
        self._store.delete([self._keys.feed_head(reader), *places])

    def _head(self, reader: str) -> tuple[bytes, bytes, float] | None:
        payload = self._payload(Kind.FEED_HEAD, self._keys.feed_head(reader))
        return None if payload is None or len(payload) != _HEAD.size else _HEAD.unpack(payload)

    def _place(self, reader: str, list_id: bytes) -> str:
        return self._keys.feed_list(reader, list_id[0] % PLACES)

    def _payload(self, kind: Kind, key: str) -> bytes | None:
        try:
            value = self._store.get(key)
        except Unavailable:
            return None
        return None if value is None else payload_of(kind, key, value)
