"""Feed services as they run: replicas that share a catalogue and a Valkey, beside a recommender of plain taste."""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import grpc
from google.protobuf.message import Message

from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.errors import Unavailable
from cocite.core.settings import Settings
from cocite.feeds.main import build
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1 import recommender_service_pb2 as recommender_pb
from cocite.v1.feed_service_pb2_grpc import FeedServiceStub
from cocite.v1.paper_pb2 import Paper
from support.feature_stores import PATIENT_S
from support.scripted_recommender import Running, Scripted, running_recommender
from support.valkey import RealValkey

OLD, NEW = 60, 8  # papers, the new ones numbered after the old
WAIT_S = 60.0
NAMESPACE = "site"
TODAY = datetime.now(UTC).date()  # the day of the new ones, whatever day the test ends on


def paper(number: int) -> str:
    return f"local:p{number}"


def number_of(paper_id: str) -> int:
    return int(paper_id.removeprefix("local:p"))


@dataclass
class PlainTaste:
    """Finds the papers whose numbers are nearest to one that is liked, and says which; the highest numbers else."""

    model: str = "m1"
    away: bool = False
    silent: threading.Event | None = None  # answers nothing before it is set
    only_new_fail: bool = False
    asked: list[recommender_pb.RecommendPapersRequest] = field(default_factory=list)

    def answer(self, request: Message) -> Message:
        if isinstance(request, recommender_pb.GetModelRequest):
            return recommender_pb.GetModelResponse(model_version=self.model)
        assert isinstance(request, recommender_pb.RecommendPapersRequest)
        self.asked.append(request)
        if self.silent:
            self.silent.wait(WAIT_S)
        if self.away or (self.only_new_fail and request.filter.min_year):
            raise Unavailable("gone for lunch")
        return self._ranked(request)

    def _ranked(self, request: recommender_pb.RecommendPapersRequest) -> recommender_pb.RecommendPapersResponse:
        seeds = [*request.seeds.library_ids, *request.seeds.positive_ids]
        liked = [number_of(each) for each in seeds if each.startswith("local:p")]
        out = {number_of(each) for each in (*request.exclude_ids, *seeds) if each.startswith("local:p")}
        first = OLD + 1 if request.filter.min_year else 1
        there = [number for number in range(first, OLD + NEW + 1) if number not in out]
        answer = recommender_pb.RecommendPapersResponse(model_version=self.model)
        if not liked:
            answer.fallback = recommender_pb.FALLBACK_POPULARITY
            there.reverse()
        for number in sorted(there, key=lambda n: min((abs(n - m) for m in liked), default=0))[: request.page_size]:
            answer.results.append(_result(number, liked))
        return answer


def _result(number: int, liked: Sequence[int]) -> recommender_pb.Recommendation:
    if not liked:
        reason = recommender_pb.Reason(popularity=recommender_pb.Popularity(citation_count=number))
    else:
        nearest = min(liked, key=lambda m: abs(number - m))
        reason = recommender_pb.Reason(seed=paper(nearest), co_citation=recommender_pb.CoCitation(count=1))
    return recommender_pb.Recommendation(paper=Paper(paper_id=paper(number)), reasons=[reason])


class FeedSite:
    """The catalogue, the Valkey, the recommender, and as many replicas of the feed service as are asked for."""

    def __init__(
        self, folder: Path, running: Running, taste: PlainTaste, open_now: ExitStack, papers: bool, url: str
    ) -> None:
        self.taste = taste
        self.valkey = RealValkey()
        open_now.callback(self.valkey.close)
        self._open = open_now
        self._ids = itertools.count()
        self._settings = Settings(
            home=folder,
            catalogue_url=url or f"sqlite:///{folder / 'catalogue.db'}",
            redis_url=self.valkey.url,
            redis_namespace=NAMESPACE,
            redis_timeout_s=PATIENT_S,
            recommender_target=running.target,
            features_target="127.0.0.1:1",  # nobody: papers come from the catalogue
            feeds_listen="127.0.0.1:0",
            drain_s=0,
            lame_duck_s=0,
        )
        self.catalogue = open_now.enter_context(Catalogue.open(self._settings.catalogue))
        if papers:
            self._describe()

    def _describe(self) -> None:
        described = [PaperRecord((paper(n),), Fields(f"Paper {n}", year=2010)) for n in range(1, OLD + 1)]
        new = range(OLD + 1, OLD + NEW + 1)
        described += [PaperRecord((paper(n),), Fields(f"Paper {n}", published_on=TODAY)) for n in new]
        self.catalogue.write(described)

    def replica(self) -> FeedServiceStub:
        """One more feed service, which runs until the site ends."""
        process = build(self._settings)
        self._open.callback(process.close)
        address = process.server.start()
        self._open.callback(process.server.stop, lame_duck_s=0.0)
        return FeedServiceStub(self._open.enter_context(grpc.insecure_channel(address)))  # type: ignore[no-untyped-call]

    def event(self, who: pb.ReaderRef, kind: "pb.EventKind", number: int, *, undo: bool = False) -> pb.Event:
        return pb.Event(event_id=f"e{next(self._ids)}", reader=who, kind=kind, paper_id=paper(number), undo=undo)

    def act(self, at: FeedServiceStub, who: pb.ReaderRef, kind: "pb.EventKind", *numbers: int, undo: bool = False):
        """Record events, each of which must be kept."""
        events = [self.event(who, kind, number, undo=undo) for number in numbers]
        assert statuses(at, *events) == [pb.EVENT_STATUS_RECORDED] * len(events)

    def rankings(self, work: Callable[[], object]) -> int:
        """How many rankings the recommender is asked for by some work."""
        before = len(self.taste.asked)
        work()
        return len(self.taste.asked) - before


@contextmanager
def feed_site(folder: Path, *, papers: bool = True, catalogue_url: str = "") -> Iterator[FeedSite]:
    taste = PlainTaste()
    with running_recommender(Scripted(taste.answer)) as running, ExitStack() as open_now:
        yield FeedSite(folder, running, taste, open_now, papers, catalogue_url)


def reader(name: str) -> pb.ReaderRef:
    return pb.ReaderRef(reader_id=name)


def statuses(at: FeedServiceStub, *events: pb.Event) -> list[int]:
    return [each.status for each in at.RecordEvents(pb.RecordEventsRequest(events=events), timeout=WAIT_S).results]


def feed(
    at: FeedServiceStub, who: pb.ReaderRef, token: str = "", size: int = 100, timeout: float = WAIT_S
) -> pb.ListFeedResponse:
    request = pb.ListFeedRequest(reader=who, page_size=size, page_token=token)
    answer: pb.ListFeedResponse = at.ListFeed(request, timeout=timeout)
    return answer


def numbers(answer: "pb.ListFeedResponse | pb.ListNewResponse") -> list[int]:
    return [number_of(item.paper.paper_id) for item in answer.items]


def token_of(at: FeedServiceStub, who: pb.ReaderRef) -> str:
    """The token of a reader's private feed."""
    token: str = at.GetReader(pb.GetReaderRequest(reader=who), timeout=WAIT_S).feed_token
    return token
