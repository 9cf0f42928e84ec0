import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cocite.catalogue import engine
from cocite.catalogue.engine import parse_url
from cocite.catalogue.merging import SCHEME_PREFERENCE, preferred_id
from cocite.catalogue.store import Catalogue
from cocite.core.errors import CorruptData, InvalidArgument, Overloaded, Unavailable
from cocite.core.ids import SCHEMES

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_means_psycopg_3(scheme: str) -> None:
    parsed = parse_url(f"{scheme}://user:secret@host:5433/name")
    assert (parsed.drivername, parsed.port, parsed.password) == ("postgresql+psycopg", 5433, "secret")


@pytest.mark.parametrize(
    "url",
    ["", "catalogue.db", "mysql://host/x", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory", "x:y:z"],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Catalogue.open(url)
    assert caught.value.field == "catalogue_url"


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are notes, " * 100)
    with pytest.raises(InvalidArgument, match="not a SQLite database"):
        Catalogue.open(f"sqlite:///{path}")
    assert path.read_text().startswith("these are notes")


def test_a_damaged_database_is_named_so(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    Catalogue.open(f"sqlite:///{path}").close()
    path.write_bytes(path.read_bytes()[:4096] + b"\xa5" * 40_000)
    with pytest.raises(CorruptData), Catalogue.open(f"sqlite:///{path}") as catalogue:
        catalogue.count_papers()


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable) as caught:
        Catalogue.open("postgresql://someone:hidden-word@127.0.0.1:1/x")
    assert "hidden-word" not in str(caught.value)
    assert caught.value.retry_after_s is not None


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidArgument, match="cannot be created"):
        Catalogue.open(f"sqlite:///{tmp_path}/file/below/c.db")


def test_connections_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "POOL_SIZE", 1)
    monkeypatch.setattr(engine, "POOL_TIMEOUT_S", 0.05)
    with Catalogue.open(f"sqlite:///{tmp_path}/c.db") as catalogue, catalogue.reading(), pytest.raises(Overloaded):
        catalogue.count_papers()


def test_sqlite_is_set_up_for_readers_beside_a_writer(tmp_path: Path) -> None:
    with Catalogue.open(f"sqlite:///{tmp_path}/c.db") as catalogue, catalogue.writing() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
        assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": engine.BUSY_TIMEOUT_MS}
        assert catalogue.count_papers() == 0  # while the other connection holds the write lock


def test_every_scheme_has_its_place() -> None:
    assert set(SCHEME_PREFERENCE) == set(SCHEMES)
    assert preferred_id(["s2:1", "pmid:5", "pmid:4", "openalex:W1"]) == "pmid:5"


def test_an_installed_wheel_brings_its_migrations(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from cocite.catalogue import store;"
        "assert store.__file__.startswith(sys.argv[1]), store.__file__;"
        "print(store.Catalogue.open(sys.argv[2]).count_papers())"
    )
    arguments = [str(tmp_path / "installed"), f"sqlite:///{tmp_path}/c.db"]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=tmp_path, check=True, capture_output=True, timeout=60
    )
    assert done.stdout.strip() == b"0"
