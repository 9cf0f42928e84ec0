"""All services in one real server on a free port, whose answers a test scripts."""

from contextlib import AbstractContextManager
from typing import Any

from cocite.v1.embedding_service_pb2_grpc import EmbeddingServiceServicer, add_EmbeddingServiceServicer_to_server
from cocite.v1.feature_service_pb2_grpc import FeatureServiceServicer, add_FeatureServiceServicer_to_server
from cocite.v1.feed_service_pb2_grpc import FeedServiceServicer, add_FeedServiceServicer_to_server
from cocite.v1.recommender_service_pb2_grpc import add_RecommenderServiceServicer_to_server
from support.scripted_recommender import Running, Scripted, running_recommender


class ScriptedServices(Scripted, FeatureServiceServicer, EmbeddingServiceServicer, FeedServiceServicer):
    """Answers what any service is asked."""

    BatchGetPapers = Scripted._serve
    BatchGetReferences = Scripted._serve
    EmbedTexts = Scripted._serve
    GetEmbeddingModel = Scripted._serve
    RecordEvents = Scripted._serve
    ListFeed = Scripted._serve
    ListTrending = Scripted._serve
    ListNew = Scripted._serve
    Subscribe = Scripted._serve
    ConfirmSubscription = Scripted._serve
    Unsubscribe = Scripted._serve
    GetReader = Scripted._serve
    RotateFeedToken = Scripted._serve
    DeleteReader = Scripted._serve


def _register(servicer: Any, server: Any) -> None:
    add_RecommenderServiceServicer_to_server(servicer, server)
    add_FeatureServiceServicer_to_server(servicer, server)
    add_EmbeddingServiceServicer_to_server(servicer, server)
    add_FeedServiceServicer_to_server(servicer, server)


def running_services() -> AbstractContextManager[Running]:
    """A server of all of them."""
    return running_recommender(ScriptedServices(), _register)
