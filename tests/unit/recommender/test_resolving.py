import grpc

from cocite.v1 import degradation_pb2
from cocite.v1 import recommender_service_pb2 as pb
from support.recommender import House
from support.recommender_calls import SEED, causes


def test_resolving(house: House) -> None:
    queries = [
        "https://doi.org/10.1000/20",
        "arxiv:2001.00003v4",
        "no id",
        "10.1000/nowhere",
        "pmid:77",
        "10.1000/merged",
    ]
    response = house.stub.ResolvePapers(pb.ResolvePapersRequest(queries=queries), timeout=10)
    assert [each.query for each in response.results] == queries
    found, unknown, malformed = pb.RESOLVE_STATUS_FOUND, pb.RESOLVE_STATUS_UNKNOWN, pb.RESOLVE_STATUS_MALFORMED
    assert [each.status for each in response.results] == [found, found, malformed, unknown, found, found]
    assert [each.in_model for each in response.results] == [True, True, False, False, False, True]
    names = [each.paper.paper_id for each in response.results]
    assert names == ["doi:10.1000/20", "doi:10.1000/3", "", "", "doi:10.1000/new", "doi:10.1000/5"]
    assert response.results[0].paper.title and not response.results[0].paper.abstract
    assert response.model_version == "m1"
    assert len(house.features.requests) == 1


def test_resolving_without_features(house: House) -> None:
    house.features.trouble.code = grpc.StatusCode.UNAVAILABLE
    queries = ["10.1000/20", "10.1000/nowhere", "no id"]
    response = house.stub.ResolvePapers(pb.ResolvePapersRequest(queries=queries), timeout=10)
    assert [each.status for each in response.results] == [
        pb.RESOLVE_STATUS_FOUND,
        pb.RESOLVE_STATUS_UNAVAILABLE,
        pb.RESOLVE_STATUS_MALFORMED,
    ]
    assert response.results[0].paper.paper_id == SEED
    assert causes(response) == [degradation_pb2.DEGRADED_CAUSE_FEATURES_UNAVAILABLE]
