"""What every answer bears, whatever gave it: the request's id, and headers that keep browsers from misusing it."""

import re
import secrets
from collections.abc import Iterable

from structlog.contextvars import bind_contextvars

from cocite.gateway.response_cache import App, Message, Receive, Scope, Send

Header = tuple[bytes, bytes]

# Answers are data: nothing in them may run, load or frame anything. An answer that is a page says more by itself.
_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
        b"frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),  # of no concern to fetch with CORS, which clients go by
)
REQUEST_ID = b"x-request-id"
_SANE = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
TOLD = "cocite.told"  # key of a request's scope: headers that layers further in add to the answer


class Security:
    """The outermost layer."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _id_of(scope)
        bind_contextvars(request_id=request_id.decode())
        added: list[Header] = [(REQUEST_ID, request_id)]
        scope[TOLD] = added

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": with_ours(message.get("headers", ()), added)}
            await send(message)

        await self._app(scope, receive, with_headers)


def with_ours(given: Iterable[Header], added: Iterable[Header] = ()) -> list[Header]:
    """Headers of an answer with those that every answer bears and it does not say otherwise."""
    given = [*given]
    names = {name for name, _ in given}
    return [*given, *(header for header in _HEADERS if header[0] not in names), *added]


def _id_of(scope: Scope) -> bytes:
    """The id that the client, or a proxy before us, gave; a new one where it gave none that may stand in a log."""
    for name, value in scope["headers"]:
        if name == REQUEST_ID and _SANE.fullmatch(value):
            return bytes(value)
    return new_id()


def new_id() -> bytes:
    """An id for a request that has none."""
    return secrets.token_hex(8).encode()
