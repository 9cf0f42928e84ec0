"""FeatureService on the wire: requests in, the two caches asked, answers out in the order of the request."""

import grpc

from cocite.core.errors import InvalidArgument
from cocite.core.ids import normalise_id
from cocite.core.vectors import Dtype
from cocite.features.degradations import CACHE_UNAVAILABLE
from cocite.features.papers import PaperReader
from cocite.features.vectors import VectorCache, to_float16
from cocite.serving.deadline import Deadline
from cocite.serving.papers import in_view
from cocite.serving.server import MAX_MESSAGE_BYTES
from cocite.v1 import feature_service_pb2 as pb
from cocite.v1 import feature_service_pb2_grpc, vector_pb2

_DTYPES: dict[int, Dtype] = {vector_pb2.VECTOR_DTYPE_FLOAT32: "float32", vector_pb2.VECTOR_DTYPE_FLOAT16: "float16"}
_FEW = 50  # papers, which fit into a message; the size of more is looked at, which takes as long as encoding them


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
        _refuse_too_large(response)
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


def _refuse_too_large(response: pb.BatchGetPapersResponse) -> None:
    """Raise InvalidArgument for what one message cannot hold; grpcio alone would not say what to do about it."""
    if len(response.papers) > _FEW and response.ByteSize() > MAX_MESSAGE_BYTES:
        raise InvalidArgument(
            f"paper_ids: these papers come to more than {MAX_MESSAGE_BYTES >> 20} MiB",
            hint="ask for fewer at a time, or for less of each in view",
            field="paper_ids",
        )
