"""The recommender process."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import grpc

from cocite.core.settings import Settings
from cocite.recommender.answer import Answerer
from cocite.recommender.answer_cache import RECOMMEND, SERVICE, wire_cache
from cocite.recommender.clients import EmbeddingClient, FeatureClient
from cocite.recommender.fresh.follower import Follower
from cocite.recommender.reload import Models, Watcher
from cocite.recommender.servicer import RecommenderServicer
from cocite.recommender.texts import TextVectors
from cocite.serving.channel import open_channel
from cocite.serving.computing import Computing
from cocite.serving.credentials import credentials_of
from cocite.serving.rpc_meter import RpcMeter
from cocite.serving.server import GrpcServer, run
from cocite.v1.recommender_service_pb2_grpc import add_RecommenderServiceServicer_to_server

AT_ONCE = 2  # calls that compute: one has the interpreter, the other may be in a loop that does without it


@dataclass(frozen=True, slots=True)
class Recommender:
    """Everything of the process; close() after the server has stopped."""

    server: GrpcServer
    models: Models
    watcher: Watcher
    follower: Follower
    resources: ExitStack

    def close(self) -> None:
        """Stop watching and hang up."""
        self.resources.close()


def build(settings: Settings) -> Recommender:
    """Wire the process. The server is ready as soon as a model is published, which may be before it starts.

    Raises InvalidArgument for settings that cannot work.
    """
    with ExitStack() as stack:
        credentials = credentials_of(settings)
        features_channel = stack.enter_context(open_channel(settings.features_target, (), credentials))
        embedding_channel = stack.enter_context(open_channel(settings.embedding_target, (), credentials))
        wire = stack.enter_context(wire_cache(settings))
        models, features = Models(settings.bundles, before_swap=wire.serve), FeatureClient(features_channel)
        embedding, meter = EmbeddingClient(embedding_channel), RpcMeter()
        texts = TextVectors(embedding)
        answerer = Answerer(features, texts, on_lack=meter.lacking)
        servicer = RecommenderServicer(models, features, answerer, settings.default_deadline_s)
        register: Callable[[grpc.Server], None] = partial(add_RecommenderServiceServicer_to_server, servicer)
        at_once = {RECOMMEND: servicer.recommend_at_once}
        server = GrpcServer(
            settings, settings.recommender_listen, [SERVICE], register, wire, at_once, meter, Computing(AT_ONCE)
        )
        watcher = Watcher(models, settings.bundle_poll_s, on_change=lambda: server.set_ready(True))
        watcher.start()
        stack.callback(watcher.close)
        follower = Follower(  # with clients of its own: what fails in the background must not shut calls out
            models,
            FeatureClient(features_channel),
            EmbeddingClient(embedding_channel),
            settings.fresh_interval_s,
            settings.fresh_limit,
        )
        follower.start()
        stack.callback(follower.close)
        if settings.metrics_listen:
            from cocite.recommender.metrics import tell

            stack.enter_context(tell(settings, server, meter, wire, models, texts, features, embedding))
        return Recommender(server, models, watcher, follower, stack.pop_all())


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):  # calls are the parallelism; BLAS threads beneath them only wait for each other
        recommender = build(settings)
        run(recommender.server, "recommender", recommender.close)
