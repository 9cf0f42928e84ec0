"""GetReader, RotateFeedToken and DeleteReader: what is held of a reader, and its end."""

from contextlib import suppress

from google.protobuf.timestamp_pb2 import Timestamp

from cocite.catalogue.event_records import EventKind, ReaderName, ReaderPaper
from cocite.catalogue.events import EventLog
from cocite.catalogue.readers import Reader, Readers
from cocite.catalogue.subscription_records import State, Subscription
from cocite.catalogue.subscriptions import Subscriptions
from cocite.core.errors import InvalidArgument, NotFound, Unavailable
from cocite.feeds.contents import Contents, PaperContents
from cocite.feeds.feed_lists import FeedLists
from cocite.feeds.reader_refs import FeedTokens, require_name
from cocite.feeds.reader_tags import ReaderTags, digest_of
from cocite.feeds.secrets import Signer
from cocite.feeds.trending.service import Trending
from cocite.serving.deadline import Deadline
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1 import paper_pb2

DEFAULT_PAGE_SIZE = 100
PAGE = "reader page"  # purpose of page tokens
_ALL = tuple(EventKind)
_ACTS = tuple(kind for kind in _ALL if kind is not EventKind.VIEW)
_FIELD = "page_token"


class ReaderPages:
    """Answers what is asked of one reader's data. Thread-safe; every method may raise Unavailable."""

    def __init__(
        self,
        log: EventLog,
        readers: Readers,
        subscriptions: Subscriptions,
        tokens: FeedTokens,
        signer: Signer,
        contents: PaperContents,
        tags: ReaderTags,
        lists: FeedLists,
        trending: Trending,
    ) -> None:
        self._log = log
        self._readers = readers
        self._subscriptions = subscriptions
        self._tokens = tokens
        self._signer = signer
        self._contents = contents
        self._tags = tags
        self._lists = lists
        self._trending = trending

    def get(self, request: pb.GetReaderRequest, deadline: Deadline) -> pb.GetReaderResponse:
        """See feed_service.proto. Raises InvalidArgument for a page token of another reader."""
        name = require_name(request.reader)
        before = self._before(request.page_token, name)
        found, entries = self._readers.find(name), self._readers.library_entries(name)
        if found is None:
            return pb.GetReaderResponse(library_entries=entries)
        size = request.page_size or DEFAULT_PAGE_SIZE
        papers = self._log.of_reader(found.reader_key, size + 1, _ALL if request.views else _ACTS, before)
        page = papers[:size]
        contents = self._contents.get([paper.paper_id for paper in page], paper_pb2.PAPER_VIEW_BASIC, deadline)
        more = len(papers) > size
        return pb.GetReaderResponse(
            papers=[_paper(paper, contents) for paper in page],
            next_page_token=self._signer.sign(_purpose(name), page[-1].sequence) if more else "",
            event_count=found.event_count,
            first_event_at=_time(found.first_event_at) if found.first_event_at is not None else None,
            feed_token=self._tokens.make(found),
            subscriptions=[_subscription(each) for each in self._subscriptions.of_reader(found.reader_key)],
            library_entries=entries,
        )

    def rotate(self, request: pb.RotateFeedTokenRequest) -> pb.RotateFeedTokenResponse:
        """See feed_service.proto. Raises NotFound for a reader of whom nothing is held."""
        name = require_name(request.reader)
        found = self._readers.find(name)
        rotated: Reader | None = self._readers.rotate(found.reader_key) if found else None
        if rotated is None:
            raise NotFound("nothing is held of this reader", hint="a feed address comes with the first event")
        self._tags.change([digest_of(name)])  # answers kept for the old token hold no longer
        return pb.RotateFeedTokenResponse(feed_token=self._tokens.make(rotated))

    def delete(self, request: pb.DeleteReaderRequest) -> pb.DeleteReaderResponse:
        """See feed_service.proto."""
        name = require_name(request.reader)
        if found := self._readers.find(name):
            self._trending.forget(found.reader_key)  # first: what is to be taken out is read from the events
        deleted = self._readers.delete(name)
        digest = digest_of(name)
        self._tags.change([digest])
        with suppress(Unavailable):  # then no tag leads to them any more, and they expire
            self._lists.forget(digest)
        return pb.DeleteReaderResponse(deleted_events=deleted)

    def _before(self, token: str, name: ReaderName) -> int | None:
        if not token:
            return None
        match self._signer.verify(_purpose(name), token):
            case (int(sequence),):
                return sequence
        raise InvalidArgument(
            "page_token is no token of this reader", hint="pass next_page_token as it came", field=_FIELD
        )


def _purpose(name: ReaderName) -> str:
    """Of page tokens: they belong to the reader, whose name they do not show."""
    return f"{PAGE} {digest_of(name)}"


def _paper(paper: ReaderPaper, contents: Contents) -> pb.ReaderPaper:
    kinds = [f"EVENT_KIND_{kind.name}" for kind in _ALL if kind in paper.kinds]
    return pb.ReaderPaper(paper=contents.of(paper.paper_id), kinds=kinds, last_at=_time(paper.last_at))


def _time(milliseconds: int) -> Timestamp:
    time = Timestamp()
    time.FromMilliseconds(milliseconds)
    return time


def _subscription(subscription: Subscription) -> pb.Subscription:
    name, _, domain = subscription.email.rpartition("@")
    return pb.Subscription(
        masked_email=f"{name[:1]}***@{domain}",
        period=pb.DigestPeriod.Name(subscription.choice.period.value),
        confirmed=subscription.state is State.CONFIRMED,
        fields=subscription.choice.fields,
    )
