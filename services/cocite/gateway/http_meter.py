"""What the requests of the gateway come to: how many, how they ended, how long they took."""

import time
from collections.abc import Callable, Iterable, Iterator

from cocite.gateway.response_cache import App, Message, Receive, Scope, Send
from cocite.serving.rpc_meter import Durations
from cocite.serving.tally import Tallies, Tally
from cocite.serving.tracing import begin_serving, traced

OTHER = "other"  # paths where nothing is, of which there are as many as anybody likes
_BROKEN = 499  # what is told as the status of a request that got no answer: its client has gone


class HttpMeter:
    """Counts for one event loop; any thread may read.

    hits and misses are those of the response cache, refused the reasons of what is turned away before it is looked at.
    """

    def __init__(self) -> None:
        self.hits = Tally()
        self.misses = Tally()
        self.refused = Tallies()
        self.in_flight = 0
        self._ended = Tallies()
        self._durations: dict[str, Durations] = {}

    def ended(self, route: str, status: int, seconds: float) -> None:
        """A request has ended."""
        self._ended.add(route, str(status))
        durations = self._durations.get(route)
        if durations is None:
            durations = self._durations[route] = Durations()
        durations.add(seconds)

    def requests(self) -> Iterator[tuple[tuple[str, ...], int]]:
        """How many requests of a route ended with a status, by both."""
        return self._ended.items()

    def durations(self) -> dict[str, Durations]:
        """Of all requests, by route."""
        return dict(self._durations)


def metered(app: App, meter: HttpMeter, route_of: Callable[[str], str]) -> App:
    """The application, with its requests counted, and traced, by what route_of says of their paths."""

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        status = _BROKEN

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        route = route_of(scope["path"])
        span = begin_serving(f"{scope['method']} {route}", _headers(scope)) if traced() else None
        meter.in_flight += 1
        started = time.perf_counter()
        try:
            await app(scope, receive, noting)
        finally:
            meter.in_flight -= 1
            meter.ended(route, status, time.perf_counter() - started)
            if span is not None:
                span.end(str(status))

    return counted


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def known_routes(paths: Iterable[str]) -> Callable[[str], str]:
    """Names the route of a path, given all of them as Starlette writes them, "/papers/{paper_id}"."""
    paths = [*paths]
    exact = frozenset(path for path in paths if "{" not in path)
    starts = {path.partition("{")[0]: path for path in paths if "{" in path}
    by_length = sorted(starts, key=len, reverse=True)

    def route_of(path: str) -> str:
        if path in exact:
            return path
        return next((starts[start] for start in by_length if path.startswith(start)), OTHER)

    return route_of
