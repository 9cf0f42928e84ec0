"""The answer where nothing is, to programs and to people."""

from html import escape

from starlette.requests import Request
from starlette.responses import Response

from cocite.core.errors import NotFound
from cocite.gateway import semantic_scholar
from cocite.gateway.http_errors import error_headers, status_of
from cocite.gateway.refusals import refusal

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Nothing here · cocite</title>
<link rel="stylesheet" href="/docs/api.css">
<main>
<h1>Nothing here</h1>
<p>{}.</p>
<p><a href="/">To the papers</a> · <a href="/docs/api">What programs can ask</a></p>
</main>
</html>
"""


async def no_such_path(request: Request, _: Exception) -> Response:
    """An error in the form of the API that was meant; a page for who would rather see one."""
    below = request.url.path.startswith((f"{semantic_scholar.RECOMMENDATIONS}/", f"{semantic_scholar.GRAPH}/"))
    error = semantic_scholar.not_offered() if below else NotFound("there is nothing at this path", hint="see /docs/api")
    page = request.method in ("GET", "HEAD") and _prefers_a_page(request.headers.get("accept", ""))
    answer = _page(error) if page else refusal(request.scope, error)
    answer.headers["vary"] = "Accept"
    return answer


def _prefers_a_page(accept: str) -> bool:
    """Whether the header names HTML, and JSON not before it: browsers put first what they want most."""
    names = [each.partition(";")[0].strip().lower() for each in accept.split(",")]
    return "text/html" in names and "application/json" not in names[: names.index("text/html")]


def _page(error: NotFound) -> Response:
    said = escape(error.message)
    html = _PAGE.format(f"{said[:1].upper()}{said[1:]}")
    return Response(html, status_of(error), error_headers(error), "text/html; charset=utf-8")
