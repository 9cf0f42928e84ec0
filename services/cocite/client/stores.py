"""The clients of the feature service and of the embedding service."""

from collections.abc import Sequence

import numpy as np

from cocite.client import answers, requests
from cocite.client.connection import Connection
from cocite.client.types import Embeddings, FoundPapers
from cocite.core.settings import load_settings
from cocite.core.vectors import decode_vector
from cocite.serving.interceptor import validate
from cocite.v1 import embedding_service_pb2, feature_service_pb2, vector_pb2
from cocite.v1.embedding_service_pb2_grpc import EmbeddingServiceStub
from cocite.v1.feature_service_pb2_grpc import FeatureServiceStub


class FeatureClient(Connection):
    """Asks the feature service for papers. target as for Client, COCITE_FEATURES_TARGET when None."""

    target_setting = "COCITE_FEATURES_TARGET"

    def __init__(self, target: str | None = None, *, timeout_s: float = 5.0) -> None:
        super().__init__(load_settings().features_target if target is None else target, timeout_s)
        self._stub = FeatureServiceStub(self.channel)  # type: ignore[no-untyped-call]  # generated

    def papers(self, ids: str | Sequence[str], *, view: str = "basic", timeout_s: float | None = None) -> FoundPapers:
        """Papers by any of their ids; view is "id", "basic" or "full"."""
        request = feature_service_pb2.BatchGetPapersRequest(
            paper_ids=requests.strings(ids, "paper_ids"), view=requests.paper_view(view)
        )
        validate(request)
        answer = self.call(self._stub.BatchGetPapers, request, timeout_s)
        return FoundPapers(
            papers={found.requested_id: answers.paper(found.paper) for found in answer.papers},
            missing=tuple(answer.missing_ids),
            degraded=answers.degradations(answer.degraded),
        )


class EmbeddingClient(Connection):
    """Asks the embedding service for vectors. target as for Client, COCITE_EMBEDDING_TARGET when None."""

    target_setting = "COCITE_EMBEDDING_TARGET"

    def __init__(self, target: str | None = None, *, timeout_s: float = 30.0) -> None:
        super().__init__(load_settings().embedding_target if target is None else target, timeout_s)
        self._stub = EmbeddingServiceStub(self.channel)  # type: ignore[no-untyped-call]  # generated

    def embed(self, texts: str | Sequence[str], *, timeout_s: float | None = None) -> Embeddings:
        """Vectors of the texts, in the order given."""
        request = embedding_service_pb2.EmbedTextsRequest(
            texts=requests.strings(texts, "texts"), dtype=vector_pb2.VECTOR_DTYPE_FLOAT32
        )
        validate(request)
        answer = self.call(self._stub.EmbedTexts, request, timeout_s)
        vectors = [decode_vector(e.vector, "float32", answer.dimension) for e in answer.embeddings]
        return Embeddings(
            model_version=answer.model_version,
            vectors=np.stack(vectors),
            truncated=tuple(e.truncated for e in answer.embeddings),
        )
