"""Pages that links in mails lead to: /confirm and /unsubscribe.

A link is opened by programs that look for dangers in mails, too. So GET only shows a button, and POST does what it
says. Mail programs send that POST by themselves for one-click unsubscribing (RFC 8058): the token stands in the
address, the body says nothing that is not known, and there are no cookies.
"""

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cocite.core.errors import CociteError, InvalidArgument, NotFound
from cocite.gateway.answering import Handler
from cocite.gateway.asking import Asker
from cocite.gateway.http_errors import error_headers, status_of
from cocite.gateway.methods import Method
from cocite.gateway.timeouts import timeout_of
from cocite.v1 import feed_service_pb2 as pb

CONFIRM, UNSUBSCRIBE = "/confirm", "/unsubscribe"
_HERE = Path(__file__).parent
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,128}")
_TEMPLATES = Environment(loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True)
_STYLE = (_HERE / "subscription_pages.css").read_text()
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}
_PERIODS = {pb.DIGEST_PERIOD_DAILY: "every day that has new papers", pb.DIGEST_PERIOD_WEEKLY: "once a week"}


@dataclass(frozen=True, slots=True)
class _Page:
    """What a page says. button: what its one button says, "" for none."""

    title: str
    text: str
    button: str = ""


_ASKING = {
    CONFIRM: _Page("Confirm your subscription", "The digest will come to your address by e-mail.", "Confirm"),
    UNSUBSCRIBE: _Page("Unsubscribe", "The digest will not come to your address any more.", "Unsubscribe"),
}


def routes(asker: Asker, methods: Mapping[str, Method]) -> list[Route]:
    """The pages, and what their buttons do."""
    named = {method.descriptor.name: method for method in methods.values()}

    async def confirmed(token: str, request: Request) -> _Page:
        asked = pb.ConfirmSubscriptionRequest(token=token)
        answer = await _ask(asker, named["ConfirmSubscription"], asked, request)
        return _Page("You are subscribed", f"The digest will come {_PERIODS.get(answer.period, 'by e-mail')}.")

    async def ended(token: str, request: Request) -> _Page:
        await _ask(asker, named["Unsubscribe"], pb.UnsubscribeRequest(token=token), request)
        return _Page("You are unsubscribed", "No digest will come any more.")

    def page(path: str, work: Callable[[str, Request], Awaitable[_Page]]) -> Handler:
        async def handle(request: Request) -> Response:
            try:
                token = _token(request)
                found = await work(token, request) if request.method == "POST" else _ASKING[path]
            except CociteError as error:
                return _failed(error)
            return _shown(found, 200, action=f"?token={token}")

        return handle

    return [
        Route(path, page(path, work), methods=["GET", "POST"])
        for path, work in ((CONFIRM, confirmed), (UNSUBSCRIBE, ended))
    ]


async def _ask(asker: Asker, method: Method, asked: Any, request: Request) -> Any:
    return await asker.ask_within(asker.deadline(timeout_of(request)), method, asked)


def _token(request: Request) -> str:
    """The token in the address. Raises InvalidArgument for what cannot be one."""
    told = request.query_params.getlist("token")
    if len(told) != 1 or not _TOKEN.fullmatch(told[0]):
        raise InvalidArgument("this link is not complete", hint="copy the whole link from the mail", field="token")
    return told[0]


def _failed(error: CociteError) -> Response:
    wrong = isinstance(error, NotFound | InvalidArgument)
    title = "This link does not work" if wrong else "That did not work"
    said = str(error)
    text = f"{said[:1].upper()}{said[1:]}." if wrong else "The fault is ours, not your link's. Try again in a moment."
    return _shown(_Page(title, text), status_of(error), error_headers(error))


def _shown(page: _Page, status: int, headers: Mapping[str, str] | None = None, action: str = "") -> Response:
    html = _TEMPLATES.get_template("subscription_pages.html").render(page=page, action=action, style=_STYLE)
    return Response(html, status, {**_HEADERS, **(headers or {})}, "text/html; charset=utf-8")
