"""A recommender on a free port between a feature and an embedding service that fail on demand, all real gRPC."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from cocite.core.paper import Paper
from cocite.core.settings import Settings
from cocite.core.vectors import encode_vector
from cocite.recommender.main import Recommender, build
from cocite.serving.papers import paper_to_proto
from cocite.serving.server import GrpcServer
from cocite.v1 import embedding_service_pb2 as embedding_pb
from cocite.v1 import feature_service_pb2 as feature_pb
from cocite.v1 import paper_pb2, vector_pb2
from cocite.v1.degradation_pb2 import Degradation
from cocite.v1.embedding_service_pb2_grpc import (
    EmbeddingServiceServicer,
    add_EmbeddingServiceServicer_to_server,
)
from cocite.v1.feature_service_pb2_grpc import FeatureServiceServicer, add_FeatureServiceServicer_to_server
from cocite.v1.recommender_service_pb2_grpc import RecommenderServiceStub
from support.bundles import DIMENSION, EMBEDDING_MODEL, bag_vector


def until(done: Callable[[], bool]) -> None:
    """Wait for something that another thread brings about; fail when it does not within 20 s."""
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


@dataclass
class Trouble:
    """What a service is to do wrong; delay_s makes each call slow."""

    code: grpc.StatusCode | None = None
    hang: bool = False
    delay_s: float = 0.0
    says: str = "told to fail"
    released: threading.Event = field(default_factory=threading.Event)

    def strike(self, context: grpc.ServicerContext) -> None:
        if self.hang or self.delay_s:
            self.released.wait(self.delay_s or 30)
        if self.code is not None:
            context.abort(self.code, self.says)


class Features(FeatureServiceServicer):
    """Papers from a list, by id and alias."""

    def __init__(self, papers: tuple[Paper, ...]) -> None:
        self.papers = {name: paper for paper in papers for name in (paper.paper_id, *paper.aliases)}
        self.trouble = Trouble()
        self.degraded: list[Degradation] = []
        self.requests: list[feature_pb.BatchGetPapersRequest] = []
        self.references: dict[str, tuple[str, ...]] = {}
        self.references_trouble = Trouble()
        self.new: list[feature_pb.NewPaper] = []
        self.arrivals = 0

    def BatchGetPapers(
        self, request: feature_pb.BatchGetPapersRequest, context: grpc.ServicerContext
    ) -> feature_pb.BatchGetPapersResponse:
        self.requests.append(request)
        self.trouble.strike(context)
        found = [
            feature_pb.FoundPaper(requested_id=name, paper=paper_to_proto(self.papers[name], request.view))
            for name in request.paper_ids
            if name in self.papers
        ]
        missing = [name for name in request.paper_ids if name not in self.papers]
        return feature_pb.BatchGetPapersResponse(papers=found, missing_ids=missing, degraded=self.degraded)

    def BatchGetReferences(
        self, request: feature_pb.BatchGetReferencesRequest, context: grpc.ServicerContext
    ) -> feature_pb.BatchGetReferencesResponse:
        self.references_trouble.strike(context)
        return feature_pb.BatchGetReferencesResponse(
            references=[
                feature_pb.References(requested_id=name, reference_ids=self.references.get(name, ()))
                for name in request.paper_ids
                if name in self.papers
            ]
        )

    def ListNewPapers(
        self, request: feature_pb.ListNewPapersRequest, context: grpc.ServicerContext
    ) -> feature_pb.ListNewPapersResponse:
        self.trouble.strike(context)
        return feature_pb.ListNewPapersResponse(papers=[new for new in self.new if new.cursor > request.after][:2])

    def add(self, paper: Paper, references: tuple[str, ...] = (), citing: tuple[str, ...] = ()) -> None:
        """A paper that comes, or comes again."""
        self.papers[paper.paper_id] = paper
        self.references[paper.paper_id] = references
        self.arrivals += 1
        kept = [new for new in self.new if new.paper.paper_id != paper.paper_id]
        message = paper_to_proto(paper, paper_pb2.PAPER_VIEW_FULL)
        came = feature_pb.NewPaper(paper=message, reference_ids=references, citing_ids=citing, cursor=self.arrivals)
        self.new = [*kept, came]


class Embedding(EmbeddingServiceServicer):
    """The vectors of support.bundles.bag_vector."""

    def __init__(self) -> None:
        self.model_version = EMBEDDING_MODEL
        self.trouble = Trouble()
        self.answer: embedding_pb.EmbedTextsResponse | None = None
        self.requests: list[embedding_pb.EmbedTextsRequest] = []

    def EmbedTexts(
        self, request: embedding_pb.EmbedTextsRequest, context: grpc.ServicerContext
    ) -> embedding_pb.EmbedTextsResponse:
        self.requests.append(request)
        self.trouble.strike(context)
        if self.answer is not None:
            return self.answer
        return embedding_pb.EmbedTextsResponse(
            model_version=self.model_version,
            dimension=DIMENSION,
            dtype=vector_pb2.VECTOR_DTYPE_FLOAT32,
            embeddings=[
                embedding_pb.Embedding(vector=encode_vector(bag_vector(text), "float32")) for text in request.texts
            ],
        )


@dataclass
class House:
    """The three services, and a stub of the recommender."""

    recommender: Recommender
    features: Features
    embedding: Embedding
    stub: RecommenderServiceStub
    channel: grpc.Channel
    address: str


def listen(name: str, register: Callable[[grpc.Server], None]) -> tuple[GrpcServer, str]:
    """A server on a free port, started, and its address; it refuses what the real one refuses."""
    server = GrpcServer(Settings(drain_s=0, lame_duck_s=0), "127.0.0.1:0", [f"cocite.v1.{name}"], register)
    server.set_ready(True)
    return server, server.start()


@contextmanager
def open_house(
    bundles_dir: Path, papers: tuple[Paper, ...], *, poll_s: float = 0.02, fresh_limit: int = 100, **settings: Any
) -> Iterator[House]:
    """Start all three; the recommender watches bundles_dir. It keeps no answers, unless settings say so."""
    features, embedding = Features(papers), Embedding()
    features_server, features_target = listen(
        "FeatureService", lambda s: add_FeatureServiceServicer_to_server(features, s)
    )
    embedding_server, embedding_target = listen(
        "EmbeddingService", lambda s: add_EmbeddingServiceServicer_to_server(embedding, s)
    )
    of_recommender = Settings(
        bundles_dir=bundles_dir,
        bundle_poll_s=poll_s,
        fresh_interval_s=poll_s,
        fresh_limit=fresh_limit,
        recommender_listen="127.0.0.1:0",
        features_target=features_target,
        embedding_target=embedding_target,
        lame_duck_s=0,
        **{"wire_cache_bytes": 0, **settings},
    )
    recommender = build(of_recommender)
    address = recommender.server.start()
    channel = grpc.insecure_channel(address)
    try:
        yield House(recommender, features, embedding, RecommenderServiceStub(channel), channel, address)
    finally:
        channel.close()
        recommender.server.stop()
        recommender.close()
        for service in (features, embedding):
            service.trouble.released.set()
        for server in (features_server, embedding_server):
            server.stop()
