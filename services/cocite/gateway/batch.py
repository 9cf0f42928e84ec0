"""Many requests in one body, a line each; their answers come as they are worked out, in the order asked.

Requests are read while answers are written, no faster than they are answered and taken: a client that does not read
is not read from either, and one that leaves ends the work.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from cocite.core.errors import CociteError, InvalidArgument, Overloaded
from cocite.gateway.asking import Asker
from cocite.gateway.bodies import TooLarge, WrongType
from cocite.gateway.http_errors import error_response, error_value, status_of
from cocite.gateway.json_codec import encoded_of, json_of
from cocite.gateway.methods import Method
from cocite.gateway.quota import TAKE
from cocite.gateway.rest import timeout_of

PATH = "/v1/papers:batchRecommend"
MOST_LINES = 10_000
_MEDIA_TYPE = "application/x-ndjson"
_TAKEN = {_MEDIA_TYPE, "application/ndjson", "application/jsonl"}
_AT_ONCE = 8  # lines of one batch that are worked on, or whose answers wait to be written
_AT_ONCE_OF_ALL = 32  # calls of all batches, so that single requests find room
_CHUNKS_AHEAD = 16  # pieces of a body, at most 64 KB each as uvicorn gives them, that are read before they are needed
_TAKEN_WITHIN_S = 60.0  # that a client may take to accept an answer
_GRANTED_WITHIN_S = 60.0  # that a caller's quota may keep a line waiting

Take = Callable[[], Awaitable[None]]


def routes(asker: Asker, methods: dict[str, Method], most_bytes: int) -> list[Route]:
    """Its route; lines are read up to most_bytes."""
    (method,) = [each for each in methods.values() if each.descriptor.name == "RecommendPapers"]
    calls = asyncio.Semaphore(_AT_ONCE_OF_ALL)

    async def handle(request: Request) -> Response:
        try:
            if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _TAKEN:
                raise WrongType(f"content-type: must be {_MEDIA_TYPE}", field="content-type")
            take = request.scope.get(TAKE, _no_quota)
            return BatchResponse(Answerer(asker, method, calls, timeout_of(request)), take, most_bytes)
        except CociteError as error:
            return error_response(error)

    return [Route(PATH, handle, methods=["POST"])]


class Answerer:
    """Answers lines. calls bounds how many are asked at once; timeout_s: for each line, the usual where None."""

    def __init__(self, asker: Asker, method: Method, calls: asyncio.Semaphore, timeout_s: float | None) -> None:
        self._asker = asker
        self._method = method
        self._calls = calls
        self._timeout_s = timeout_s

    async def answer(self, index: int, line: bytes) -> bytes:
        """The line that answers it."""
        try:
            request = encoded_of(line, self._method.request)
            async with self._calls:
                answer = await self._asker.ask(self._method, request, self._timeout_s)
        except CociteError as error:
            return failed(index, error)
        return b'{"index":%d,"status":200,"response":%b}\n' % (index, json_of(answer.body, self._method.response))


def failed(index: int, error: CociteError) -> bytes:
    """The line that tells of an error."""
    told = {"index": index, "status": status_of(error), "error": error_value(error)}
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


class BatchResponse(Response):
    """Reads a body and writes its answers, both at a time. take counts one more request of the caller."""

    def __init__(self, answerer: Answerer, take: Take, most_bytes: int) -> None:
        # Never compressed: a compressor would hold answers back until it has enough of them.
        headers = {"cache-control": "no-store", "content-encoding": "identity"}
        super().__init__(None, 200, headers, _MEDIA_TYPE)
        del self.headers["content-length"]
        self._answerer = answerer
        self._take = take
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        chunks: asyncio.Queue[bytes] = asyncio.Queue(_CHUNKS_AHEAD)
        work = asyncio.create_task(self._answer(chunks, send), name="batch")
        reading = asyncio.create_task(_read(receive, chunks), name="batch-body")  # ends when the client leaves
        try:
            await asyncio.wait({work, reading}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            work.cancel()
            reading.cancel()
            await asyncio.gather(work, reading, return_exceptions=True)

    async def _answer(self, chunks: asyncio.Queue[bytes], send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        room = asyncio.Semaphore(_AT_ONCE)
        answers: asyncio.Queue[asyncio.Task[bytes] | bytes] = asyncio.Queue()  # never more than there is room for
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ask(chunks, group, room, answers))
            while answer := await answers.get():
                body = answer if isinstance(answer, bytes) else await answer
                async with asyncio.timeout(_TAKEN_WITHIN_S):
                    await send({"type": "http.response.body", "body": body, "more_body": True})
                room.release()
        await send({"type": "http.response.body", "body": b""})

    async def _ask(
        self,
        chunks: asyncio.Queue[bytes],
        group: asyncio.TaskGroup,
        room: asyncio.Semaphore,
        answers: asyncio.Queue[asyncio.Task[bytes] | bytes],
    ) -> None:
        """Begin with each line as soon as there is room; b"" ends the answers."""
        index = 0
        try:
            async for line in lines(chunks, self._most_bytes):
                await room.acquire()
                if index == MOST_LINES:
                    raise InvalidArgument(f"request: has more than {MOST_LINES} lines", hint="send the rest by itself")
                if index:  # the first is counted already
                    await _granted(self._take)
                answers.put_nowait(group.create_task(self._answerer.answer(index, line)))
                index += 1
        except CociteError as error:
            answers.put_nowait(failed(index, error))
        answers.put_nowait(b"")


async def _granted(take: Take) -> None:
    """Wait until the caller may ask once more. Raises Overloaded when that is not soon."""
    waited_s = 0.0
    while True:
        try:
            return await take()
        except Overloaded as full:
            if full.retry_after_s is None or waited_s > _GRANTED_WITHIN_S:
                raise
            waited_s += full.retry_after_s
            await asyncio.sleep(full.retry_after_s)


async def _no_quota() -> None:
    """Where requests are not counted."""


async def _read(receive: Receive, chunks: asyncio.Queue[bytes]) -> None:
    """Hand on the body, b"" for its end, until the client leaves."""
    while (message := await receive())["type"] == "http.request":
        if body := message.get("body", b""):
            await chunks.put(body)
        if not message.get("more_body"):
            await chunks.put(b"")


async def lines(chunks: asyncio.Queue[bytes], most_bytes: int) -> AsyncIterator[bytes]:
    """The lines of a body that comes in chunks, empty ones left out. Raises TooLarge for one of over most_bytes."""
    rest = b""
    while chunk := await chunks.get():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if len(line) > most_bytes:
                raise _too_large(most_bytes)
            if line.strip():
                yield line
        if len(rest) > most_bytes:
            raise _too_large(most_bytes)
    if rest.strip():
        yield rest


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(f"request: a line has more than {most_bytes} bytes")
