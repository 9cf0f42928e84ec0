import numpy as np
import pytest

import cocite
from cocite.client import Paper
from cocite.core import errors
from cocite.core.settings import Settings
from cocite.serving.server import GrpcServer
from cocite.v1 import embedding_service_pb2 as embedding_pb
from cocite.v1 import embedding_service_pb2_grpc as embedding_grpc
from cocite.v1 import feature_service_pb2 as feature_pb
from cocite.v1 import feature_service_pb2_grpc as feature_grpc
from cocite.v1.paper_pb2 import PAPER_VIEW_FULL
from cocite.v1.vector_pb2 import VECTOR_DTYPE_FLOAT32


class Features(feature_grpc.FeatureServiceServicer):
    def BatchGetPapers(self, request, context):
        answer = feature_pb.BatchGetPapersResponse(missing_ids=request.paper_ids[1:])
        answer.degraded.add(cause="DEGRADED_CAUSE_CACHE_UNAVAILABLE", detail="Redis is gone")
        found = answer.papers.add(requested_id=request.paper_ids[0])
        found.paper.paper_id = "pmid:1"
        found.paper.abstract = "long" if request.view == PAPER_VIEW_FULL else ""
        return answer


class Embedding(embedding_grpc.EmbeddingServiceServicer):
    def EmbedTexts(self, request, context):
        answer = embedding_pb.EmbedTextsResponse(model_version="e1", dimension=2, dtype=VECTOR_DTYPE_FLOAT32)
        for text in request.texts:
            vector = np.array([len(text), 0.5], dtype="<f4").tobytes()
            answer.embeddings.add(vector=vector, truncated=len(text) > 3)
        return answer


@pytest.fixture
def target():
    def register(server):
        feature_grpc.add_FeatureServiceServicer_to_server(Features(), server)
        embedding_grpc.add_EmbeddingServiceServicer_to_server(Embedding(), server)

    names = ["cocite.v1.FeatureService", "cocite.v1.EmbeddingService"]
    server = GrpcServer(Settings(drain_s=0), "127.0.0.1:0", names, register)
    server.set_ready(True)
    yield server.start()
    server.stop(lame_duck_s=0)


def test_papers_by_id(target):
    with cocite.FeatureClient(target) as client:
        answer = client.papers(["PMID:1", "pmid:2"], view="full")
        assert answer.papers == {"PMID:1": Paper("pmid:1", abstract="long")}
        assert answer.missing == ("pmid:2",)
        assert [d.cause for d in answer.degraded] == ["cache_unavailable"]
        assert client.papers("pmid:1").papers["pmid:1"].abstract == ""


@pytest.mark.parametrize(
    ("ids", "view", "field"), [([], "basic", "paper_ids"), (["a", 1], "id", "paper_ids[1]"), (["a"], "x", "view")]
)
def test_bad_papers_requests(target, ids, view, field):
    with cocite.FeatureClient(target) as client, pytest.raises(errors.InvalidArgument) as caught:
        client.papers(ids, view=view)
    assert caught.value.field == field


def test_vectors_of_texts(target):
    with cocite.EmbeddingClient(target) as client:
        answer = client.embed(["abc", "four"])
    assert answer.model_version == "e1"
    assert answer.vectors.dtype == np.float32
    assert answer.vectors.tolist() == [[3, 0.5], [4, 0.5]]
    assert answer.truncated == (False, True)


def test_bad_texts(target):
    with cocite.EmbeddingClient(target) as client:
        for texts, field in [([], "texts"), (["x" * 100_001], "texts[0]"), ([None], "texts[0]")]:
            with pytest.raises(errors.InvalidArgument) as caught:
                client.embed(texts)
            assert caught.value.field == field
