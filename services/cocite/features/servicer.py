"""FeatureService on the wire: requests in, the two caches asked, answers out in the order of the request."""

import grpc

from cocite.core.errors import InvalidArgument
from cocite.core.ids import normalise_id
from cocite.core.vectors import Dtype
from cocite.features.degradations import CACHE_UNAVAILABLE
from cocite.features.papers import PaperReader
from cocite.features.source import CatalogueSource
from cocite.features.vectors import VectorCache, to_float16
from cocite.serving.deadline import Deadline
from cocite.serving.papers import in_view, paper_to_proto
from cocite.serving.transport import MAX_MESSAGE_BYTES
from cocite.v1 import feature_service_pb2 as pb
from cocite.v1 import feature_service_pb2_grpc, paper_pb2, vector_pb2

_DTYPES: dict[int, Dtype] = {vector_pb2.VECTOR_DTYPE_FLOAT32: "float32", vector_pb2.VECTOR_DTYPE_FLOAT16: "float16"}
_FEW = 50  # papers, which fit into a message; the size of more is looked at, which takes as long as encoding them
_NEW_PAPERS = 100  # a page, unless asked otherwise


class FeatureServicer(feature_service_pb2_grpc.FeatureServiceServicer):
    """See feature_service.proto."""

    def __init__(
        self, papers: PaperReader, source: CatalogueSource, vectors: VectorCache, default_deadline_s: float
    ) -> None:
        self._papers = papers
        self._source = source
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

    def ListNewPapers(
        self, request: pb.ListNewPapersRequest, context: grpc.ServicerContext
    ) -> pb.ListNewPapersResponse:
        """See feature_service.proto."""
        deadline = Deadline.of(context, self._default_deadline_s)
        response = pb.ListNewPapersResponse()
        room = MAX_MESSAGE_BYTES // 2
        for arrival in self._source.arrivals(request.after, request.page_size or _NEW_PAPERS, deadline):
            new = pb.NewPaper(
                paper=paper_to_proto(arrival.paper, paper_pb2.PAPER_VIEW_FULL),
                reference_ids=arrival.reference_ids,
                citing_ids=arrival.citing_ids,
                cursor=arrival.number,
            )
            room -= new.ByteSize()
            if room < 0 and response.papers:
                break
            response.papers.append(new)
        return response

    def BatchGetReferences(
        self, request: pb.BatchGetReferencesRequest, context: grpc.ServicerContext
    ) -> pb.BatchGetReferencesResponse:
        """See feature_service.proto."""
        ids = {text: normalise_id(text, field=f"paper_ids[{i}]") for i, text in enumerate(request.paper_ids)}
        found = self._source.references(list(ids.values()), Deadline.of(context, self._default_deadline_s))
        known = [(text, found[paper_id]) for text, paper_id in ids.items() if paper_id in found]
        return pb.BatchGetReferencesResponse(
            references=[pb.References(requested_id=text, reference_ids=cited) for text, cited in known]
        )

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
