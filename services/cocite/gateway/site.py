"""The web page: an index that is asked for anew each time, and assets that keep, as their names tell their content.

`make web` builds them from web/ into static/. They are read once, and packed once for clients that take gzip.
"""

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

STATIC = Path(__file__).with_name("static")

# Nothing but what the gateway itself serves, and no way to turn text into markup.
PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_UNBUILT = "the page is not built: run `make web` in a checkout of cocite; the APIs of this gateway answer without it\n"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class _File:
    """A file, plain and packed, and the headers that go with it."""

    plain: bytes
    packed: bytes
    headers: dict[str, str]

    def response(self, request: Request) -> Response:
        """The file as the client takes it, or that it has it already."""
        if request.headers.get("if-none-match") == self.headers["etag"]:
            return Response(None, 304, self.headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.packed, 200, {**self.headers, "content-encoding": "gzip"})
        return Response(self.plain, 200, self.headers)


def site_routes(static: Path = STATIC) -> Iterator[Route]:
    """Routes of the page and its assets below static; without an index one that says how to build it."""
    index = static / "index.html"
    if not index.is_file():
        yield Route("/", _unbuilt)
        return
    page = {
        "cache-control": "no-cache",
        "content-security-policy": PAGE_POLICY,
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
    }
    yield _route("/", index, page)
    for path in sorted((static / "assets").iterdir()):
        yield _route(f"/assets/{path.name}", path, {"cache-control": "public, max-age=31536000, immutable"})


def _route(address: str, path: Path, headers: dict[str, str]) -> Route:
    content = path.read_bytes()
    told = {
        **headers,
        "content-type": _TYPES[path.suffix],
        "etag": f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"',
        "vary": "accept-encoding",
        "x-content-type-options": "nosniff",
    }
    file = _File(content, gzip.compress(content, mtime=0), told)

    async def answer(request: Request) -> Response:
        return file.response(request)

    return Route(address, answer)


async def _unbuilt(_: Request) -> Response:
    return PlainTextResponse(_UNBUILT, 404, {"cache-control": "no-store"})
