"""The gateway as one ASGI application."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route

from cocite.core.errors import CociteError
from cocite.core.settings import Settings
from cocite.gateway import batch, embeddings, openapi, semantic_scholar, subscription_pages
from cocite.gateway.asking import Asker
from cocite.gateway.connect import ConnectApplication
from cocite.gateway.encodings import negotiated
from cocite.gateway.http_errors import WrongMethod
from cocite.gateway.http_meter import HttpMeter, known_routes, metered
from cocite.gateway.http_server import Ending
from cocite.gateway.methods import Method, open_methods
from cocite.gateway.model_watch import watch_model
from cocite.gateway.nowhere import no_such_path
from cocite.gateway.protection import protected, unforeseen
from cocite.gateway.refusals import refusal
from cocite.gateway.response_cache import App, Kept, Receive, ResponseCache, Scope, Send
from cocite.gateway.rest import http_routes
from cocite.gateway.site import site_routes
from cocite.gateway.syndication import routes as syndication
from cocite.gateway.transcoding import routes_of
from cocite.gateway.upstream import Upstream
from cocite.serving.answer_memory import AnswerMemory

_DESCRIBE = "/cocite.v1.RecommenderService/GetModel"
_READY_S = 1.0
_COMPRESSED_FROM_BYTES, _COMPRESSION = 1024, 5  # above that level little is gained for the time
LONGEST_S = 30.0  # that any client is waited for


def build(settings: Settings, ending: Ending | None = None, meter: HttpMeter | None = None) -> App:
    """Wire the application; to be called where its event loop runs."""
    meter = meter or HttpMeter()
    methods = open_methods()
    upstream = Upstream(settings, methods.values())
    asker = Asker(upstream, settings.default_deadline_s, LONGEST_S)
    memory: AnswerMemory[Kept] = AnswerMemory(settings.gateway_cache_bytes, settings.gateway_max_age_s)
    most_bytes, max_age_s = settings.gateway_body_bytes, settings.gateway_max_age_s
    rest = list(routes_of(methods.values()))

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        watch = asyncio.create_task(
            watch_model(asker, methods[_DESCRIBE], settings.bundle_poll_s, memory.serve), name="model"
        )
        try:
            yield
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            await upstream.close()

    application = Starlette(
        routes=[
            Route("/healthz", _alive),
            Route("/readyz", partial(_ready, asker, methods[_DESCRIBE], ending or Ending())),
            *http_routes(asker, rest, most_bytes, max_age_s),
            *semantic_scholar.routes(asker, methods, most_bytes),
            *embeddings.routes(asker, methods, most_bytes),
            *batch.routes(asker, methods, most_bytes, settings.max_concurrent_calls),
            *syndication.routes(asker, methods, settings.public_url),
            *subscription_pages.routes(asker, methods),
            *openapi.routes(),
            *site_routes(),
        ],
        lifespan=lifespan,
        exception_handlers={404: no_such_path, 405: _wrong_method, Exception: unforeseen},
    )
    compressed = GZipMiddleware(application, _COMPRESSED_FROM_BYTES, _COMPRESSION)
    connect = ConnectApplication(asker, methods, most_bytes, max_age_s)  # which compresses by itself
    cached = ResponseCache(
        negotiated(_either(methods, connect, compressed)),
        memory,
        frozenset({*methods, *(route.path for route in rest), *syndication.SHARED_PATHS}),
        most_bytes,
        on_hit=meter.hits.add,
        on_miss=meter.misses.add,
    )
    routes = known_routes([*methods, *(route.path for route in application.routes if isinstance(route, Route))])
    return metered(protected(cached, settings, methods.values(), rest, meter), meter, routes)


def _either(paths: Collection[str], there: App, elsewhere: App) -> App:
    """One application at those paths, another elsewhere."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (there if scope["type"] == "http" and scope["path"] in paths else elsewhere)(scope, receive, send)

    return app


async def _wrong_method(request: Request, _: Exception) -> Response:
    """The answer where something is, but not for this method."""
    there = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    allowed = {method for route in there for method in route.methods or ()}
    return refusal(request.scope, WrongMethod(", ".join(sorted(allowed))))


async def _alive(_: Request) -> Response:
    """The process is well, whatever it lacks to answer."""
    return PlainTextResponse("ok\n")


async def _ready(asker: Asker, describe: Method, ending: Ending, _: Request) -> Response:
    """A model serves and can be asked, and the process is not on its way out."""
    if ending.begun:
        return PlainTextResponse("on its way out\n", 503)
    try:
        await asker.ask(describe, b"", _READY_S)
    except CociteError as error:
        return PlainTextResponse(f"{error}\n", 503)
    return PlainTextResponse("ok\n")
