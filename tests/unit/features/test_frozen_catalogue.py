"""A PostgreSQL that is frozen, not gone: connections stay open, connecting works, and no answer ever comes."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.errors import Unavailable
from cocite.serving.channel import open_channel
from cocite.v1 import degradation_pb2
from cocite.v1 import feature_service_pb2 as pb
from cocite.v1.feature_service_pb2_grpc import FeatureServiceStub
from support.postgres import OwnServer, own_postgres

__all__ = ["own_postgres"]  # fixture

CATALOGUE_UNAVAILABLE = degradation_pb2.DEGRADED_CAUSE_CATALOGUE_UNAVAILABLE
TIMEOUT_S = 60.0
HASTY_S = 2.0


def paper_id(number: int) -> str:
    return f"doi:10.1000/{number}"


@pytest.fixture
def frozen_soon(own_postgres: OwnServer) -> OwnServer:
    with Catalogue.open(own_postgres.url) as catalogue:
        catalogue.write([PaperRecord(ids=(paper_id(i),), fields=Fields(f"Paper {i}")) for i in range(100)])
    return own_postgres


@pytest.fixture
def service(frozen_soon: OwnServer) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A feature service in a process of its own, and where it listens."""
    with tempfile.TemporaryDirectory(prefix="cv-") as short:
        target = f"unix:{short}/f"
        settings = {
            "COCITE_CATALOGUE_URL": frozen_soon.url,
            "COCITE_FEATURES_LISTEN": target,
            "COCITE_REDIS_TIMEOUT_S": "5",
            "COCITE_SERVER_THREADS": "6",
            "COCITE_LAME_DUCK_S": "0",
            "COCITE_DRAIN_S": "1",
            "TMPDIR": short,
        }
        process = subprocess.Popen([sys.executable, "-m", "cocite", "serve", "features"], env=os.environ | settings)
        try:
            yield process, target
            assert not list(Path(short).glob("cocite-*"))  # the embedded Valkey is gone too
        finally:
            process.kill()
            process.wait()


def test_the_rest_of_the_service_goes_on_and_it_ends_when_told(
    frozen_soon: OwnServer, service: tuple[subprocess.Popen[bytes], str]
) -> None:
    process, target = service
    with open_channel(target) as channel, ThreadPoolExecutor(20) as callers:
        stub, health = FeatureServiceStub(channel), health_pb2_grpc.HealthStub(channel)

        def ask(number: int, timeout_s: float = TIMEOUT_S) -> pb.BatchGetPapersResponse:
            request = pb.BatchGetPapersRequest(paper_ids=[paper_id(number)])
            return stub.BatchGetPapers(request, timeout=timeout_s, wait_for_ready=True)

        assert ask(0).papers[0].paper.title == "Paper 0"
        list(callers.map(ask, range(1, 20)))  # so that there are idle connections to hang on

        frozen_soon.freeze()
        misses = [callers.submit(ask, number, HASTY_S) for number in range(20, 40)]
        for _ in range(20):
            cached = ask(0)
            assert cached.papers[0].paper.title == "Paper 0" and not cached.degraded
            answer = health.Check(health_pb2.HealthCheckRequest(), timeout=TIMEOUT_S)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        for miss in misses:
            assert [d.cause for d in miss.result().degraded] == [CATALOGUE_UNAVAILABLE]

        frozen_soon.thaw()
        end = time.monotonic() + TIMEOUT_S
        while (thawed := ask(50)).degraded:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert thawed.papers[0].paper.title == "Paper 50"

        frozen_soon.freeze()
        hanging = callers.submit(ask, 60, HASTY_S)
        assert hanging.result().degraded
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == 0  # although a thread still waits for the catalogue


def test_a_connection_gives_up_on_a_silent_server_and_a_new_one_is_made(frozen_soon: OwnServer) -> None:
    with Catalogue.open(frozen_soon.url, answer_s=0.5) as catalogue:
        assert paper_id(1) in catalogue.get_papers([paper_id(1)])
        frozen_soon.freeze()
        with pytest.raises(Unavailable):
            catalogue.get_papers([paper_id(1)])
        frozen_soon.thaw()
        assert paper_id(1) in catalogue.get_papers([paper_id(1)])
