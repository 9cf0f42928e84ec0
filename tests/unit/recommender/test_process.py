import os
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.recommender_service_pb2_grpc import RecommenderServiceStub
from support.bundles import publish
from support.recommender import until

SERVE = (
    "from cocite.core.settings import load_settings; from cocite.recommender.main import serve; serve(load_settings())"
)


def _environment(bundles_dir: Path, socket: Path) -> dict[str, str]:
    return os.environ | {
        "COCITE_BUNDLES_DIR": str(bundles_dir),
        "COCITE_RECOMMENDER_LISTEN": f"unix:{socket}",
        "COCITE_FEATURES_TARGET": f"unix:{socket}.none",
        "COCITE_EMBEDDING_TARGET": f"unix:{socket}.none",
        "COCITE_LAME_DUCK_S": "0",
    }


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_serves_alone_and_ends_clean(bundle_dir: Path, tmp_path: Path, number: signal.Signals) -> None:
    """With neither of the other services there, answers still come."""
    publish(bundle_dir.parent, "m1")
    socket = tmp_path / "s"
    with subprocess.Popen([sys.executable, "-c", SERVE], env=_environment(bundle_dir.parent, socket)) as process:
        try:
            with grpc.insecure_channel(f"unix:{socket}") as channel:
                health = health_pb2_grpc.HealthStub(channel)
                until(socket.exists)
                status = health.Check(health_pb2.HealthCheckRequest(), timeout=20, wait_for_ready=True).status
                assert status == health_pb2.HealthCheckResponse.SERVING
                request = pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=["10.1000/20"]))
                response = RecommenderServiceStub(channel).RecommendPapers(request, timeout=20)
                assert response.results and response.degraded
            process.send_signal(number)
            assert process.wait(30) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("engine", ("grpc", "google.protobuf", "cocite.v1", "redis", "implicit", "lightgbm")),
        ("main", ("implicit", "lightgbm", "sqlalchemy", "onnxruntime")),
    ],
)
def test_what_is_not_loaded(module: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, cocite.recommender.{module}; print([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
