"""Many requests in one body, a line each; their answers come as they are worked out, in the order asked.

Requests are read while answers are written, no faster than they are answered and taken: a client that does not read
is not read from either, and one that leaves ends the work.
"""

import asyncio
from contextlib import ExitStack

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from cocite.core.errors import CociteError, DeadlineExceeded, Overloaded
from cocite.gateway.accounts import Account, current
from cocite.gateway.asking import Asker
from cocite.gateway.batch_lines import Answerer, failed, lines
from cocite.gateway.batch_places import Places
from cocite.gateway.bodies import WrongType
from cocite.gateway.http_errors import error_response
from cocite.gateway.methods import Method
from cocite.gateway.timeouts import timeout_of

PATH = "/v1/papers:batchRecommend"
MOST_LINES = 10_000
LONGEST_S = 1200.0  # of a batch: in less, a caller without a key may ask all of its lines
_MEDIA_TYPE = "application/x-ndjson"
_TAKEN = {_MEDIA_TYPE, "application/ndjson", "application/jsonl"}
_AT_ONCE = 8  # lines of one batch that are worked on, or whose answers wait to be written
_AT_ONCE_OF_ALL = 32  # calls of all batches, so that single requests find room
_CHUNKS_AHEAD = 16  # pieces of a body, at most 64 KB each as uvicorn gives them, that are read before they are needed


def routes(asker: Asker, methods: dict[str, Method], most_bytes: int, most_requests: int) -> list[Route]:
    """Its route; lines are read up to most_bytes. most_requests: that may be under way at once, batches and others."""
    (method,) = [each for each in methods.values() if each.descriptor.name == "RecommendPapers"]
    calls, places = asyncio.Semaphore(_AT_ONCE_OF_ALL), Places(most_requests)

    async def handle(request: Request) -> Response:
        try:
            if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _TAKEN:
                raise WrongType(f"content-type: must be {_MEDIA_TYPE}", field="content-type")
            answerer = Answerer(asker, method, calls, timeout_of(request))
        except CociteError as error:
            return error_response(error)
        return BatchResponse(answerer, places, current.get(), most_bytes)

    return [Route(PATH, handle, methods=["POST"])]


class BatchResponse(Response):
    """Reads a body and writes its answers, both at a time. account: has paid for the first line."""

    def __init__(self, answerer: Answerer, places: Places, account: Account, most_bytes: int) -> None:
        # Never compressed: a compressor would hold answers back until it has enough of them.
        headers = {"cache-control": "no-store", "content-encoding": "identity"}
        super().__init__(None, 200, headers, _MEDIA_TYPE)
        del self.headers["content-length"]
        self._answerer = answerer
        self._places = places
        self._account = account
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        with ExitStack() as held:
            try:
                held.enter_context(self._places.taken(self._account.caller))
            except Overloaded as full:
                await error_response(full)(scope, receive, send)
                return
            await self._run(receive, send)

    async def _run(self, receive: Receive, send: Send) -> None:
        chunks: asyncio.Queue[bytes] = asyncio.Queue(_CHUNKS_AHEAD)
        work = asyncio.create_task(self._answer(chunks, send), name="batch")
        reading = asyncio.create_task(_read(receive, chunks), name="batch-body")  # ends when the client leaves
        try:
            await asyncio.wait({work, reading}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        except* CociteError as failed_to_send:  # as where HTTP/1.0 cannot hold the answer
            raise failed_to_send.exceptions[0] from None
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
        index, account = 0, self._account
        try:
            async with asyncio.timeout(LONGEST_S):
                async for line in lines(chunks, self._most_bytes, MOST_LINES):
                    await room.acquire()
                    answers.put_nowait(await self._begun(index, line, account, group))
                    index, account = index + 1, account.another()
        except TimeoutError:
            late = DeadlineExceeded(f"request: takes longer than {LONGEST_S:g} s", hint="send the rest by itself")
            answers.put_nowait(failed(index, late))
        except CociteError as error:
            answers.put_nowait(failed(index, error))
        answers.put_nowait(b"")

    async def _begun(
        self, index: int, line: bytes, account: Account, group: asyncio.TaskGroup
    ) -> asyncio.Task[bytes] | bytes:
        """The work on a line that is paid for, or why there is none."""
        try:
            request = await self._answerer.paid(line, account)
        except CociteError as error:
            return failed(index, error)
        return group.create_task(self._answerer.answer(index, request, account))


async def _read(receive: Receive, chunks: asyncio.Queue[bytes]) -> None:
    """Hand on the body, b"" for its end, until the client leaves."""
    while (message := await receive())["type"] == "http.request":
        if body := message.get("body", b""):
            await chunks.put(body)
        if not message.get("more_body"):
            await chunks.put(b"")
