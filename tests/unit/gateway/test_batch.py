"""Batches before a recommender whose answers are scripted: bounds, quotas, order."""

import asyncio
import json
import threading
import time

import pytest
from google.protobuf.json_format import MessageToJson

from cocite.gateway.batch import PATH, lines
from cocite.gateway.bodies import TooLarge
from cocite.v1 import recommender_service_pb2 as pb
from support.gateway import MODEL, answering, running_gateway

NDJSON = {"content-type": "application/x-ndjson"}
RATE = 120  # requests a minute, and so many at once


@pytest.fixture
def gateway(tmp_path):
    with running_gateway(tmp_path, gateway_anonymous_rate=RATE) as gateway:
        yield gateway


def asked(count: int) -> bytes:
    seeds = pb.Seeds(positive_ids=["doi:10.1/x"])
    requests = [pb.RecommendPapersRequest(seeds=seeds, page_token=str(number)) for number in range(count)]
    return "\n".join(MessageToJson(request, indent=None) for request in requests).encode()


def answers(gateway, body: bytes) -> list[dict]:
    answer = gateway.client.post(PATH, content=body, headers=NDJSON)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_batch_goes_as_fast_as_its_callers_quota(gateway):
    began = time.monotonic()
    assert {each["status"] for each in answers(gateway, asked(RATE + 2))} == {200}
    assert time.monotonic() - began > 0.5  # two more than the bucket held, at two a second
    refused = gateway.client.post("/v1/papers:recommend", json={})
    assert refused.status_code == 429


def test_answers_keep_the_order_asked_and_few_are_asked_for_at_once(gateway):
    lock, under_way, most = threading.Lock(), 0, 0

    def slow(request):
        nonlocal under_way, most
        if isinstance(request, pb.GetModelRequest):
            return answering(MODEL)(request)
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.05 if int(request.page_token) % 2 else 0.0)
        with lock:
            under_way -= 1
        return answering(MODEL)(request)

    gateway.recommender.servicer.answer = slow
    found = answers(gateway, asked(40))
    assert [each["index"] for each in found] == list(range(40))
    assert [each["response"].get("nextPageToken") for each in found] == [str(number) for number in range(40)]
    assert 1 < most <= 8


def split(*chunks: bytes, most_bytes: int = 10) -> list[bytes]:
    async def collect():
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        for chunk in (*chunks, b""):
            queue.put_nowait(chunk)
        return [line async for line in lines(queue, most_bytes)]

    return asyncio.run(collect())


def test_lines_come_in_any_pieces():
    for cut in range(1, 10):
        assert split(b"one\ntwo\n\n3"[:cut], b"one\ntwo\n\n3"[cut:]) == [b"one", b"two", b"3"]
    assert split() == split(b"\n \n") == []
    assert split(b"0123456789\n0123456789") == [b"0123456789"] * 2


@pytest.mark.parametrize(
    "chunks", [(b"01234567890",), (b"01234567890\n",), (b"012345", b"67890"), (b"1\n01234567890\n2",)]
)
def test_a_line_that_is_too_long_ends_it(chunks):
    with pytest.raises(TooLarge):
        split(*chunks)
