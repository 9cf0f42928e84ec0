"""Values in Redis, which whoever writes there may have made: a frame that is not whole is a miss, one that is whole
may hold anything, and none of it is an error."""

import struct
import zlib

from cocite.cache.frames import HEADER, Kind, frame, payload_of
from cocite.cache.keys import Keys
from cocite.core.errors import Unavailable
from cocite.features.codec import decode_paper, decode_vector
from cocite.feeds.feed_lists import MOST_UNPACKED, FeedLists
from cocite.feeds.reader_tags import ReaderTags
from cocite.feeds.trending.redis_sums import Generation
from cocite.v1.feed_service_pb2 import FeedItem, ListFeedResponse
from cocite.v1.paper_pb2 import Paper

_KEY = "cocite:key"
_LIST_ID = b"i" * 8
_FEED = ListFeedResponse(items=[FeedItem(paper=Paper(paper_id="doi:10.1/1"))])
SEEDS = [
    frame(Kind.PAPER, _KEY, Paper(paper_id="doi:10.1/1", title="t").SerializeToString()),
    frame(Kind.VECTOR, _KEY, b"\0\x3c\0\x3c"),
    struct.pack("<8s8sd", b"t" * 8, _LIST_ID, 1e12),
    struct.pack("<8sQQQH", _LIST_ID, 1, 2, 3, 1) + b"\x01" + zlib.compress(_FEED.SerializeToString()),
    b"name 1 2 3 4",
    b"name 1 2 3 " + b"4" * 5000,  # more digits than Python makes a number of
    frame(Kind.FEED_LIST, _KEY, b""),
    struct.pack("<8sQQQH", _LIST_ID, 1, 2, 3, 0) + zlib.compress(bytes(8 << 20), 9),  # expands a thousand times
    b"",
]


class _Store:
    """A store in which all keys have one value, whole: framed for the key it is asked by."""

    def __init__(self, kind: Kind, payload: bytes) -> None:
        self._kind = kind
        self._payload = payload

    def get(self, key: str) -> bytes:
        return frame(self._kind, key, self._payload)


def check(data: bytes) -> None:
    for kind in Kind:
        payload = payload_of(kind, _KEY, data)
        assert payload is None or frame(kind, _KEY, payload) == data
    decode_paper(_KEY, data)
    decode_vector(_KEY, data)
    whole = frame(Kind.PAPER, _KEY, data)
    assert payload_of(Kind.PAPER, _KEY, whole) == data
    assert payload_of(Kind.PAPER, _KEY + "2", whole) is None
    assert payload_of(Kind.PAPER, _KEY, whole[: HEADER.size + len(data) - 1]) is None
    paper = decode_paper(_KEY, whole)
    assert paper is None or paper.paper_id
    vector = decode_vector(_KEY, frame(Kind.VECTOR, _KEY, data))
    assert vector is None or len(vector) % 2 == 0
    _in_feeds(data)
    Generation.decoded(data)


def _in_feeds(data: bytes) -> None:
    keys = Keys("cocite")
    for kind in (Kind.FEED_HEAD, Kind.FEED_LIST, Kind.READER_TAG):
        store = _Store(kind, data)
        lists, tags = FeedLists(store, keys), ReaderTags(store, keys)  # type: ignore[arg-type]  # only get is called
        try:
            lists.current("r", data[:8])
            lists.latest("r")
            found = lists.get("r", _LIST_ID)
            assert found is None or found.answer.ByteSize() <= MOST_UNPACKED
            tags.peek("r")
        except Unavailable:
            pass
