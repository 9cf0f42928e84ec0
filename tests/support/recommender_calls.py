"""Requests to a recommender over support.bundles.checkerboard, and what tests look for in the answers."""

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from cocite.core.paper import Paper
from cocite.v1 import recommender_service_pb2 as pb
from support.recommender import House

SEED = "doi:10.1000/20"
MERGED = "doi:10.1000/merged"
LATER = (  # in the catalogue, not in the model
    Paper("doi:10.1000/new", title="odd white paper", abstract="graphs over trees", aliases=("pmid:77",)),
    Paper("doi:10.1000/bare"),
    Paper(MERGED, title="merged since", aliases=("pmid:5", "doi:10.1000/5", "doi:10.1000/7")),
)


def ask(*positive: str, **fields: object) -> pb.RecommendPapersRequest:
    seeds = pb.Seeds(positive_ids=positive, negative_ids=fields.pop("negative_ids", []), texts=fields.pop("texts", []))
    return pb.RecommendPapersRequest(seeds=seeds, **fields)


def ids(response: pb.RecommendPapersResponse) -> list[str]:
    return [result.paper.paper_id for result in response.results]


def causes(response: pb.RecommendPapersResponse | pb.ResolvePapersResponse) -> list[int]:
    return [each.cause for each in response.degraded]


def refused(house: House, request: pb.RecommendPapersRequest) -> tuple[grpc.StatusCode, str, str]:
    with pytest.raises(grpc.RpcError) as caught:
        house.stub.RecommendPapers(request, timeout=10)
    status = rpc_status.from_call(caught.value)
    bad = error_details_pb2.BadRequest()
    fields = [bad.field_violations[0].field for detail in status.details if detail.Unpack(bad)]
    return caught.value.code(), fields[0] if fields else "", caught.value.details()
