"""What a digest asks of the feed service, each question of all subscribers once."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache

from cocite.catalogue.readers import Readers
from cocite.catalogue.subscription_records import Period
from cocite.client.connection import Connection
from cocite.core.errors import NotReady, Unauthenticated, Unavailable
from cocite.feeds.reader_refs import FeedTokens
from cocite.v1 import degradation_pb2
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.feed_service_pb2_grpc import FeedServiceStub

TIMEOUT_S = 20.0  # a call, retries included
KEPT = 2000  # answers that are the same for many subscribers
PAGE = 30

_AWAY = degradation_pb2.DEGRADED_CAUSE_RECOMMENDER_UNAVAILABLE
_WINDOWS = {Period.DAILY: pb.TRENDING_WINDOW_DAY, Period.WEEKLY: pb.TRENDING_WINDOW_WEEK}


class NoFeedNow(Unavailable):
    """A reader's own feed cannot be made at the moment; everything else can."""


class FeedQuestions(Connection):
    """Asks a feed service. Raises what Connection.call does."""

    target_setting = "COCITE_FEEDS_TARGET"

    def __init__(self, target: str, readers: Readers, tokens: FeedTokens, timeout_s: float = TIMEOUT_S) -> None:
        super().__init__(target, timeout_s)
        self._stub = FeedServiceStub(self.channel)  # type: ignore[no-untyped-call]  # generated
        self._readers = readers
        self._tokens = tokens
        self.trending: Callable[[Period], tuple[pb.TrendingItem, ...]] = lru_cache(KEPT)(self._trending)
        self.new: Callable[[date, str], tuple[pb.NewItem, ...]] = lru_cache(KEPT)(self._new)

    def feed(self, reader_key: int, size: int) -> tuple[pb.FeedItem, ...]:
        """The reader's own feed; nothing of a reader who was deleted, or of whom nothing is known.

        Raises NoFeedNow while the recommender is away, NotReady when the feed service takes no tokens made here.
        """
        refused = None
        while (reader := self._readers.by_key(reader_key)) is not None and reader != refused:
            who = pb.ReaderRef(feed_token=self._tokens.make(reader))
            request = pb.ListFeedRequest(reader=who, page_size=size)
            try:
                answer: pb.ListFeedResponse = self.call(self._stub.ListFeed, request)
            except Unauthenticated:
                refused = reader  # unless the reader has changed meanwhile, the fault is ours
            else:
                if not answer.personal and any(each.cause == _AWAY for each in answer.degraded):
                    raise NoFeedNow("the recommender does not answer the feed service", hint="try again later")
                return tuple(answer.items) if answer.personal else ()
        if reader is not None:
            raise NotReady(
                "the feed service does not take the addresses of feeds that are made here",
                hint="give both the same COCITE_FEED_SECRET, or the same home directory",
            )
        return ()

    def _trending(self, period: Period) -> tuple[pb.TrendingItem, ...]:
        request = pb.ListTrendingRequest(window=_WINDOWS[period], page_size=PAGE)
        answer: pb.ListTrendingResponse = self.call(self._stub.ListTrending, request)
        return tuple(answer.items)

    def _new(self, day: date, field: str) -> tuple[pb.NewItem, ...]:
        request = pb.ListNewRequest(date=day.isoformat(), field=field, page_size=PAGE)
        answer: pb.ListNewResponse = self.call(self._stub.ListNew, request)
        return tuple(answer.items) if answer.date in ("", day.isoformat()) else ()
