"""Reading what clients send, and no more than is allowed."""

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request

from cocite.core.errors import InvalidArgument

_JSON = "application/json"


class TooLarge(InvalidArgument):
    """A body that is not read to its end."""


class TooSlow(InvalidArgument):
    """A body that is not waited for any longer."""


class WrongType(InvalidArgument):
    """A body of another media type than is read."""


async def read_json(request: Request, most_bytes: int) -> bytes:
    """The whole body, which says to be JSON unless it is empty.

    Any page may have a browser send forms, plain text and what has no type; for JSON the browser asks first (CORS).
    Raises WrongType for what is no JSON by its headers, TooLarge for more than most_bytes, InvalidArgument for a body
    that breaks off.
    """
    body = await _read(request, most_bytes)
    if body:
        _check_is_json(request.headers)
    return body


def _check_is_json(headers: Headers) -> None:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise WrongType(
            f"content-type: must be {_JSON}", hint=f"with curl: -H 'content-type: {_JSON}'", field="content-type"
        )
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise WrongType(
            "content-encoding: compressed bodies are not read here",
            hint="send it as it is, or by Connect, which reads gzip",
            field="content-encoding",
        )


async def _read(request: Request, most_bytes: int) -> bytes:
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > most_bytes:
                raise TooLarge(f"request: the body has more than {most_bytes} bytes")
            parts.append(part)
    except ClientDisconnect:
        raise InvalidArgument("request: the body broke off") from None
    return b"".join(parts)
