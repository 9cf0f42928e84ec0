"""What the cache before the application keeps, for whom and for how long."""

import asyncio

import pytest
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response, StreamingResponse
from starlette.testclient import TestClient

from cocite.gateway.encodings import negotiated
from cocite.gateway.response_cache import ResponseCache
from cocite.serving.answer_memory import AnswerMemory

BODY = b"an answer, " * 500
PUBLIC = {"etag": 'W/"1"', "cache-control": "public, max-age=10", "vary": "Accept-Encoding"}
MOST_BYTES = 1000


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Cached:
    """The cache before an application that counts what it is asked."""

    def __init__(self, answer=None, max_bytes=1 << 20) -> None:
        self.answer = answer or (lambda: Response(BODY, 200, PUBLIC, "text/plain"))
        self.clock = Clock()
        self.memory = AnswerMemory(max_bytes, 10, self.clock)
        self.memory.serve("m1")
        self.asked = 0
        compressed = GZipMiddleware(self.app)
        cache = ResponseCache(negotiated(compressed), self.memory, frozenset({"/kept"}), MOST_BYTES, self.clock)
        self.client = TestClient(cache)
        self.client.headers["accept-encoding"] = "identity"

    async def app(self, scope, receive, send) -> None:
        self.asked += 1
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.body = body
        await self.answer()(scope, receive, send)

    def asks(self, method="GET", path="/kept", **others) -> tuple[bool, Response]:
        """Whether the application was asked, and the answer."""
        before = self.asked
        answer = self.client.request(method, path, **others)
        return self.asked > before, answer

    def sends(self, headers: list[tuple[bytes, bytes]], *pieces: bytes) -> None:
        """A POST whose headers and pieces no client puts in order."""
        waiting = [{"type": "http.request", "body": each, "more_body": True} for each in pieces]
        waiting[-1]["more_body"] = False

        async def receive():
            return waiting.pop(0)

        async def send(message):
            pass

        scope = {"type": "http", "path": "/kept", "method": "POST", "query_string": b"", "headers": headers}
        asyncio.run(self.client.app(scope, receive, send))


def test_an_equal_request_gets_the_answer_that_was_given():
    cached = Cached()
    asked, first = cached.asks()
    assert asked
    assert (first.status_code, first.content) == (200, BODY)
    asked, again = cached.asks()
    assert not asked
    assert again.content == first.content
    assert without_age(again) == first.headers


def without_age(answer: Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "age"}


def test_it_says_for_how_long_it_has_kept_an_answer():
    """Else who keeps it further takes it for new (RFC 9111, 4.2.3)."""
    cached = Cached()
    cached.clock.now = 3.0
    assert "age" not in cached.asks()[1].headers
    for now, age in ((3.0, "0"), (4.9, "1"), (12.5, "9")):
        cached.clock.now = now
        has_it = {"headers": {"if-none-match": PUBLIC["etag"]}}
        answers = [cached.asks(), cached.asks("HEAD"), cached.asks(**has_it)]
        assert [(asked, answer.headers["age"]) for asked, answer in answers] == [(False, age)] * 3
    cached.clock.now = 13.0
    asked, anew = cached.asks()
    assert asked
    assert "age" not in anew.headers


@pytest.mark.parametrize(
    "headers",
    [
        [(b"accept-encoding", b"gzip"), (b"accept-encoding", b"identity")],
        [(b"accept-encoding", b"identity"), (b"accept-encoding", b"gzip")],
        [(b"content-type", b"application/json"), (b"content-type", b"application/proto")],
        [(b"connect-protocol-version", b"1"), (b"connect-protocol-version", b"2")],
    ],
)
def test_what_is_said_twice_is_neither_kept_nor_answered_from_here(headers):
    """The application may go by the one and the cache by the other, and give it to whoever says that alone."""
    cached = Cached()
    for _ in range(2):
        cached.sends(headers, b"")
    assert (cached.asked, cached.memory.size) == (2, 0)
    for _ in range(2):
        cached.sends([(b"x-forwarded-for", b"1.1.1.1"), (b"x-forwarded-for", b"2.2.2.2"), headers[0]], b"")
    assert cached.asked == 3


