"""What one would write first instead, answering from Redis: with grpcio and JSON, and with FastAPI."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict

from cocite.bench.latency_servers import ANY_PORT, listening
from cocite.core.errors import NotReady, Unavailable
from cocite.v1.recommender_service_pb2 import RecommendPapersRequest, RecommendPapersResponse
from cocite.v1.recommender_service_pb2_grpc import (
    RecommenderServiceServicer,
    add_RecommenderServiceServicer_to_server,
)

_START_S = 30.0
_IDLE_S = 3600  # that a connection may rest between windows


def rival_key(paper_id: str) -> str:
    """Where the answer for a paper is in Redis."""
    return f"rival:{paper_id}"


def rival_json(answer: bytes) -> str:
    """An encoded RecommendPapersResponse as the JSON that rivals keep."""
    message = RecommendPapersResponse.FromString(answer)
    return json.dumps(MessageToDict(message, preserving_proto_field_name=True, use_integers_for_enums=True))


class _Naive(RecommenderServiceServicer):
    def __init__(self, redis_url: str) -> None:
        import redis

        self._store = redis.Redis.from_url(redis_url)

    def RecommendPapers(
        self, request: RecommendPapersRequest, context: grpc.ServicerContext
    ) -> RecommendPapersResponse:
        found = self._store.get(rival_key(request.seeds.positive_ids[0]))
        return RecommendPapersResponse(**json.loads(found))  # type: ignore[arg-type]  # redis-py's types allow futures


@contextmanager
def naive(redis_url: str, threads: int) -> Iterator[int]:
    """A servicer of grpcio whose answers are made from JSON that redis-py gets."""
    server = grpc.server(ThreadPoolExecutor(threads))
    add_RecommenderServiceServicer_to_server(_Naive(redis_url), server)  # type: ignore[no-untyped-call]  # generated
    with listening(server) as port:
        yield port


def check_fastapi() -> None:
    """Raise NotReady where what the row fastapi takes is not installed."""
    try:
        import fastapi  # noqa: F401  # only whether it is there
        import uvicorn  # noqa: F401
    except ModuleNotFoundError:
        hint = "pip install 'cocite[bench]', or choose others with --rows"
        raise NotReady("the row fastapi needs FastAPI and uvicorn", hint=hint) from None


@contextmanager
def fastapi(redis_url: str) -> Iterator[int]:
    """An endpoint of FastAPI on uvicorn with uvloop and httptools, whose answers come from JSON that redis-py gets."""
    import redis.asyncio
    import uvicorn
    from fastapi import FastAPI

    app, store = FastAPI(), redis.asyncio.Redis.from_url(redis_url)

    @app.get("/recommend")
    async def recommend(paper: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await store.get(rival_key(paper)) or "")
        return found

    host, _, port = ANY_PORT.partition(":")
    options = uvicorn.Config(app, host, int(port), log_level="error", access_log=False, timeout_keep_alive=_IDLE_S)
    server = uvicorn.Server(options)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(int(_START_S / 0.01)):
        if server.started or not thread.is_alive():
            break
        thread.join(0.01)
    if not server.started:
        raise Unavailable("uvicorn did not start")
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(5.0)
