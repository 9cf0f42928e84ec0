"""Whatever a request holds has an end, and there are requests that break each rule that says so."""

import pytest

from cocite.core.errors import InvalidArgument
from cocite.serving.interceptor import validate
from cocite.v1 import feature_service_pb2, recommender_service_pb2
from support.violations import METHODS, VALID, unbounded, valid, violations


def test_there_is_a_valid_request_of_each_method() -> None:
    assert set(VALID) == set(METHODS)
    for name in METHODS:
        validate(valid(name))


@pytest.mark.parametrize("name", METHODS)
def test_no_field_of_a_request_is_without_a_limit(name: str) -> None:
    assert list(unbounded(METHODS[name][2].DESCRIPTOR)) == []


def test_a_field_without_a_limit_is_found() -> None:
    found = set(unbounded(recommender_service_pb2.RecommendPapersResponse.DESCRIPTOR))
    assert {"cocite.v1.RecommendPapersResponse.results", "cocite.v1.Recommendation.score"} <= found
    assert "cocite.v1.Vector.data" not in set(unbounded(feature_service_pb2.BatchPutVectorsRequest.DESCRIPTOR))


@pytest.mark.parametrize("name", METHODS)
def test_each_rule_refuses_what_breaks_it(name: str) -> None:
    broken = dict(violations(name))
    assert broken or not METHODS[name][2].DESCRIPTOR.fields
    for rule, request in broken.items():
        with pytest.raises(InvalidArgument):
            validate(request)
            pytest.fail(rule)
