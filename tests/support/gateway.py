"""The gateway in this process, before services whose answers a test scripts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from cocite.core.settings import Settings
from cocite.gateway.app import build
from cocite.gateway.http_server import Ending
from cocite.v1 import recommender_service_pb2 as pb
from support.scripted_recommender import Running
from support.scripted_services import running_services
from support.stack import eventually

MODEL = "model-1"
SLACK_S = 0.5  # by which gRPC may round up what a service sees of a deadline of 30 s or less


class _Lazy:
    """Builds the application in the event loop that runs it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._app: Any = None

    async def __call__(self, scope, receive, send) -> None:
        self._app = self._app or build(self._settings, Ending())
        await self._app(scope, receive, send)


@dataclass
class Gateway:
    client: TestClient
    recommender: Running

    @property
    def asked(self) -> list[Any]:
        """Requests that reached the recommender, for anything but its model."""
        return [each for each in self.recommender.servicer.requests if not isinstance(each, pb.GetModelRequest)]

    def serve_model(self, version: str) -> None:
        """Let the recommender name another model, and wait until the gateway knows it."""
        before = len(self.recommender.servicer.requests)
        self.recommender.servicer.answer = answering(version)
        assert eventually(lambda: len(self.recommender.servicer.requests) > before + 2)


def answering(model: str, **fields: Any):
    """What a recommender answers whose model has that version."""

    def answer(request):
        if isinstance(request, pb.GetModelRequest):
            return pb.GetModelResponse(model_version=model)
        if isinstance(request, pb.ResolvePapersRequest):
            return pb.ResolvePapersResponse(model_version=model)
        return pb.RecommendPapersResponse(model_version=model, **{"next_page_token": request.page_token, **fields})

    return answer


@contextmanager
def running_gateway(home: Path, **settings: Any) -> Iterator[Gateway]:
    with running_services() as recommender:
        recommender.servicer.answer = answering(MODEL)
        told = {
            "home": home,
            "recommender_target": recommender.target,
            "features_target": recommender.target,
            "embedding_target": recommender.target,
            "feeds_target": recommender.target,
            "bundle_poll_s": 0.05,
            "gateway_anonymous_rate": 10_000_000,
            **settings,
        }
        with TestClient(_Lazy(Settings(**told)), base_url="http://localhost", raise_server_exceptions=False) as client:
            gateway = Gateway(client, recommender)
            gateway.serve_model(MODEL)
            yield gateway
