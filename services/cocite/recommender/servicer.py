"""RecommenderService over gRPC. Requests arrive validated; errors leave by the interceptor."""

from datetime import datetime

import grpc

from cocite.recommender.answer import Answerer
from cocite.recommender.clients import FeatureClient
from cocite.recommender.paging import model_of
from cocite.recommender.reload import Models
from cocite.recommender.resolving import resolve_papers
from cocite.serving.deadline import Deadline
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.recommender_service_pb2_grpc import RecommenderServiceServicer


class RecommenderServicer(RecommenderServiceServicer):
    """Each call takes the serving model once, so that one answer comes from one version."""

    def __init__(self, models: Models, features: FeatureClient, answerer: Answerer, default_deadline_s: float) -> None:
        self._models = models
        self._features = features
        self._answerer = answerer
        self._default_deadline_s = default_deadline_s

    def RecommendPapers(
        self, request: pb.RecommendPapersRequest, context: grpc.ServicerContext
    ) -> pb.RecommendPapersResponse:
        """See recommender_service.proto."""
        deadline = Deadline.of(context, self._default_deadline_s)
        return self._answerer.answer(request, self._models.require(model_of(request.page_token)), deadline)

    def ResolvePapers(
        self, request: pb.ResolvePapersRequest, context: grpc.ServicerContext
    ) -> pb.ResolvePapersResponse:
        """See recommender_service.proto."""
        deadline = Deadline.of(context, self._default_deadline_s)
        return resolve_papers(request.queries, self._models.require().bundle, self._features, deadline)

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
