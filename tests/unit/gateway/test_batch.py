"""Batches: lines, bounds, quotas, order, faults. Time that is waited is virtual."""

import asyncio
import json
import threading
import time
from contextlib import ExitStack

import pytest
from google.protobuf.json_format import MessageToDict
from starlette.applications import Starlette
from structlog.contextvars import bind_contextvars, merge_contextvars
from structlog.testing import capture_logs

from cocite.core.errors import InvalidArgument, Overloaded
from cocite.gateway import batch, security_old_http
from cocite.gateway.asking import Asker
from cocite.gateway.batch import PATH
from cocite.gateway.batch_lines import lines
from cocite.gateway.batch_places import Places
from cocite.gateway.bodies import TooLarge
from cocite.gateway.buckets import LocalBuckets
from cocite.gateway.methods import open_methods
from cocite.gateway.quota import Admission
from cocite.gateway.security_guard import Guard, Hosts
from cocite.serving.key_store import KeyRing, KeyStore
from cocite.serving.keys import Scope
from cocite.v1 import recommender_service_pb2 as pb
from support.asgi import exchange, ndjson, pieces, request
from support.gateway import MODEL, answering, running_gateway
from support.virtual_time import run_in_virtual_time

NDJSON = {"content-type": "application/x-ndjson"}
RATE = 120  # requests a minute, and so many at once


def asked(count: int) -> list[dict]:
    seeds = pb.Seeds(positive_ids=["doi:10.1/x"])
    return [MessageToDict(pb.RecommendPapersRequest(seeds=seeds, page_token=str(each))) for each in range(count)]


# before a recommender that is asked over the wire


def test_answers_keep_the_order_asked_and_few_are_asked_for_at_once(tmp_path):
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

    with running_gateway(tmp_path) as gateway:
        gateway.recommender.servicer.answer = slow
        answer = gateway.client.post(PATH, content=ndjson(asked(40)), headers=NDJSON)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert [each["index"] for each in found] == list(range(40))
    assert [each["response"].get("nextPageToken") for each in found] == [str(number) for number in range(40)]
    assert 1 < most <= 8


# in virtual time


class Recommender:
    """What is asked of the services; answers at once unless it is held, and fails for the tokens of pages given."""

    def __init__(self, *faulty: str) -> None:
        self.faulty = faulty
        self.asked: list[str] = []
        self.free = asyncio.Event()
        self.free.set()

    async def call(self, method, request, timeout_s):
        token = pb.RecommendPapersRequest.FromString(request).page_token
        self.asked.append(token)
        await self.free.wait()
        if token in self.faulty:
            raise ZeroDivisionError("secret detail")
        return pb.RecommendPapersResponse(model_version=MODEL, next_page_token=token).SerializeToString()


def gateway(home, recommender: Recommender, rate: int = RATE, most: int = 256):
    """Batches behind quotas that go by virtual time."""
    routes = batch.routes(Asker(recommender, 10.0, 30.0), open_methods(), 1 << 20, most)
    return Admission(
        Starlette(routes=routes),
        KeyRing(KeyStore(home / "keys.json")),
        LocalBuckets(clock=asyncio.get_running_loop().time),
        anonymous_rate=rate,
        anonymous_scopes=tuple(Scope),
        key_rate=rate,
        needed={},
    )


def post(app, body, host="192.0.2.1"):
    parts = pieces(body) if isinstance(body, bytes) else body
    return exchange(app, request(PATH, host, content_type="application/x-ndjson"), parts)


def statuses(answer):
    return [each["status"] for each in answer.lines]


def test_a_batch_goes_as_fast_as_its_callers_quota(tmp_path):
    async def check():
        app, clock = gateway(tmp_path, Recommender()), asyncio.get_running_loop().time
        assert statuses(await post(app, ndjson(asked(RATE)))) == [200] * RATE
        assert clock() == 0.0
        assert statuses(await post(app, ndjson(asked(20)), "192.0.2.2")) == [200] * 20
        assert clock() == 0.0  # another's quota
        await asyncio.sleep(0.5)
        assert statuses(await post(app, ndjson(asked(20)))) == [200] * 20
        assert clock() == pytest.approx(10.0, abs=1.0)  # at two a second

    run_in_virtual_time(check())


def test_a_wrong_line_counts_and_a_text_counts_for_several(tmp_path):
    async def check():
        app, clock = gateway(tmp_path, Recommender(), rate=60), asyncio.get_running_loop().time
        await post(app, b"{\n" * 60)
        await asyncio.sleep(1)
        assert statuses(await post(app, b"{\n" * 10)) == [400] * 10
        assert clock() == pytest.approx(10.0, abs=0.5)
        await asyncio.sleep(60)
        began = clock()
        two = {"seeds": {"texts": [{"title": "a"}], "negativeTexts": [{"title": "b"}]}}
        assert statuses(await post(app, ndjson([two] * 9))) == [200] * 9
        assert clock() - began == pytest.approx(30.0, abs=1.5)  # 90 of which 60 were there

    run_in_virtual_time(check())


def test_a_line_that_no_quota_is_enough_for_is_refused_and_the_others_go_on(tmp_path):
    async def check():
        app = gateway(tmp_path, Recommender(), rate=20)
        large = {"seeds": {"texts": [{"title": "a"}] * 5}}
        answer = await post(app, ndjson([*asked(1), large, *asked(1)]))
        assert statuses(answer) == [200, 429, 200]
        assert "this counts as 25 requests" in answer.lines[1]["error"]["message"]

    run_in_virtual_time(check())