def test_how_a_body_comes_in_pieces_is_no_part_of_it():
    """Else a client who cuts its body well could be given, or leave, another's answer."""
    cached = Cached()

    def posted(*pieces: bytes) -> bool:
        before = cached.asked
        cached.sends([], *pieces)
        return cached.asked > before

    assert posted(b"a\0b")
    assert not posted(b"a", b"\0b")
    assert posted(b"a", b"b")
    assert not posted(b"ab")


@pytest.mark.parametrize(
    "other",
    [
        {"params": {"x": "1"}},
        {"method": "POST"},
        {"method": "POST", "content": b"y"},
        {"headers": {"content-type": "application/proto"}},
        {"headers": {"content-encoding": "gzip"}},
        {"headers": {"connect-protocol-version": "1"}},
        {"headers": {"grpc-encoding": "gzip"}},
        {"headers": {"accept-encoding": "gzip"}},
        {"path": "/other"},
    ],
    ids=str,
)
def test_another_request_does_not(other):
    cached = Cached()
    cached.asks()
    assert cached.asks(**other)[0]
    assert cached.asks(**other)[0] is (other.get("path") == "/other")
    assert not cached.asks()[0]


def test_bodies_tell_posts_apart_and_reach_the_application():
    cached = Cached()
    assert cached.asks("POST", content=b"a")[0]
    assert cached.body == b"a"
    assert cached.asks("POST", content=b"b")[0]
    assert not cached.asks("POST", content=b"a")[0]


@pytest.mark.parametrize(
    "answer",
    [
        lambda: Response(BODY, 200),
        lambda: Response(BODY, 200, {"cache-control": "no-store"}),
        lambda: Response(BODY, 200, {"cache-control": "private, max-age=10"}),
        lambda: Response(BODY, 404, PUBLIC),
        lambda: Response(BODY, 500, PUBLIC),
        lambda: Response(b"x" * (2 << 20), 200, PUBLIC),
    ],
)
def test_only_what_is_public_whole_and_not_too_large_is_kept(answer):
    cached = Cached(answer)
    first = cached.asks()[1]
    assert first.content == answer().body
    assert cached.asks()[0]
    assert cached.memory.size == 0


def test_an_answer_in_parts_is_kept_whole_and_a_large_one_passes():
    def parts(count):
        return lambda: StreamingResponse((chunk for chunk in [b"x" * 1000] * count), 200, PUBLIC)

    cached = Cached(parts(3))
    assert cached.asks()[1].content == cached.asks()[1].content == b"x" * 3000
    assert cached.asked == 1
    large = Cached(parts(1500))
    assert large.asks()[1].content == b"x" * 1_500_000
    assert large.asks()[0]


def test_another_model_ends_all_of_it():
    cached = Cached()
    cached.asks()
    cached.memory.serve("m2")
    assert cached.asks()[0]
    assert not cached.asks()[0]


def test_what_a_model_answered_while_another_came_is_not_kept():
    cached = Cached()

    def swapped():
        cached.memory.serve("m2")
        return Response(BODY, 200, PUBLIC)

    cached.answer = swapped
    cached.asks()
    assert cached.memory.size == 0
    assert cached.asks()[0]


def test_before_a_model_is_known_nothing_is_kept():
    cached = Cached()
    cached.memory.serve("")
    assert cached.asks()[0]
    assert cached.asks()[0]


def test_it_keeps_no_more_bytes_and_no_longer_than_it_may():
    cached = Cached(max_bytes=3 * (len(BODY) + 1000))
    for number in range(10):
        cached.asks(params={"x": number})
    assert 0 < cached.memory.size <= 3 * (len(BODY) + 1000)
    assert not cached.asks(params={"x": 9})[0]
    assert cached.asks(params={"x": 0})[0]
    cached.clock.now = 10
    assert cached.asks(params={"x": 9})[0]


