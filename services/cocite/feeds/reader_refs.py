"""Who is meant by a ReaderRef."""

import hashlib

from cocite.catalogue.event_records import ReaderName
from cocite.catalogue.readers import Reader, Readers
from cocite.core.errors import InvalidArgument, Unauthenticated
from cocite.feeds.secrets import Signer, whole_numbers
from cocite.v1 import feed_service_pb2 as pb

FEED = "feed"  # purpose of the tokens of private feeds


def name_of(reader: pb.ReaderRef) -> ReaderName | None:
    """The reader's name; None for one who is known by a feed token alone."""
    who = reader.WhichOneof("who")
    if who == "reader_id":
        return ReaderName(False, reader.reader_id)
    if who == "session_id":
        return ReaderName(True, hashlib.sha256(reader.session_id.encode()).hexdigest())
    return None


def require_name(reader: pb.ReaderRef) -> ReaderName:
    """The reader's name. Raises InvalidArgument for a feed token."""
    name = name_of(reader)
    if name is None:
        field = "reader.feed_token"
        raise InvalidArgument(f"{field}: a feed token opens ListFeed alone", hint="name the reader", field=field)
    return name


class FeedTokens:
    """Tokens of private feeds. Thread-safe."""

    def __init__(self, signer: Signer, readers: Readers) -> None:
        self._signer = signer
        self._readers = readers

    def make(self, reader: Reader) -> str:
        """The token of a reader's feed."""
        return self._signer.sign(FEED, reader.reader_key, reader.feed_token_number)

    def open(self, token: str) -> ReaderName:
        """Whose feed a token opens. Raises Unauthenticated for one that opens none, or none any more."""
        numbers = whole_numbers(self._signer.verify(FEED, token), 2)
        reader = self._readers.by_key(numbers[0]) if numbers else None
        if reader is None or numbers is None or reader.feed_token_number != numbers[1]:
            raise Unauthenticated("this feed address opens no feed any more", hint="ask its owner for the new one")
        return reader.reader
