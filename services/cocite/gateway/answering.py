"""Handlers of requests, made of what they answer."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from cocite.core.errors import CociteError

Handler = Callable[[Request], Awaitable[Response]]


def answering(work: Callable[[Request], Awaitable[Any]], failed: Callable[[CociteError], Response]) -> Handler:
    """Answers with the value that work gives, as JSON, or as failed tells of its error."""

    async def handle(request: Request) -> Response:
        try:
            return Response(orjson.dumps(await work(request)), media_type="application/json")
        except CociteError as error:
            return failed(error)

    return handle


def giving(content: bytes, headers: Mapping[str, str]) -> Handler:
    """Answers with the same content every time, and says so to who has it already."""
    told = {**headers, "etag": etag_of(content)}

    async def handle(request: Request) -> Response:
        if request.headers.get("if-none-match") == told["etag"]:
            return Response(None, 304, told)
        return Response(content, 200, told)

    return handle


def etag_of(content: bytes) -> str:
    """Names content: weakly, as it may be compressed on its way."""
    return f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
