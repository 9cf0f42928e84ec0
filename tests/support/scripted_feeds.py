"""A real feed service on a free port whose lists a test writes."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.feed_service_pb2_grpc import FeedServiceServicer, add_FeedServiceServicer_to_server
from cocite.v1.paper_pb2 import Paper
from support.scripted_recommender import Running, running_recommender


def paper(number: int, title: str = "", *fields: str) -> Paper:
    return Paper(
        paper_id=f"doi:10.1000/{number}",
        title=title or f"Paper {number}",
        authors=["Ada Lovelace", "Emmy Noether"],
        year=2026,
        venue="Annals",
        fields=fields,
    )


def new(*papers: Paper) -> Callable[[pb.ListNewRequest], Message]:
    """Papers that are new on every day asked for, filtered by field."""

    def answer(request: pb.ListNewRequest) -> Message:
        chosen = [each for each in papers if not request.field or request.field in each.fields]
        return pb.ListNewResponse(date=request.date, items=[pb.NewItem(paper=each) for each in chosen])

    return answer


@dataclass
class ScriptedFeeds(FeedServiceServicer):
    """Answers by its functions; keeps the requests."""

    feed: Callable[[Any], Message] = lambda request: pb.ListFeedResponse()
    trending: Callable[[Any], Message] = lambda request: pb.ListTrendingResponse()
    new: Callable[[Any], Message] = lambda request: pb.ListNewResponse(date=request.date)
    requests: list[Any] = field(default_factory=list)

    def ListFeed(self, request, context):
        return self._answer(self.feed, request)

    def ListTrending(self, request, context):
        return self._answer(self.trending, request)

    def ListNew(self, request, context):
        return self._answer(self.new, request)

    def _answer(self, answer, request):
        self.requests.append(request)
        return answer(request)


def running_feeds(feeds: ScriptedFeeds) -> AbstractContextManager[Running]:
    """A server of it."""
    return running_recommender(feeds, add_FeedServiceServicer_to_server)
