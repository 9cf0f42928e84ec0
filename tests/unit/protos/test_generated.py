"""The checks of protos/check.py, and that each of them can fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("protos", "services/cocite/v1"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "services/cocite/__init__.py").touch()
    shutil.copy(ROOT / "buf.yaml", tmp_path)
    (tmp_path / "services/cocite/gateway").mkdir()
    shutil.copy(ROOT / "services/cocite/gateway/openapi.json", tmp_path / "services/cocite/gateway")
    return tmp_path


def check(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, tree / "protos" / "check.py"], capture_output=True, text=True, timeout=100, check=False
    )


def test_the_committed_code_is_fresh_and_lint_clean(copy: Path) -> None:
    result = check(copy)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_changed_proto_makes_the_generated_code_stale(copy: Path) -> None:
    proto = copy / "protos/cocite/v1/paper.proto"
    proto.write_text(proto.read_text().replace("string title = 2;", "string heading = 2;"))
    result = check(copy)
    assert result.returncode == 1
    assert "paper_pb2.py is stale" in result.stderr


def test_a_changed_comment_makes_the_openapi_document_stale(copy: Path) -> None:
    proto = copy / "protos/cocite/v1/paper.proto"
    proto.write_text(proto.read_text().replace("// Year of publication;", "// The year it came out;"))
    result = check(copy)
    assert result.returncode == 1
    assert "cocite/gateway/openapi.json is stale" in result.stderr


def test_a_field_without_a_comment_fails_lint(copy: Path) -> None:
    proto = copy / "protos/cocite/v1/paper.proto"
    proto.write_text(proto.read_text().replace("  // Year of publication; absent when unknown.\n", ""))
    result = check(copy)
    assert result.returncode == 1
    assert 'Field "year" should have a non-empty comment' in result.stdout


def test_untidy_layout_fails(copy: Path) -> None:
    proto = copy / "protos/cocite/v1/paper.proto"
    proto.write_text(proto.read_text().replace("  string venue = 6;", "      string venue = 6;"))
    assert check(copy).returncode == 1
