"""Trending as the feed service uses it: one object that counts in the background and answers ListTrending."""

import time

from cocite.cache.keys import Keys
from cocite.cache.redis_store import RedisStore
from cocite.catalogue.activity import ActivityLog
from cocite.catalogue.events import EventLog
from cocite.catalogue.store import Catalogue
from cocite.core.clock import DAY_MS
from cocite.core.errors import InvalidArgument
from cocite.feeds.contents import PaperContents
from cocite.feeds.experiments_tokens import plain_token
from cocite.feeds.feed_page import DEFAULT_PAGE_SIZE
from cocite.feeds.repeating import Repeating
from cocite.feeds.secrets import Signer, short
from cocite.feeds.trending.counter import Counter
from cocite.feeds.trending.formula import Window
from cocite.feeds.trending.lists import Listed, Lists, TrendingList
from cocite.feeds.trending.redis_sums import RedisSums
from cocite.serving.answer_memory import AnswerMemory
from cocite.serving.deadline import Deadline
from cocite.serving.wire_cache import Cacheable
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1 import paper_pb2

PAGE = "trending page"  # purpose of a token
FEED_ITEMS = 20
FEED_KEPT_S = 30.0
REST_S = 1.0  # between two looks at the log, so that lists change no more often
LONGEST_PAUSE_S = 60.0  # between two tries while a store is away
_MEMORY_BYTES, _MEMORY_S = 8 << 20, 10.0
_METHOD = "ListTrending"
_FIELD = "page_token"
_WAIT_SHARE, _WAIT_AT_MOST_S = 0.5, 2.0
_WINDOWS = {
    pb.TRENDING_WINDOW_UNSPECIFIED: Window.WEEK,
    pb.TRENDING_WINDOW_DAY: Window.DAY,
    pb.TRENDING_WINDOW_WEEK: Window.WEEK,
    pb.TRENDING_WINDOW_MONTH: Window.MONTH,
}


class Trending:
    """Thread-safe. start() begins to count; close() ends it, before the stores are closed."""

    def __init__(
        self,
        catalogue: Catalogue,
        log: EventLog,
        store: RedisStore,
        keys: Keys,
        contents: PaperContents,
        signer: Signer,
    ) -> None:
        self._events = ActivityLog(catalogue)
        sums = RedisSums(store, keys)
        self._counter = Counter(self._events, sums)
        self._lists = Lists(self._events, log, sums, lambda: self._counter.serving)
        self._contents = contents
        self._signer = signer
        self._memory: AnswerMemory[bytes] = AnswerMemory(_MEMORY_BYTES, _MEMORY_S)
        self._counting = Repeating(
            "trending", self._count, rest_s=REST_S, idle_s=REST_S, longest_pause_s=LONGEST_PAUSE_S
        )
        self._feed_items: tuple[float, list[pb.FeedItem]] | None = None  # until when

    def start(self) -> None:
        """Count in the background from now on."""
        self._counting.start()

    def wake(self) -> None:
        """Events were recorded; returns at once."""
        self._counting.wake()

    def close(self) -> None:
        """Count no more."""
        self._counting.close()

    @property
    def cursor(self) -> int | None:
        """Sequence of the last event that is counted; None where that is not known."""
        serving = self._counter.serving
        return serving.cursor if serving else None

    def forget(self, reader_key: int) -> None:
        """Take a reader out of what is counted. To be called before the reader is deleted from the catalogue."""
        self._counter.forget(reader_key)
        self._lists.clear()
        self._looked()

    def at_once(self, data: bytes) -> Cacheable | None:
        """The answer to an encoded request that was answered before, while nothing else is trending."""
        kept = self._memory.get(_METHOD, data)
        return None if kept is None else Cacheable(kept, "")

    def answer(self, request: pb.ListTrendingRequest, deadline: Deadline) -> pb.ListTrendingResponse:
        """See feed_service.proto.

        Raises InvalidArgument for a page token that does not fit, Unavailable when no store answers.
        """
        window, field = _WINDOWS[request.window], request.field.casefold()
        offset = self._offset(request.page_token, window, field)
        state = self._memory.model
        found = self._lists.get(window, field, deadline.share(_WAIT_SHARE, _WAIT_AT_MOST_S))
        page = self._shown(found, offset, request.page_size or DEFAULT_PAGE_SIZE, window, field, deadline)
        if not page.degraded and found.serving is not None and state == found.serving.encoded():
            self._memory.put(state, _METHOD, request.SerializeToString(), page.SerializeToString(deterministic=True))
        return page

    def feed_items(self, deadline: Deadline) -> list[pb.FeedItem]:
        """What is trending this week with how many readers kept it, for feeds; the papers have their ids only.

        Raises Unavailable, DeadlineExceeded.
        """
        kept, now = self._feed_items, time.time()
        if kept is None or now >= kept[0]:
            found = self._lists.get(Window.WEEK, "", deadline.share(_WAIT_SHARE, _WAIT_AT_MOST_S))
            listed = found.papers[:FEED_ITEMS]
            readers = self._events.keepers([each.paper_key for each in listed], round(now * 1000) - 7 * DAY_MS)
            items = [_feed_item(each, readers[each.paper_key]) for each in listed if each.paper_key in readers]
            self._feed_items = kept = (now + FEED_KEPT_S, items)
        return kept[1]

    def _count(self) -> None:
        """Count all there is. Raises Unavailable."""
        try:
            while self._counter.count() and not self._counting.stop.is_set():
                pass
        finally:
            self._looked()

    def _looked(self) -> None:
        serving = self._counter.serving
        self._memory.serve(serving.encoded() if serving else "")

    def _shown(
        self, found: TrendingList, offset: int, size: int, window: Window, field: str, deadline: Deadline
    ) -> pb.ListTrendingResponse:
        end = offset + size
        page = found.papers[offset:end]
        contents = self._contents.get([each.paper_id for each in page], paper_pb2.PAPER_VIEW_BASIC, deadline)
        token = self._signer.sign(PAGE, int(window), short(field), end)
        return pb.ListTrendingResponse(
            items=[
                pb.TrendingItem(
                    paper=contents.of(each.paper_id),
                    rank=rank,
                    score=each.score,
                    upvotes=each.upvotes,
                    saves=each.saves,
                    attribution_token=plain_token(self._signer, found.list_id, rank),
                )
                for rank, each in enumerate(page, offset + 1)
            ],
            next_page_token=token if end < len(found.papers) else "",
            degraded=[*found.degraded, *contents.degraded],
            fields=found.fields,
        )

    def _offset(self, token: str, window: Window, field: str) -> int:
        if not token:
            return 0
        parts = self._signer.verify(PAGE, token)
        if parts is None:
            raise InvalidArgument(
                "page_token is no token of this service", hint="pass next_page_token as it came", field=_FIELD
            )
        if parts[:2] != (int(window), short(field)) or not isinstance(parts[-1], int):
            raise InvalidArgument(
                "page_token belongs to another request", hint="only page_size may change between pages", field=_FIELD
            )
        return parts[-1]


def _feed_item(listed: Listed, readers: int) -> pb.FeedItem:
    because = pb.FeedReason(trending_now=pb.TrendingNow(readers=readers))
    return pb.FeedItem(paper=paper_pb2.Paper(paper_id=listed.paper_id), reasons=[because])
