import os
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import lightgbm
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cocite.recommender import layout
from cocite.recommender.ranking.models import LambdaMartModel, Rankers
from cocite.v1 import paper_pb2
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.recommender_service_pb2_grpc import RecommenderServiceStub
from support.bundles import Corpus, publish, write_bundle
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
                seeds = pb.Seeds(positive_ids=["10.1000/20"])
                request = pb.RecommendPapersRequest(seeds=seeds, view=paper_pb2.PAPER_VIEW_FULL)
                response = RecommenderServiceStub(channel).RecommendPapers(request, timeout=20)
                assert response.results and response.degraded
            process.send_signal(number)
            assert process.wait(30) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("engine", ("grpc", "google.protobuf", "cocite.v1", "redis", "implicit", "lightgbm", "cocite.training")),
        ("main", ("implicit", "lightgbm", "sqlalchemy", "onnxruntime", "cocite.training")),
    ],
)
def test_what_is_not_loaded(module: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, cocite.recommender.{module}; print([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


RANK = """
import sys
from pathlib import Path
from cocite.recommender.bundle import Bundle
from cocite.recommender.engine import Engine
from cocite.recommender.query import Query
bundle = Bundle.load(Path(sys.argv[1]))
rows = Engine(bundle).rank(Query(positive_rows=(21,), texts=("graphs",))).rows
print(bundle.rankers.papers.kind, rows.size > 1, [name for name in ("lightgbm", "implicit") if name in sys.modules])
"""


def test_ranking_by_trees_loads_no_trainer(corpus: Corpus, tmp_path: Path) -> None:
    """Not even late, when the first query is ranked."""
    values = np.random.default_rng(1).normal(size=(60, 2))
    data = lightgbm.Dataset(values, (values[:, 0] > 0).astype(int), group=[60])
    parameters = {"objective": "lambdarank", "min_data_in_leaf": 2, "verbosity": -1, "num_threads": 1}
    trees = lightgbm.train(parameters, data, num_boost_round=3).model_to_string()
    model = LambdaMartModel(("references.log", "words.score"), trees)
    overrides = {layout.RANKERS: Rankers(papers=model).to_bytes()}
    bundle = write_bundle(tmp_path, corpus, overrides=overrides)
    done = subprocess.run([sys.executable, "-c", RANK, str(bundle)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "lambdamart True []"
