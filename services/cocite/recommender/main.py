"""The recommender process."""

from dataclasses import dataclass

import grpc

from cocite.core.settings import Settings
from cocite.recommender.answer import Answerer
from cocite.recommender.clients import EmbeddingClient, FeatureClient
from cocite.recommender.fresh.follower import Follower
from cocite.recommender.reload import Models, Watcher
from cocite.recommender.servicer import CACHED_METHODS, RecommenderServicer
from cocite.recommender.texts import TextVectors
from cocite.serving.answer_memory import AnswerMemory
from cocite.serving.channel import open_channel
from cocite.serving.server import GrpcServer, run
from cocite.serving.wire_cache import WireCache
from cocite.v1.recommender_service_pb2_grpc import add_RecommenderServiceServicer_to_server

NAME = "cocite.v1.RecommenderService"


@dataclass(frozen=True, slots=True)
class Recommender:
    """Everything of the process; close() after the server has stopped."""

    server: GrpcServer
    models: Models
    watcher: Watcher
    follower: Follower
    channels: tuple[grpc.Channel, ...]

    def close(self) -> None:
        """Stop watching and hang up."""
        self.follower.close()
        self.watcher.close()
        for channel in self.channels:
            channel.close()


def build(settings: Settings) -> Recommender:
    """Wire the process. The server is ready as soon as a model is published, which may be before it starts."""
    features_channel, embedding_channel = (
        open_channel(settings.features_target),
        open_channel(settings.embedding_target),
    )
    memory = AnswerMemory(settings.wire_cache_bytes, settings.wire_cache_ttl_s)
    wire = WireCache(frozenset(f"/{NAME}/{method}" for method in CACHED_METHODS), memory)
    models, features = Models(settings.bundles, before_swap=wire.serve), FeatureClient(features_channel)
    answerer = Answerer(features, TextVectors(EmbeddingClient(embedding_channel)))
    servicer = RecommenderServicer(models, features, answerer, settings.default_deadline_s)

    def register(grpc_server: grpc.Server) -> None:
        add_RecommenderServiceServicer_to_server(servicer, grpc_server)  # type: ignore[no-untyped-call]  # generated

    server = GrpcServer(settings, settings.recommender_listen, [NAME], register, wire)
    watcher = Watcher(models, settings.bundle_poll_s, on_change=lambda: server.set_ready(True))
    watcher.start()
    follower = Follower(  # with clients of its own: what fails in the background must not shut calls out
        models,
        FeatureClient(features_channel),
        EmbeddingClient(embedding_channel),
        settings.fresh_interval_s,
        settings.fresh_limit,
    )
    follower.start()
    return Recommender(server, models, watcher, follower, (features_channel, embedding_channel))


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):  # calls are the parallelism; BLAS threads beneath them only wait for each other
        recommender = build(settings)
        run(recommender.server, "recommender", recommender.close)
