"""Reading what clients send, and no more than is allowed."""

from starlette.requests import ClientDisconnect, Request

from cocite.core.errors import InvalidArgument


class TooLarge(InvalidArgument):
    """A body that is not read to its end."""


class TooSlow(InvalidArgument):
    """A body that is not waited for any longer."""


class WrongType(InvalidArgument):
    """A body of another media type than is read."""


async def read_body(request: Request, most_bytes: int) -> bytes:
    """The whole body. Raises TooLarge for one of more than most_bytes, InvalidArgument for one that breaks off."""
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
