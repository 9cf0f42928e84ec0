"""The feed service as a process: catalogue, Redis, the services it asks, and server wired together."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import NamedTuple

import grpc

from cocite.cache.answers import SharedAnswers
from cocite.cache.embedded import open_redis
from cocite.cache.keys import Keys
from cocite.cache.redis_store import RedisStore
from cocite.catalogue.events import EventLog
from cocite.catalogue.experiments import Experiments
from cocite.catalogue.readers import Readers
from cocite.catalogue.store import Catalogue
from cocite.catalogue.subscriptions import Subscriptions
from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings
from cocite.feeds.arrivals import Arrivals
from cocite.feeds.contents import PaperContents
from cocite.feeds.experiments import ExperimentalRanking, RunningExperiment
from cocite.feeds.feed_lists import FeedLists
from cocite.feeds.feed_page import FeedPages, KeptPage
from cocite.feeds.feed_source import FeedSource
from cocite.feeds.mail_confirming import start_sender
from cocite.feeds.new_papers import NewPapers
from cocite.feeds.ranking import GeneralRanking, PersonalRanking
from cocite.feeds.reader_refs import FeedTokens
from cocite.feeds.reader_tags import ReaderTags
from cocite.feeds.readers import ReaderPages
from cocite.feeds.recommending import ModelWatch, Recommending
from cocite.feeds.recording import Recording
from cocite.feeds.secrets import signer
from cocite.feeds.servicer import FeedServicer
from cocite.feeds.similar import SimilarPapers
from cocite.feeds.subscribing import Subscribing
from cocite.feeds.trending.service import Trending
from cocite.serving.answer_memory import AnswerMemory
from cocite.serving.channel import open_channel
from cocite.serving.credentials import credentials_of
from cocite.serving.health_watch import HealthWatch
from cocite.serving.interceptor import AtOnce
from cocite.serving.rpc_meter import RpcMeter
from cocite.serving.server import GrpcServer, run
from cocite.v1 import feed_service_pb2
from cocite.v1.feed_service_pb2_grpc import add_FeedServiceServicer_to_server

SERVICE = feed_service_pb2.DESCRIPTOR.services_by_name["FeedService"].full_name
LIST_FEED, LIST_NEW, LIST_TRENDING = (f"/{SERVICE}/{method}" for method in ("ListFeed", "ListNew", "ListTrending"))
ANSWER_S = 5.0  # that a silent PostgreSQL is waited for
FEED_BYTES, FEED_KEPT_S = 64 << 20, 60.0  # of answers in memory, and how long one is given out
NEW_BYTES, NEW_KEPT_S = 16 << 20, 5.0
SIMILAR_KEPT_S = 3600
_NO_PAPER = "local:health"


@dataclass(frozen=True, slots=True)
class FeedProcess:
    """A feed service wired up; it is ready while the catalogue answers, or Redis, which holds the last feeds."""

    server: GrpcServer
    resources: ExitStack

    def close(self) -> None:
        """Release what the service holds, after its server has stopped."""
        self.resources.close()


class _Answering(NamedTuple):
    """Who answers calls, who answers some from their bytes, and what is to be called now and then."""

    servicer: FeedServicer
    at_once: Mapping[str, AtOnce]
    probes: Sequence[Callable[[], None]]
    recommending: Recommending
    recording: Recording
    trending: Trending


def build(settings: Settings) -> FeedProcess:
    """Wire the service.

    Raises InvalidArgument for settings that cannot work, Unavailable when the catalogue does not answer, NotReady
    without a Valkey to embed.
    """
    if settings.workers > 1 and not settings.redis_url:
        raise InvalidArgument(
            "several workers of the feed service need one Redis",
            hint="set COCITE_REDIS_URL, or COCITE_WORKERS=1",
            field="COCITE_WORKERS",
        )
    with ExitStack() as stack:
        catalogue = stack.enter_context(Catalogue.open(settings.catalogue, answer_s=ANSWER_S))
        log = stack.enter_context(EventLog(catalogue))
        store, close_store = open_redis(settings)
        stack.callback(close_store)
        meter = RpcMeter()
        answering = _answering(settings, catalogue, log, store, stack)
        register: Callable[[grpc.Server], None] = partial(add_FeedServiceServicer_to_server, answering.servicer)
        server = GrpcServer(
            settings, settings.feeds_listen, [SERVICE], register, at_once=answering.at_once, meter=meter
        )
        watch = HealthWatch([partial(_ping, catalogue), store.ping], server.set_ready)
        stack.callback(watch.close)
        background = HealthWatch(answering.probes, lambda _: None)
        stack.callback(background.close)
        if settings.metrics_listen:
            from cocite.feeds.metrics import tell

            parts = (catalogue, store, answering.recommending, answering.recording, answering.trending)
            stack.enter_context(tell(settings, server, meter, *parts))
        return FeedProcess(server, stack.pop_all())


def _answering(
    settings: Settings, catalogue: Catalogue, log: EventLog, store: RedisStore, stack: ExitStack
) -> _Answering:
    keys, sign, readers = Keys(settings.redis_namespace), signer(settings), Readers(catalogue)
    credentials = credentials_of(settings)
    recommending = Recommending(stack.enter_context(open_channel(settings.recommender_target, (), credentials)))
    contents = PaperContents(stack.enter_context(open_channel(settings.features_target, (), credentials)), catalogue)
    tags, lists, tokens = ReaderTags(store, keys), FeedLists(store, keys), FeedTokens(sign, readers)
    feed_memory: AnswerMemory[KeptPage] = AnswerMemory(FEED_BYTES, FEED_KEPT_S)
    new_memory: AnswerMemory[bytes] = AnswerMemory(NEW_BYTES, NEW_KEPT_S)

    def serve(model: str) -> None:
        feed_memory.serve(model)
        new_memory.serve(model)

    model = ModelWatch(recommending, serve)
    answers = SharedAnswers(store, keys, SIMILAR_KEPT_S, version("cocite"))
    stack.callback(answers.close)
    similar = SimilarPapers(recommending, model, answers)
    stack.callback(similar.close)
    arrivals = Arrivals(catalogue, log)
    trending = Trending(catalogue, log, store, keys, contents, sign)
    trending.start()
    stack.callback(trending.close)
    general = GeneralRanking(recommending, [trending.feed_items, lambda _: arrivals.items()])
    running = RunningExperiment(Experiments(catalogue))
    personal = ExperimentalRanking(PersonalRanking(recommending, arrivals), running)
    source = FeedSource(catalogue, lists, model, personal, general)
    feed = FeedPages(source, lists, tags, readers, tokens, sign, contents, model, feed_memory)
    new = NewPapers(catalogue, log, similar, sign, new_memory)
    of_readers = ReaderPages(log, readers, Subscriptions(catalogue), tokens, sign, contents, tags, lists, trending)
    sender = start_sender(settings, catalogue, sign)
    if sender:
        stack.callback(sender.close)
    subscribing = Subscribing(Subscriptions(catalogue), readers, sign, settings, sender)
    recording = Recording(log, tags)
    servicer = FeedServicer(recording, feed, new, of_readers, subscribing, trending, settings.default_deadline_s)
    return _Answering(
        servicer,
        {LIST_FEED: feed.at_once, LIST_NEW: new.at_once, LIST_TRENDING: trending.at_once},
        [tags.settle, model.look],
        recommending,
        recording,
        trending,
    )


def _ping(catalogue: Catalogue) -> None:
    catalogue.get_papers([_NO_PAPER])


def serve(settings: Settings) -> None:
    """Run the service until SIGTERM or SIGINT."""
    process = build(settings)
    run(process.server, "feeds", process.close)
