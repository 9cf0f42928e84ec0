"""Which pages of others a browser lets read our answers. No protection of ours: who is no browser sends any Origin."""

import re

from starlette.middleware.cors import CORSMiddleware

from cocite.core.errors import InvalidArgument, PermissionDenied
from cocite.gateway.refusals import refusal
from cocite.gateway.response_cache import App, Receive, Scope, Send
from cocite.gateway.security import TOLD

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?")
_EXTENSION = re.compile(r"chrome-extension://[a-p]{32}|moz-extension://[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST_TOLD = 100  # characters of an origin
_MAX_AGE_S = 7200  # the longest that Chromium heeds
_METHODS = ("GET", "HEAD", "POST")
_ASKED = (
    *("Authorization", "X-Api-Key", "X-Request-Id", "Request-Timeout-Ms", "If-None-Match", "X-User-Agent"),
    *("Connect-Protocol-Version", "Connect-Timeout-Ms", "Connect-Content-Encoding", "Connect-Accept-Encoding"),
    *("X-Grpc-Web", "Grpc-Timeout", "Grpc-Encoding", "Grpc-Accept-Encoding"),
)
_SHOWN = (
    *("ETag", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-Id", "WWW-Authenticate"),
    *("Connect-Content-Encoding", "Connect-Accept-Encoding"),
    *("Grpc-Status", "Grpc-Message", "Grpc-Status-Details-Bin", "Grpc-Encoding"),
)


def with_cors(app: App, origins: str, setting: str) -> App:
    """The application for pages of these origins, separated by commas; others' preflights are refused with the reason.

    Cookies are not accepted from them. Raises InvalidArgument that names the setting for what is no origin.
    """
    allowed = [origin.strip() for origin in origins.split(",") if origin.strip()]
    for origin in allowed:
        if not (_ORIGIN.fullmatch(origin) or _EXTENSION.fullmatch(origin)):
            raise InvalidArgument(
                f"{setting}: {origin!r} is no origin",
                hint="write it as https://name, http://name:port, chrome-extension://ID or moz-extension://ID",
                field=setting,
            )
    answering = _answering(app, allowed) if allowed else app

    async def where_asked(scope: Scope, receive: Receive, send: Send) -> None:
        origin = _origin(scope) if scope["type"] == "http" else None
        if origin is not None and origin not in allowed and _is_preflight(scope):
            error = PermissionDenied(
                f"pages of {origin[:_LONGEST_TOLD]} may not read what this gateway answers",
                hint=f"whoever runs it can name them in {setting}",
            )
            scope[TOLD].append((b"vary", b"Origin"))
            await refusal(scope, error)(scope, receive, send)
        elif origin is None and allowed and scope["type"] == "http":
            # The middleware would say no more, in half the time of all layers together.
            scope[TOLD].append((b"vary", b"Origin"))
            await app(scope, receive, send)
        else:
            await answering(scope, receive, send)

    return where_asked


def _answering(app: App, allowed: list[str]) -> App:
    return CORSMiddleware(
        app,
        allow_origins=allowed,
        allow_methods=_METHODS,
        allow_headers=_ASKED,
        allow_private_network=True,
        expose_headers=_SHOWN,
        max_age=_MAX_AGE_S,
    )


def _origin(scope: Scope) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), None)


def _is_preflight(scope: Scope) -> bool:
    """Whether a browser asks what a page may do, by https://fetch.spec.whatwg.org/#cors-preflight-request."""
    names = {name for name, _ in scope["headers"]}
    return scope["method"] == "OPTIONS" and b"access-control-request-method" in names