def test_a_batch_ends_when_its_time_is_up(tmp_path):
    async def check():
        app, clock = gateway(tmp_path, Recommender(), rate=1), asyncio.get_running_loop().time
        answer = await post(app, ndjson(asked(100)))
        assert statuses(answer) == [200] * 20 + [504]
        assert answer.lines[-1]["index"] == 20
        assert clock() == pytest.approx(batch.LONGEST_S, abs=1)

    run_in_virtual_time(check())


def test_one_caller_has_few_batches_and_all_of_them_leave_room_for_other_requests(tmp_path):
    async def check():
        recommender = Recommender()
        app = gateway(tmp_path, recommender, most=64)
        recommender.free.clear()
        body = ndjson(asked(2))
        async with asyncio.TaskGroup() as group:
            held = [group.create_task(post(app, body)) for _ in range(4)]
            await asyncio.sleep(1)
            refused = await post(app, body)
            assert (refused.status, refused.headers["retry-after"]) == (429, "5")
            assert json.loads(refused.body)["error"]["status"] == "RESOURCE_EXHAUSTED"
            held += [group.create_task(post(app, body, "192.0.2.2")) for _ in range(4)]
            await asyncio.sleep(1)
            assert (await post(app, body, "192.0.2.3")).status == 429  # an eighth of 64 are batches
            recommender.free.set()
        assert [statuses(each.result()) for each in held] == [[200, 200]] * 8
        assert (await post(app, body)).status == 200  # the places are free again

    run_in_virtual_time(check())


def test_places_are_not_kept_for_callers_that_are_gone():
    places = Places(80)
    with ExitStack() as held:
        for caller in "abcdefghij":
            held.enter_context(places.taken(caller))
        with pytest.raises(Overloaded):
            held.enter_context(places.taken("k"))
    assert not places._taken


def test_a_fault_is_that_lines_and_the_log_tells_it_with_the_requests_id(tmp_path):
    async def check():
        bind_contextvars(request_id="the-id")
        return await post(gateway(tmp_path, Recommender("1")), ndjson(asked(3)))

    with capture_logs(processors=[merge_contextvars]) as logs:
        answer = run_in_virtual_time(check())
    assert statuses(answer) == [200, 500, 200]
    assert answer.lines[1]["error"]["status"] == "INTERNAL"
    assert b"secret" not in answer.body
    (told,) = [entry for entry in logs if entry["event"] == "unforeseen"]
    assert (told["request_id"], told["line"]) == ("the-id", 1)
    assert told["exc_info"]


def test_what_http_1_0_cannot_hold_is_no_fault_of_ours(tmp_path, monkeypatch):
    monkeypatch.setattr(security_old_http, "_MOST_BYTES", 200)

    async def check(count):
        app = Guard(gateway(tmp_path, Recommender()), Hosts("", "hosts"), body_s=10.0, most=9)
        asked_for = request(PATH, content_type="application/x-ndjson")
        asked_for.scope["http_version"] = "1.0"
        return await exchange(app, asked_for, pieces(ndjson(asked(count))))

    with capture_logs() as logs:
        assert statuses(run_in_virtual_time(check(1))) == [200]
        refused = run_in_virtual_time(check(20))
    assert refused.status == 503
    assert "ask by HTTP/1.1" in refused.body.decode()
    assert not [entry for entry in logs if entry["event"] == "unforeseen"]


class Left(Exception):
    """The client is gone."""


def test_a_client_that_leaves_ends_the_work(tmp_path):
    async def check():
        recommender = Recommender()
        recommender.free.clear()

        async def leaving():
            yield ndjson(asked(50))
            await asyncio.sleep(5)
            raise Left

        async def receive_until_left(app):
            asked_for, parts = request(PATH, content_type="application/x-ndjson"), leaving()

            async def receive():
                try:
                    return {"type": "http.request", "body": await anext(parts), "more_body": True}
                except Left:
                    return {"type": "http.disconnect"}

            await app(asked_for.scope, receive, asked_for.send)

        async with asyncio.timeout(100):
            await receive_until_left(gateway(tmp_path, recommender))
        assert len(recommender.asked) == 8
        recommender.free.set()
        await asyncio.sleep(100)
        assert len(recommender.asked) == 8
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []

    run_in_virtual_time(check())


# lines


def split(*chunks: bytes, most_bytes: int = 10, most: int = 100) -> list[bytes]:
    async def collect():
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        for chunk in (*chunks, b""):
            queue.put_nowait(chunk)
        return [line async for line in lines(queue, most_bytes, most)]

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


@pytest.mark.parametrize("line", [b"1\n", b"\n", b" \n"])
def test_lines_are_bounded_empty_ones_too(line):
    split(line * 5, most=5)
    split(line * 4, b" ", most=5)
    for chunks in ([line * 6], [line] * 6, [line * 5, b"1"]):
        with pytest.raises(InvalidArgument, match="more than 5 lines"):
            split(*chunks, most=5)


def test_a_line_in_small_pieces_costs_as_much_as_in_large_ones():
    def cpu_s(count):
        began = time.process_time()
        assert split(*[b"x"] * count, most_bytes=count) == [b"x" * count]
        return time.process_time() - began

    few, many = (min(cpu_s(count) for _ in range(3)) for count in (50_000, 400_000))
    assert many < 8 * few * 3  # eight times as many; were all copied with each, sixty-four times
