"""The gateway as one ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from cocite.core.settings import Settings
from cocite.gateway import embeddings, semantic_scholar
from cocite.gateway.asking import Asker
from cocite.gateway.connect import ConnectApplication
from cocite.gateway.methods import open_methods
from cocite.gateway.rest import http_routes
from cocite.gateway.transcoding import routes_of
from cocite.gateway.upstream import Upstream

LONGEST_S = 30.0  # that any client is waited for


def build(settings: Settings) -> Starlette:
    """Wire the application."""
    methods = open_methods()
    upstream = Upstream(settings, methods.values())
    asker = Asker(upstream, settings.default_deadline_s, LONGEST_S)
    most_bytes, max_age_s = settings.gateway_body_bytes, settings.gateway_max_age_s

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        yield
        await upstream.close()

    return Starlette(
        routes=[
            Route("/healthz", _alive),
            *http_routes(asker, list(routes_of(methods.values())), most_bytes, max_age_s),
            *semantic_scholar.routes(asker, methods, most_bytes),
            *embeddings.routes(asker, methods, most_bytes),
            Mount("/", ConnectApplication(asker, methods, most_bytes, max_age_s)),
        ],
        lifespan=lifespan,
    )


async def _alive(_: Request) -> Response:
    return PlainTextResponse("ok\n")
