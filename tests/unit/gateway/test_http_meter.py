"""What the gateway counts of its requests."""

import asyncio

import pytest

from cocite.gateway.http_meter import HttpMeter, known_routes, metered
from support.asgi import request

route_of = known_routes(["/", "/v1/papers:recommend", "/papers/{paper_id}", "/papers/forpaper/{paper_id}"])


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/v1/papers:recommend", "/v1/papers:recommend"),
        ("/v1/papers:recommendx", "other"),
        ("/papers/10.1/x", "/papers/{paper_id}"),
        ("/papers/forpaper/x", "/papers/forpaper/{paper_id}"),
        ("/made/up", "other"),
    ],
)
def test_paths_are_told_by_their_routes(path, route):
    assert route_of(path) == route


def test_requests_are_counted_by_status_and_those_under_way_while_they_are():
    meter, seen = HttpMeter(), []

    async def app(scope, receive, send):
        seen.append(meter.in_flight)
        if scope["path"] == "/":
            await send({"type": "http.response.start", "status": 404, "headers": []})
        elif scope["path"] == "/papers/fault":
            raise RuntimeError("a fault")

    async def ask() -> None:
        for path in ("/", "/", "/papers/gone", "/papers/fault"):
            exchange = request(path)
            try:
                await metered(app, meter, route_of)(exchange.scope, None, exchange.send)
            except RuntimeError:
                assert path == "/papers/fault"

    asyncio.run(ask())
    assert dict(meter.requests()) == {("/", "404"): 2, ("/papers/{paper_id}", "499"): 2}
    assert seen == [1, 1, 1, 1] and meter.in_flight == 0
    assert sum(meter.durations()["/"].read()[0]) == 2