def test_large_requests_pass_by():
    cached = Cached()
    large = b"x" * (MOST_BYTES + 1)
    assert cached.asks("POST", content=large)[0]
    assert cached.body == large
    assert cached.asks("POST", content=large)[0]


@pytest.mark.parametrize(
    ("told", "status"),
    [('W/"1"', 304), ('"1"', 304), ('"0", W/"1"', 304), ("*", 304), ('"2"', 200), ("1", 200), ("", 200)],
)
def test_a_client_that_has_the_answer_is_told_so(told, status):
    cached = Cached()
    for _ in range(2):  # asked of the application, and from the cache
        answer = cached.asks(headers={"if-none-match": told})[1]
        assert answer.status_code == status
        assert answer.headers["etag"] == PUBLIC["etag"]
        assert answer.headers["cache-control"] == PUBLIC["cache-control"]
        assert answer.content == (BODY if status == 200 else b"")
    assert cached.asked == 1
    assert cached.asks()[1].content == BODY


def test_conditions_are_of_get_and_head_alone():
    cached = Cached()
    headers = {"if-none-match": PUBLIC["etag"]}
    assert cached.asks("POST", headers=headers)[1].status_code == 200
    assert cached.asks("POST", headers=headers)[1].status_code == 200
    assert cached.asks("HEAD", headers=headers)[1].status_code == 304
    nameless = Cached(lambda: Response(BODY, 200, {"cache-control": "public"}))
    assert nameless.asks(headers={"if-none-match": "*"})[1].status_code == 200


def test_head_is_answered_from_what_get_was_answered():
    cached = Cached()
    got = cached.asks()[1]
    asked, head = cached.asks("HEAD")
    assert not asked
    assert head.content == b""
    assert without_age(head) == got.headers
    assert int(head.headers["content-length"]) == len(BODY)


def test_other_methods_pass_by():
    cached = Cached()
    cached.asks()
    assert cached.asks("DELETE")[0]
    assert cached.asks("OPTIONS")[0]


def test_a_compressed_answer_is_kept_as_it_is():
    cached = Cached()
    cached.asks(headers={"accept-encoding": "gzip, deflate"})
    kept = cached.memory.size
    assert kept < len(BODY)
    asked, answer = cached.asks(headers={"accept-encoding": "br, gzip"})
    assert not asked
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == BODY  # the client decompressed it
    assert int(answer.headers["content-length"]) == answer.num_bytes_downloaded < len(BODY)
    assert cached.asks()[1].headers.get("content-encoding") is None


def test_who_refuses_compression_gets_none():
    cached = Cached()
    cached.asks(headers={"accept-encoding": "gzip"})
    for _ in range(2):
        answer = cached.asks(headers={"accept-encoding": "br, gzip;q=0"})[1]
        assert "content-encoding" not in answer.headers
        assert answer.num_bytes_downloaded == len(BODY)
    assert cached.asked == 2
    assert cached.asks(headers={"accept-encoding": "gzip;q=0.1"})[1].headers["content-encoding"] == "gzip"
    assert cached.asked == 2


def test_what_fails_half_way_is_not_kept():
    cached = Cached()

    class Broken(Response):
        async def __call__(self, scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            raise RuntimeError

    cached.answer = lambda: Broken(BODY, 200, PUBLIC)
    with pytest.raises(RuntimeError):
        cached.asks()
    assert cached.memory.size == 0


@pytest.mark.parametrize("told", ["soon", "-1", "1.5", "9" * 11, ""])
def test_a_time_that_is_none_is_not_answered_from_memory(told):
    cached = Cached()
    assert cached.asks()[0]
    assert not cached.asks(headers={"request-timeout-ms": "1000"})[0]
    assert cached.asks(headers={"request-timeout-ms": told})[0]  # who refuses it
