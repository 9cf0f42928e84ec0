"""FeatureService on the wire: requests in, the two caches asked, answers out in the order of the request."""

import grpc

from cocite.core.ids import normalise_id
from cocite.core.vectors import Dtype
from cocite.features.degradations import CACHE_UNAVAILABLE
from cocite.features.papers import PaperReader
from cocite.features.vectors import VectorCache, to_float16
from cocite.serving.deadline import Deadline
from cocite.serving.papers import in_view
from cocite.v1 import feature_service_pb2 as pb
from cocite.v1 import feature_service_pb2_grpc, vector_pb2

_DTYPES: dict[int, Dtype] = {vector_pb2.VECTOR_DTYPE_FLOAT32: "float32", vector_pb2.VECTOR_DTYPE_FLOAT16: "float16"}


class FeatureServicer(feature_service_pb2_grpc.FeatureServiceServicer):
    """See feature_service.proto."""

    def __init__(self, papers: PaperReader, vectors: VectorCache, default_deadline_s: float) -> None:
        self._papers = papers
        self._vectors = vectors
        self._default_deadline_s = default_deadline_s

    def BatchGetPapers(
        self, request: pb.BatchGetPapersRequest, context: grpc.ServicerContext
    ) -> pb.BatchGetPapersResponse:
        """See feature_service.proto."""
        requested = request.paper_ids
        ids = [normalise_id(text, field=f"paper_ids[{i}]") for i, text in enumerate(requested)]
        found = self._papers.read(list(dict.fromkeys(ids)), Deadline.of(context, self._default_deadline_s))
        response = pb.BatchGetPapersResponse(degraded=found.degraded)
        for text, paper_id in zip(requested, ids, strict=True):
            if paper := found.papers.get(paper_id):
                response.papers.add(requested_id=text, paper=in_view(paper, request.view))
            elif paper_id in found.missing:
                response.missing_ids.append(text)
        return response

    def BatchGetVectors(
        self, request: pb.BatchGetVectorsRequest, context: grpc.ServicerContext
    ) -> pb.BatchGetVectorsResponse:
        """See feature_service.proto."""
        found = self._vectors.get(request.model_version, list(dict.fromkeys(request.keys)))
        return pb.BatchGetVectorsResponse(
            dtype=vector_pb2.VECTOR_DTYPE_FLOAT16 if found.vectors else vector_pb2.VECTOR_DTYPE_UNSPECIFIED,
            dimension=found.dimension,
            vectors=[pb.Vector(key=key, data=found.vectors[key]) for key in request.keys if key in found.vectors],
            missing_keys=[key for key in request.keys if key not in found.vectors],
            degraded=[] if found.cached else [CACHE_UNAVAILABLE],
        )

    def BatchPutVectors(
        self, request: pb.BatchPutVectorsRequest, context: grpc.ServicerContext
    ) -> pb.BatchPutVectorsResponse:
        """See feature_service.proto."""
        data = [vector.data for vector in request.vectors]
        vectors = to_float16(data, _DTYPES[request.dtype], request.dimension)
        stored = self._vectors.put(request.model_version, [vector.key for vector in request.vectors], vectors)
        return pb.BatchPutVectorsResponse(
            stored=stored, degraded=[] if stored == len(request.vectors) else [CACHE_UNAVAILABLE]
        )
