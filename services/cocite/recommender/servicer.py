"""RecommenderService over gRPC. Requests arrive validated; errors leave by the interceptor.

Only whole answers are Cacheable: one that lacks what a service did not give in time would go on lacking it, and a paper
that nobody knows may be in the catalogue a moment later.
"""

from datetime import datetime

import grpc

from cocite.recommender.answer import Answerer
from cocite.recommender.clients import FeatureClient
from cocite.recommender.one_paper import PageAsked
from cocite.recommender.paging import model_of
from cocite.recommender.reload import Models
from cocite.recommender.resolving import resolve_papers
from cocite.serving.deadline import Deadline
from cocite.serving.wire_cache import Cacheable
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.recommender_service_pb2_grpc import RecommenderServiceServicer

_MAY_BE_FOUND = (pb.RESOLVE_STATUS_UNKNOWN, pb.RESOLVE_STATUS_UNAVAILABLE)


class RecommenderServicer(RecommenderServiceServicer):
    """Each call takes the serving model once, so that one answer comes from one version."""

    def __init__(self, models: Models, features: FeatureClient, answerer: Answerer, default_deadline_s: float) -> None:
        self._models = models
        self._features = features
        self._answerer = answerer
        self._default_deadline_s = default_deadline_s

    def recommend_at_once(self, request: bytes) -> Cacheable | None:
        """The answer to an encoded request of RecommendPapers that a related list answers."""
        asked = PageAsked.of(request)
        if asked is None:
            return None
        model = self._models.require(model_of(asked.token))
        body = model.one_paper.answer(asked, request)
        return None if body is None else Cacheable(body, model.name)

    def RecommendPapers(self, request: pb.RecommendPapersRequest, context: grpc.ServicerContext) -> bytes | Cacheable:
        """See recommender_service.proto."""
        deadline = Deadline.of(context, self._default_deadline_s)
        model = self._models.require(model_of(request.page_token))
        answer = self._answerer.answer(request, model, deadline)
        return Cacheable(answer.body, model.name) if answer.whole else answer.body

    def ResolvePapers(
        self, request: pb.ResolvePapersRequest, context: grpc.ServicerContext
    ) -> pb.ResolvePapersResponse | Cacheable:
        """See recommender_service.proto."""
        deadline = Deadline.of(context, self._default_deadline_s)
        model = self._models.require()
        answer = resolve_papers(request.queries, model.bundle, self._features, deadline)
        lost = any(found.status in _MAY_BE_FOUND for found in answer.results)
        return answer if answer.degraded or lost else Cacheable(answer, model.name)

    def GetModel(self, request: pb.GetModelRequest, context: grpc.ServicerContext) -> pb.GetModelResponse:
        """See recommender_service.proto."""
        model = self._models.require()
        manifest = model.bundle.manifest
        response = pb.GetModelResponse(
            model_version=manifest.model_version,
            paper_count=manifest.paper_count - model.fresh_count,
            fresh_paper_count=model.fresh_count,
            citation_count=manifest.citation_count,
            embedding_model_version=manifest.embedding_model_version,
            metrics=manifest.metrics,
            refused=[pb.RefusedModel(model_version=r.version, detail=r.detail) for r in self._models.refusals],
        )
        response.create_time.FromDatetime(datetime.fromisoformat(manifest.created_at))
        return response
