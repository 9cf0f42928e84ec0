"""Real pip against a folder of wheels made here."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from cocite.core.errors import CorruptData, Unavailable
from cocite.core.pypi_data import Member, fetch_member, fetch_members

CONTENT = b"some data\n"
NAME = "cocite_data_example-1.0-py3-none-any.whl"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def wheel_sha256(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Hash of the only wheel there is for pip."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    with zipfile.ZipFile(shelf / NAME, "w") as wheel:
        info = "cocite_data_example-1.0.dist-info"
        wheel.writestr("example/data.csv", CONTENT)
        wheel.writestr("example/__init__.py", "raise SystemExit('imported')")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: cocite-data-example\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    return sha256((shelf / NAME).read_bytes())


def test_a_member_is_fetched_once(tmp_path: Path, wheel_sha256: str, monkeypatch: pytest.MonkeyPatch) -> None:
    destination = tmp_path / "deep" / "data.csv"
    arguments = ("cocite-data-example==1.0", wheel_sha256, "example/data.csv", sha256(CONTENT), destination)
    assert fetch_member(*arguments) == destination
    assert destination.read_bytes() == CONTENT
    assert [file.name for file in destination.parent.iterdir()] == ["data.csv"]
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    assert fetch_member(*arguments) == destination  # no download
    destination.write_bytes(b"damaged")
    with pytest.raises(Unavailable):
        fetch_member(*arguments)


def test_a_damaged_file_is_replaced(tmp_path: Path, wheel_sha256: str) -> None:
    destination = tmp_path / "data.csv"
    destination.write_bytes(b"damaged")
    members = [Member("example/data.csv", sha256(CONTENT), destination)]
    fetch_members("cocite-data-example==1.0", wheel_sha256, members)
    assert destination.read_bytes() == CONTENT


def test_another_wheel_than_the_pinned_one_is_refused(tmp_path: Path, wheel_sha256: str) -> None:
    destination = tmp_path / "data.csv"
    with pytest.raises(Unavailable, match="DO NOT MATCH"):
        fetch_member("cocite-data-example==1.0", "0" * 64, "example/data.csv", sha256(CONTENT), destination)
    assert not destination.exists()


@pytest.mark.parametrize(("member", "digest"), [("example/data.csv", "0" * 64), ("example/other.csv", sha256(CONTENT))])
def test_another_member_than_the_pinned_one_is_refused(
    tmp_path: Path, wheel_sha256: str, member: str, digest: str
) -> None:
    destination = tmp_path / "data.csv"
    destination.write_bytes(b"older")
    with pytest.raises(CorruptData):
        fetch_member("cocite-data-example==1.0", wheel_sha256, member, digest, destination)
    assert destination.read_bytes() == b"older"
    assert not list(tmp_path.glob(".*part"))


def test_a_package_nobody_has(tmp_path: Path, wheel_sha256: str) -> None:
    with pytest.raises(Unavailable, match="cocite-data-absent"):
        fetch_member("cocite-data-absent==1.0", wheel_sha256, "a", "0" * 64, tmp_path / "a")
