"""The wire cache of the real recommender: the same bytes computed, from memory and from a real Valkey."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from cocite.recommender import answer_cache
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.recommender_service_pb2 import RecommendPapersRequest, RecommendPapersResponse
from support.bundles import Corpus, publish, write_bundle
from support.feature_stores import HASTY_S, KESSLER, PATIENT_S
from support.recommender import House, open_house, until
from support.recommender_calls import LATER, SEED, ask
from support.valkey import RealValkey

MEMORY = 64 << 20


def resolve(*queries: str) -> pb.ResolvePapersRequest:
    return pb.ResolvePapersRequest(queries=queries)


REQUESTS: list[Message] = [
    ask(SEED),
    ask(SEED, "doi:10.1000/4", page_size=5),
    ask("doi:10.1000/new"),
    ask(texts=[pb.TextSeed(title="graphs over trees")], page_size=3),
    resolve(SEED, "doi:10.1000/new", "what?"),
]


def call(house: House, request: Message) -> bytes:
    method = type(request).__name__.removesuffix("Request")
    answer: bytes = house.channel.unary_unary(f"/{answer_cache.SERVICE}/{method}")(
        request.SerializeToString(), timeout=60, wait_for_ready=True
    )
    return answer


@pytest.fixture
def valkey() -> Iterator[RealValkey]:
    server = RealValkey()
    yield server
    server.close()


@pytest.fixture
def opened(bundle_dir: Path, corpus: Corpus) -> Callable[..., Any]:
    """Recommenders over one published model, all alike but for what they keep."""
    publish(bundle_dir.parent, "m1")

    @contextmanager
    def open_one(
        wire_cache_bytes: int, valkey: RealValkey | None = None, timeout_s: float = PATIENT_S
    ) -> Iterator[House]:
        shared = {"redis_url": valkey.url, "redis_timeout_s": timeout_s} if valkey else {}
        with open_house(bundle_dir.parent, corpus.papers + LATER, wire_cache_bytes=wire_cache_bytes, **shared) as house:
            yield house

    return open_one


def stored(valkey: RealValkey, count: int) -> list[bytes]:
    """Keys of the answers in Valkey, once there are so many: they are stored behind the callers' backs."""
    until(lambda: len(valkey.raw.keys("*:answer:*")) >= count)
    return sorted(valkey.raw.keys("*:answer:*"))


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: type(each).__name__)
def test_the_bytes_are_the_same_computed_from_memory_and_from_valkey(
    opened: Callable[..., Any], valkey: RealValkey, request_: Message
) -> None:
    with opened(0) as house:
        computed = call(house, request_)
        assert call(house, request_) == computed
    with opened(MEMORY, valkey) as house:
        assert [call(house, request_) for _ in range(3)] == [computed] * 3
        stored(valkey, 1)
    with opened(0, valkey) as house:
        gets = valkey.calls("get")
        house.features.trouble.hang = house.embedding.trouble.hang = True  # it could not be computed now
        assert [call(house, request_) for _ in range(2)] == [computed] * 2
        assert valkey.calls("get") == gets + 2
        assert not house.features.requests and not house.embedding.requests


def test_pages_of_one_list_are_the_same_kept_or_not(opened: Callable[..., Any]) -> None:
    lists = []
    for size in (0, MEMORY):
        with opened(size) as house:
            for _ in range(2):
                pages, token = [], ""
                while not pages or token:
                    pages.append(call(house, ask(SEED, page_size=4, page_token=token)))
                    token = RecommendPapersResponse.FromString(pages[-1]).next_page_token
                lists.append(pages)
    assert len(lists[0]) > 2 and lists.count(lists[0]) == 4


def test_after_a_swap_the_new_model_answers(opened: Callable[..., Any], corpus: Corpus, valkey: RealValkey) -> None:
    with opened(MEMORY, valkey) as house:
        before = [call(house, ask(SEED)) for _ in range(2)]
        bundles_dir = house.recommender.models._directory
        write_bundle(bundles_dir, corpus, version="m2", seed=8)
        publish(bundles_dir, "m2")
        until(lambda: house.recommender.models.require().name.startswith("m2"))
        after = [call(house, ask(SEED)) for _ in range(2)]
        assert after[0] == after[1] and after[0] not in before
        assert RecommendPapersResponse.FromString(after[0]).model_version == "m2"
        assert [key.split(b":")[3] for key in stored(valkey, 2)] == [b"m1", b"m2"]


def test_a_poisoned_value_is_computed_anew(opened: Callable[..., Any], valkey: RealValkey) -> None:
    with opened(0, valkey) as house:
        good = call(house, ask(SEED))
        (key,) = stored(valkey, 1)
        value = valkey.raw.get(key)
        call(house, ask("doi:10.1000/4"))
        (other,) = set(stored(valkey, 2)) - {key}
        foreign = valkey.raw.get(other)
        for poison in (value[:-1] + bytes([value[-1] ^ 1]), value[:-1], value[:5], b"", foreign, os.urandom(100)):
            valkey.raw.set(key, poison)
            assert call(house, ask(SEED)) == good
            until(lambda: valkey.raw.get(key) == value)  # it is mended, too


def test_answers_go_on_while_valkey_is_frozen_and_after_its_death(
    opened: Callable[..., Any], valkey: RealValkey
) -> None:
    with opened(0) as house:
        expected = [call(house, request) for request in REQUESTS]
    with opened(0, valkey, HASTY_S) as house:
        assert [call(house, request) for request in REQUESTS] == expected
        valkey.freeze()
        assert [call(house, request) for request in REQUESTS] == expected
        valkey.kill()
        assert [call(house, request) for request in REQUESTS] == expected
        valkey.start()
        until(lambda: call(house, REQUESTS[0]) == expected[0] and valkey.raw.keys("*:answer:*"))


def test_what_lacks_something_is_not_kept(opened: Callable[..., Any], valkey: RealValkey) -> None:
    requests = [ask(SEED, texts=[pb.TextSeed(title="graphs")]), resolve("local:nowhere")]
    with opened(MEMORY, valkey) as house:
        for service in (house.features, house.embedding):
            service.trouble.code = grpc.StatusCode.UNAVAILABLE
        lacking = [call(house, request) for request in requests]
        for service in (house.features, house.embedding):
            service.trouble.code = None
        for request, before in zip(requests, lacking, strict=True):
            until(lambda request=request, before=before: call(house, request) != before)
        assert all(
            not answer.degraded
            for answer in (
                RecommendPapersResponse.FromString(call(house, requests[0])),
                pb.ResolvePapersResponse.FromString(call(house, requests[1])),
            )
        )


@pytest.mark.parametrize(
    "request_", [ask(SEED, KESSLER.paper_id), resolve(SEED, KESSLER.paper_id)], ids=["ask", "resolve"]
)
def test_a_paper_that_nobody_knew_is_known_as_soon_as_it_comes(opened: Callable[..., Any], request_: Message) -> None:
    with opened(MEMORY) as house:
        before = call(house, request_)
        house.features.papers[KESSLER.paper_id] = KESSLER
        assert call(house, request_) != before


def test_a_request_that_is_wrong_is_refused_though_an_equal_one_waits(opened: Callable[..., Any]) -> None:
    with opened(MEMORY) as house:
        for _ in range(2):
            with pytest.raises(grpc.RpcError):
                call(house, RecommendPapersRequest())
