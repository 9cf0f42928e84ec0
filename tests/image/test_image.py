"""What the image promises: one id a commit, no root, nothing written, a clean end."""

import os
import re
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

import cocite
from image.conftest import NAMES
from image.containers import finished, running
from support.bundles import checkerboard, publish, write_bundle
from support.ports import free_port

pytestmark = [pytest.mark.image, pytest.mark.timeout(3000)]
COCITE = ["/opt/cocite/bin/cocite"]
PYTHON = "/opt/cocite/bin/python"


def name(kind: str) -> str:
    return f"cocite-test-{kind}-{os.getpid()}"


def test_two_builds_of_one_commit_have_one_id(ids):
    one, two = (ids[each] for each in NAMES)
    assert re.fullmatch(r"[0-9a-f]{64}", one)
    assert one == two


def test_the_image_holds_what_it_says_and_no_more(image):
    assert (image.config["User"], image.config["Entrypoint"]) == ("10001:10001", COCITE)
    packages = next((image.root / "opt/cocite/lib").glob("python3.*")) / "site-packages"
    there = {each.name.partition("-")[0] for each in packages.glob("*.dist-info")}
    assert {"cocite", "grpcio", "numpy"} <= there
    assert not there & {"pip", "setuptools", "pytest", "hatchling", "mypy"}
    assert not any((image.root / path).exists() for path in ("build", "run/secrets/ca", "run/secrets/pip"))
    assert (image.root / "opt/cocite/models/all-MiniLM-L6-v2/model.safetensors").is_file()
    writable = [path for path in (image.root / "opt").rglob("*") if not path.is_symlink() and path.stat().st_uid != 0]
    assert writable == []


def test_a_service_lives_without_root_and_ends_when_asked(image, tmp_path):
    address = f"127.0.0.1:{free_port()}"
    surroundings = {"COCITE_FEATURES_LISTEN": address, "COCITE_LAME_DUCK_S": "0.2"}
    with running(name("features"), image, tmp_path / "c", [*COCITE, "serve", "features"], **surroundings) as container:
        with grpc.insecure_channel(address) as channel:
            for service in ("", "live"):
                asked = health_pb2.HealthCheckRequest(service=service)
                answer = health_pb2_grpc.HealthStub(channel).Check(asked, timeout=60, wait_for_ready=True)
                assert answer.status == health_pb2.HealthCheckResponse.SERVING
        status = container.status()
        assert set(status["Uid"].split()) == {"10001"}
        assert {status[f"Cap{kind}"].strip("0") for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {""}
        assert container.terminate() == 0
        assert '"event": "stopping"' in container.log.read_text()


def test_what_is_not_a_volume_cannot_be_written(image, tmp_path):
    status, said = finished(name("write"), image, tmp_path / "c", [PYTHON, "-c", "open('/opt/cocite/x', 'w')"])
    assert status == 1
    assert "Read-only file system" in said
    assert finished(name("write"), image, tmp_path / "c", [PYTHON, "-c", "open('/tmp/x', 'w')"])[0] == 0


def test_what_trains_can_be_loaded(image, tmp_path):
    loaded = [PYTHON, "-c", "import lightgbm, implicit, cocite.training.train"]
    status, said = finished(name("train"), image, tmp_path / "c", loaded)
    assert status == 0, said


def test_no_pod_waits_for_the_compiler(image, tmp_path):
    """The inner loops come with the image; where nobody copies them, the control, each process compiles."""
    imported = [PYTHON, "-c", "import cocite.recommender.engine, cocite.recommender.assembly"]
    copied = ["cp", "-rT", "/opt/cocite/machine-code", "/tmp/machine-code"]
    assert finished(name("copy"), image, tmp_path / "c", copied) == (0, "")
    before = kept(tmp_path / "c")
    assert finished(name("code"), image, tmp_path / "c", imported)[0] == 0
    assert before and kept(tmp_path / "c") == before
    alone = [PYTHON, "-c", "import cocite.recommender.ascending"]
    assert finished(name("alone"), image, tmp_path / "d", alone)[0] == 0
    assert kept(tmp_path / "d")


def test_the_inner_loops_of_the_image_answer(image, tmp_path):
    """On a corpus of which the answer is known: even papers belong with even ones."""
    copied = ["cp", "-rT", "/opt/cocite/machine-code", "/tmp/machine-code"]
    assert finished(name("copy"), image, tmp_path / "c", copied)[0] == 0
    write_bundle(tmp_path / "c/tmp/bundles", checkerboard())
    publish(tmp_path / "c/tmp/bundles", "m1")
    before = kept(tmp_path / "c")
    address = f"127.0.0.1:{free_port()}"
    surroundings = {
        "COCITE_RECOMMENDER_LISTEN": address,
        "COCITE_BUNDLES_DIR": "/tmp/bundles",
        "COCITE_LAME_DUCK_S": "0",
    }
    serve = [*COCITE, "serve", "recommender"]
    with running(name("recommender"), image, tmp_path / "c", serve, **surroundings) as container:
        with grpc.insecure_channel(address) as channel:
            asked = health_pb2.HealthCheckRequest()
            health_pb2_grpc.HealthStub(channel).Check(asked, timeout=60, wait_for_ready=True)
        with cocite.Client(address, timeout_s=30) as client:
            found = [result.paper.paper_id for result in client.recommend(["doi:10.1000/10"], page_size=6)]
        assert len(found) == 6
        assert {int(paper_id.rpartition("/")[2]) % 2 for paper_id in found} == {0}
        assert container.terminate() == 0
    assert kept(tmp_path / "c") == before


def kept(directory: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in (directory / "tmp/machine-code").rglob("*.nb?")}
