"""The services as JSON over plain HTTP, by the routes in the protos."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as HttpRoute

from cocite.core.errors import CociteError, InvalidArgument
from cocite.gateway.asking import Asker
from cocite.gateway.bodies import read_json
from cocite.gateway.caching import cache_headers
from cocite.gateway.http_errors import error_response
from cocite.gateway.json_codec import encoded_of, encoded_value, json_of
from cocite.gateway.timeouts import timeout_of
from cocite.gateway.transcoding import Route, value_of_query

Endpoint = Callable[[Request], Awaitable[Response]]


def http_routes(asker: Asker, routes: list[Route], most_bytes: int, max_age_s: int) -> list[HttpRoute]:
    """A handler for each route; bodies are read up to most_bytes."""
    return [HttpRoute(each.path, _handler(asker, each, most_bytes, max_age_s), methods=[each.verb]) for each in routes]


def _handler(asker: Asker, route: Route, most_bytes: int, max_age_s: int) -> Endpoint:
    async def handle(request: Request) -> Response:
        try:
            asked = await _asked(request, route, most_bytes)
            answer = await asker.ask(route.method, asked, timeout_of(request))
        except CociteError as error:
            return error_response(error)
        text = json_of(answer.body, route.method.response)
        return Response(text, 200, dict(cache_headers(answer, max_age_s)), "application/json")

    return handle


async def _asked(request: Request, route: Route, most_bytes: int) -> bytes:
    """The request's message, encoded."""
    kind = route.method.request
    if route.verb == "GET":
        return encoded_value(value_of_query(request.query_params.multi_items(), kind), kind)
    for name in request.query_params:
        raise InvalidArgument(f"{name[:80]}: is no part of the address here", hint="name it in the body", field=name)
    return encoded_of(await read_json(request, most_bytes), kind)
