"""The pages of the site: documents that are asked for anew each time, and assets that keep, as their names tell their
content.

`make web` builds them from web/ into static/. They are read once.
"""

from collections.abc import Iterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cocite.gateway.answering import giving

STATIC = Path(__file__).with_name("static")
PAGES = {  # by their paths
    "/": "index.html",
    "/today": "today.html",
    "/trending": "trending.html",
    "/library": "library.html",
    "/subscribe": "subscribe.html",
}

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
_UNBUILT = (
    "the pages are not built: run `make web` in a checkout of cocite; the APIs of this gateway answer without it\n"
)
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def site_routes(static: Path = STATIC) -> Iterator[Route]:
    """Routes of the pages and their assets below static; without an index they say how to build them."""
    if not (static / "index.html").is_file():
        for address in PAGES:
            yield Route(address, _unbuilt)
        return
    for address, name in PAGES.items():
        yield _route(address, static / name, {"cache-control": "no-cache", "content-security-policy": PAGE_POLICY})
    for path in sorted((static / "assets").iterdir()):
        yield _route(f"/assets/{path.name}", path, {"cache-control": "public, max-age=31536000, immutable"})


def _route(address: str, path: Path, headers: dict[str, str]) -> Route:
    return Route(address, giving(path.read_bytes(), {**headers, "content-type": _TYPES[path.suffix]}))


async def _unbuilt(_: Request) -> Response:
    return PlainTextResponse(_UNBUILT, 404, {"cache-control": "no-store"})
