"""The lists that feeds are of, asked of the services."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from google.protobuf.message import Message

from cocite.core.errors import InvalidArgument, NotFound, Unauthenticated
from cocite.core.ids import normalise_id
from cocite.gateway.asking import Asker
from cocite.gateway.methods import Method
from cocite.gateway.syndication.papers import Listed
from cocite.gateway.syndication.text import one_line
from cocite.serving.deadline import Deadline
from cocite.v1 import feature_service_pb2, feed_service_pb2, recommender_service_pb2
from cocite.v1.paper_pb2 import PAPER_VIEW_FULL, Paper

SIZE, NEW_SIZE = 30, 100  # items of a feed
_MOST_DAYS = 7  # of new papers
_MOST_TITLE = 120  # characters of what was asked for
_MOST_TEXT = 2000  # characters, as TextSeed has it
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,128}")
_WINDOWS = {"day": "today", "week": "this week", "month": "this month"}
_ACTS = {
    feed_service_pb2.EVENT_KIND_CLICK: "opened",
    feed_service_pb2.EVENT_KIND_SAVE: "saved",
    feed_service_pb2.EVENT_KIND_UPVOTE: "upvoted",
    feed_service_pb2.EVENT_KIND_SUBMIT: "submitted",
}

Query = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PaperList:
    """Papers in their order. as_of: the day that the list as a whole is of, None for today.

    page: of ours that shows them, as it stands behind our address. complete: nothing is missing that may be there in
    a moment.
    """

    title: str
    description: str
    page: str
    papers: Sequence[Listed]
    complete: bool
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class _Full:
    """Papers by the ids that they were asked by. complete: those that are not there do not exist."""

    papers: Mapping[str, Paper]
    complete: bool

    def title_of(self, paper_id: str) -> str:
        """The title, the id where there is none."""
        return (self.papers[paper_id].title if paper_id in self.papers else "") or paper_id


class Lists:
    """Each method answers the parameters of one feed. Raises InvalidArgument that names one, and what Asker does."""

    def __init__(self, asker: Asker, methods: Mapping[str, Method]) -> None:
        self._asker = asker
        self._named = {method.descriptor.name: method for method in methods.values()}

    async def trending(self, query: Query, deadline: Deadline) -> PaperList:
        """window: day, week or month; field."""
        window = query.get("window", "week")
        if window not in _WINDOWS:
            raise InvalidArgument(f"window: must be one of {', '.join(_WINDOWS)}", field="window")
        asked = feed_service_pb2.ListTrendingRequest(
            window=f"TRENDING_WINDOW_{window.upper()}", field=query.get("field", ""), page_size=SIZE
        )
        answer = await self._ask("ListTrending", asked, deadline)
        full = await self._full([item.paper.paper_id for item in answer.items], deadline)
        papers = [Listed(full.papers.get(item.paper.paper_id, item.paper)) for item in answer.items]
        title = f"Trending {_WINDOWS[window]}{_of(query)}"
        complete = full.complete and not answer.degraded
        return PaperList(title, "Papers that readers turn to", _page("trending", query), papers, complete)

    async def new(self, query: Query, deadline: Deadline) -> PaperList:
        """date, YYYY-MM-DD, without which it is the last days that have papers: who asks rarely misses few; field."""
        asked = feed_service_pb2.ListNewRequest(
            date=query.get("date", ""), field=query.get("field", ""), page_size=NEW_SIZE, view=PAPER_VIEW_FULL
        )
        papers: list[Listed] = []
        complete, latest = True, ""
        for _ in range(1 if asked.date else _MOST_DAYS):
            answer = await self._ask("ListNew", asked, deadline)
            papers += [Listed(item.paper, date.fromisoformat(answer.date)) for item in answer.items]
            complete = complete and not answer.degraded
            latest = latest or (answer.date if answer.items else "")
            asked.date, asked.page_size = answer.previous_date, NEW_SIZE - len(papers)
            if not asked.date or asked.page_size <= 0:
                break
        title = f"New papers{_of(query)}" + (f", {latest}" if "date" in query else "")
        as_of = date.fromisoformat(latest) if latest else None
        return PaperList(title, "New papers, most upvoted first", _page("today", query), papers, complete, as_of)

    async def search(self, query: Query, deadline: Deadline) -> PaperList:
        """q: a text that the papers are to be like."""
        text = query.get("q", "")
        if not text.strip() or len(text) > _MOST_TEXT:
            raise InvalidArgument(f"q: must be a text of 1 to {_MOST_TEXT} characters", field="q")
        seed = recommender_service_pb2.TextSeed(title=text)
        papers, complete = await self._related(recommender_service_pb2.Seeds(texts=[seed]), deadline)
        page = f"#{urlencode({'text': text})}"
        return PaperList(f"Papers on “{_short(text)}”", "Papers most related to a text", page, papers, complete)

    async def related(self, query: Query, deadline: Deadline) -> PaperList:
        """id: of the paper that the others are to be related to, in any form. Raises NotFound for one of none."""
        asked = normalise_id(query.get("id", ""), field="id")
        seed = await self._full([asked], deadline)
        if seed.complete and asked not in seed.papers:
            raise NotFound(f"there is no paper {asked}", field="id")
        papers, complete = await self._related(recommender_service_pb2.Seeds(positive_ids=[asked]), deadline)
        title = f"Papers related to “{_short(seed.title_of(asked))}”"
        page = f"#{urlencode({'like': asked})}"
        return PaperList(title, "Papers most related to one paper", page, papers, complete and seed.complete)

    async def reader(self, query: Query, deadline: Deadline) -> PaperList:
        """token: of the reader's private feed. Raises NotFound for one that opens none."""
        if not _TOKEN.fullmatch(query.get("token", "")):
            raise InvalidArgument("token: is missing or incomplete", hint="copy the whole address", field="token")
        who = feed_service_pb2.ReaderRef(feed_token=query["token"])
        asked = feed_service_pb2.ListFeedRequest(reader=who, page_size=SIZE, view=PAPER_VIEW_FULL)
        try:
            answer = await self._ask("ListFeed", asked, deadline)
        except Unauthenticated as error:  # nothing that a feed reader could ask its user to log in for
            raise NotFound(str(error), field="token") from None
        papers = [Listed(item.paper, *_reasons(item)) for item in answer.items]
        told = "Papers chosen for one reader; keep the address private"
        return PaperList("Your feed", told, "library", papers, False)

    async def _related(self, seeds: recommender_service_pb2.Seeds, deadline: Deadline) -> tuple[list[Listed], bool]:
        asked = recommender_service_pb2.RecommendPapersRequest(seeds=seeds, page_size=SIZE, view=PAPER_VIEW_FULL)
        answer = await self._ask("RecommendPapers", asked, deadline)
        found = [] if answer.fallback else [Listed(result.paper) for result in answer.results]
        return found, not (answer.degraded or answer.unresolved_seeds)

    async def _full(self, ids: Sequence[str], deadline: Deadline) -> _Full:
        """All that is held of the papers."""
        if not ids:
            return _Full({}, True)
        asked = feature_service_pb2.BatchGetPapersRequest(paper_ids=ids, view=PAPER_VIEW_FULL)
        answer = await self._ask("BatchGetPapers", asked, deadline)
        return _Full({each.requested_id: each.paper for each in answer.papers}, not answer.degraded)

    async def _ask(self, name: str, request: Message, deadline: Deadline) -> Any:
        return await self._asker.ask_within(deadline, self._named[name], request)


def _reasons(item: feed_service_pb2.FeedItem) -> tuple[date | None, str]:
    """The day on which the paper was new, and what ties it to the reader."""
    day, why = None, ""
    for reason in item.reasons:
        if reason.HasField("new_arrival"):
            day = date.fromisoformat(reason.new_arrival.date)
        elif not why and reason.HasField("acted_on") and reason.acted_on.kind in _ACTS:
            paper = reason.acted_on.title or reason.acted_on.paper_id
            why = f"Because you {_ACTS[reason.acted_on.kind]} “{_short(paper)}”"
    return day, why


def _page(name: str, query: Query) -> str:
    """A page that takes the same parameters."""
    return f"{name}?{urlencode(query)}" if query else name


def _of(query: Query) -> str:
    return f" in {_short(query['field'])}" if query.get("field") else ""


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _MOST_TITLE else f"{line[: _MOST_TITLE - 1].rstrip()}…"
