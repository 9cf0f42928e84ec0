"""Lines of a batch: found in its body, and answered."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import structlog

from cocite.core.errors import CociteError, InvalidArgument
from cocite.gateway.accounts import Account, QuotaExceeded, current
from cocite.gateway.asking import Asker
from cocite.gateway.bodies import TooLarge
from cocite.gateway.http_errors import error_value, status_of
from cocite.gateway.json_codec import encoded_of, json_of
from cocite.gateway.methods import Method
from cocite.gateway.weights import weight_of
from cocite.serving.status import INTERNAL_TEXT

log = structlog.get_logger("cocite.gateway")

_LEAST_PAUSE_S = 0.05  # before the quota is asked again


class Answerer:
    """Answers lines. calls bounds how many are asked at once; timeout_s: for each line, the usual where None."""

    def __init__(self, asker: Asker, method: Method, calls: asyncio.Semaphore, timeout_s: float | None) -> None:
        self._asker = asker
        self._method = method
        self._calls = calls
        self._timeout_s = timeout_s

    async def paid(self, line: bytes, account: Account) -> bytes:
        """The request of a line, once its caller's quota allows it. Raises InvalidArgument, QuotaExceeded for ever."""
        await _pay(account, 1)  # as any request, also when it is wrong
        request = encoded_of(line, self._method.request)
        await _pay(account, weight_of(self._method, request))
        return request

    async def answer(self, index: int, request: bytes, account: Account) -> bytes:
        """The line that answers a request that is paid for; to be run as a task of its own."""
        current.set(account)
        try:
            async with self._calls:
                answer = await self._asker.ask(self._method, request, self._timeout_s)
            response = json_of(answer.body, self._method.response)
        except CociteError as error:
            return failed(index, error)
        except Exception:
            log.exception("unforeseen", line=index)
            return failed(index, CociteError(INTERNAL_TEXT))
        return b'{"index":%d,"status":200,"response":%b}\n' % (index, response)


def failed(index: int, error: CociteError) -> bytes:
    """The line that tells of an error."""
    told = {"index": index, "status": status_of(error), "error": error_value(error)}
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


async def lines(chunks: asyncio.Queue[bytes], most_bytes: int, most: int) -> AsyncIterator[bytes]:
    """The lines of a body that comes in chunks, the last of them b""; empty lines are counted and left out.

    Raises TooLarge for one of over most_bytes, InvalidArgument after the most.
    """
    line, count = bytearray(), 0
    while chunk := await chunks.get():
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            line += end
            count += 1
            _check(line, most_bytes, count, most)
            if line.strip():
                yield bytes(line)
            line.clear()
        line += rest
        _check(line, most_bytes, count + bool(line), most)
    if line.strip():
        yield bytes(line)


def _check(line: bytearray, most_bytes: int, count: int, most: int) -> None:
    if len(line) > most_bytes:
        raise TooLarge(f"request: a line has more than {most_bytes} bytes")
    if count > most:
        raise InvalidArgument(f"request: has more than {most} lines", hint="send the rest by itself")


async def _pay(account: Account, weight: int) -> None:
    """Wait until the caller may ask for so much. Raises QuotaExceeded where that will never be."""
    while True:
        try:
            return await account.pay(weight)
        except QuotaExceeded as spent:
            if spent.retry_after_s is None:
                raise
            await asyncio.sleep(max(_LEAST_PAUSE_S, spent.retry_after_s))
