"""Whether an answer may come compressed, decided in one place (RFC 9110, 12.5.3)."""

import re
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

_GZIP = b"gzip"  # the one compression that answers come in, beside none
_ACCEPT_ENCODING = b"accept-encoding"
_REFUSED = re.compile(rb"q=0(\.0*)?")


@lru_cache(64)
def takes_gzip(accept_encoding: bytes) -> bool:
    """Whether the value of an Accept-Encoding header names gzip, and not to refuse it."""
    for each in accept_encoding.lower().split(b","):
        coding, *parameters = (part.strip() for part in each.split(b";"))
        if coding == _GZIP:
            return not any(_REFUSED.fullmatch(parameter) for parameter in parameters)
    return False


def negotiated(app: ASGIApp) -> ASGIApp:
    """An application that is told in Accept-Encoding either gzip or nothing: those that compress read no weights."""

    async def with_one_encoding(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = [each for each in scope["headers"] if each[0] != _ACCEPT_ENCODING]
            if takes_gzip(b",".join(value for name, value in scope["headers"] if name == _ACCEPT_ENCODING)):
                headers.append((_ACCEPT_ENCODING, _GZIP))
            scope = {**scope, "headers": headers}
        await app(scope, receive, send)

    return with_one_encoding
