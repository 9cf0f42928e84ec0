"""Models through stores: a directory, and a web server's folder for those who fetch alone."""

import functools
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import threading
import time

import pytest

from cocite.core.errors import CociteError, CorruptData, InvalidArgument, NotFound, NotReady, Unavailable
from cocite.recommender import layout
from cocite.recommender.bundle import Bundle
from cocite.recommender.bundle_files import list_bundles, read_current
from cocite.training.delivery import Wanted, fetch, push
from cocite.training.model_store import ModelStore
from support.bundles import checkerboard, publish, rewrite_manifest, write_bundle


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A directory of bundles, the second current."""
    bundles = tmp_path_factory.mktemp("made") / "bundles"
    for version in ("m1", "m2", "m3"):
        write_bundle(bundles, checkerboard(), version=version)
    return bundles


@pytest.fixture
def trained(made, tmp_path):
    bundles = tmp_path / "trained"
    shutil.copytree(made, bundles)
    publish(bundles, "m1")
    return bundles


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def store(folder):
    return ModelStore(folder.as_uri())


@pytest.fixture(params=["file", "http"])
def source(request, folder, store):
    """The same store as those see it who fetch."""
    if request.param == "file":
        yield store
        return
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield ModelStore(f"http://127.0.0.1:{server.server_address[1]}/")
        server.shutdown()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_what_is_pushed_serves_where_it_is_fetched(trained, store, source, tmp_path):
    pushed = push(trained, store)
    fetched = fetch(tmp_path / "here", source)
    assert (fetched.version, fetched.sha256, fetched.new) == ("m1", pushed.sha256, True)
    assert pushed.sha256 == hashlib.sha256((trained / "m1" / layout.MANIFEST).read_bytes()).hexdigest()
    assert read_current(tmp_path / "here") == "m1"
    assert Bundle.load(tmp_path / "here" / "m1").paper_count == 24
    assert not fetch(tmp_path / "here", source).new


def test_the_pin_is_that_of_the_manifest(trained, store, source, tmp_path):
    pushed = push(trained, store)
    with pytest.raises(CorruptData, match="SHA-256"):
        fetch(tmp_path / "here", source, Wanted(sha256="0" * 64))
    assert read_current(tmp_path / "here") is None
    assert fetch(tmp_path / "here", source, Wanted(sha256=pushed.sha256.upper())).version == "m1"


@pytest.mark.parametrize("damage", ["flipped", "short", "long", "gone"])
def test_a_damaged_model_is_refused_and_the_old_one_stays(trained, store, source, folder, tmp_path, damage):
    here = tmp_path / "here"
    push(trained, store)
    fetch(here, source)
    push(trained, store, "m2")
    path = folder / "m2" / layout.ITEM_FACTORS
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes({"flipped": b"\0" + content[1:], "short": content[:-1], "long": content + b"\0"}[damage])
    with pytest.raises(CociteError) as refused:
        fetch(here, source)
    assert isinstance(refused.value, NotFound if damage == "gone" else CorruptData)
    assert read_current(here) == "m1"
    assert list_bundles(here) == ["m1"]
    assert [each.name for each in here.iterdir() if each.name.startswith(".tmp")] == []
    path.write_bytes(content)  # the control: mended, it is taken
    assert fetch(here, source).version == "m2"


def test_a_model_that_was_damaged_here_is_fetched_anew(trained, store, source, tmp_path):
    here = tmp_path / "here"
    push(trained, store)
    fetch(here, source)
    push(trained, store, "m2")
    fetch(here, source)
    (here / "m1" / layout.YEARS).write_bytes(b"damaged")
    push(trained, store, "m1")
    assert fetch(here, source).new
    assert Bundle.load(here / "m1").version == "m1"


def test_an_older_one_may_be_asked_for_and_few_are_kept(trained, store, source, tmp_path):
    for version in ("m1", "m2", "m3"):
        push(trained, store, version)
        fetch(tmp_path / "here", source)
    assert list_bundles(tmp_path / "here") == ["m2", "m3"]
    assert fetch(tmp_path / "here", source, Wanted("m1")).version == "m1"
    assert read_current(tmp_path / "here") == "m1"


def test_a_manifest_of_another_model_is_refused(trained, store, source, folder, tmp_path):
    push(trained, store)
    rewrite_manifest(folder / "m1", model_version="m9")
    with pytest.raises(CorruptData, match="m9"):
        fetch(tmp_path / "here", source)


def test_a_name_that_leads_out_of_the_store_is_none(trained, store, source, folder, tmp_path):
    push(trained, store)
    (folder / layout.CURRENT).write_text("../trained/m1\n")
    with pytest.raises(CorruptData, match="no model version"):
        fetch(tmp_path / "here", source)


def test_what_is_not_whole_is_not_pushed(trained, store, folder):
    (trained / "m1" / layout.YEARS).write_bytes(b"damaged")
    with pytest.raises(CorruptData):
        push(trained, store)
    assert not (folder / layout.CURRENT).exists()
    with pytest.raises(NotFound):
        push(trained, store, "none")


def test_an_empty_store_and_one_that_is_away(folder, store, tmp_path):
    with pytest.raises(NotReady, match="no model"):
        fetch(tmp_path / "here", store)
    with pytest.raises(Unavailable):
        fetch(tmp_path / "here", ModelStore("http://127.0.0.1:9/"))


@pytest.mark.parametrize("url", ["ftp://host/folder", "folder", "", "memory:///"])
def test_other_urls_are_refused(url):
    with pytest.raises(InvalidArgument):
        ModelStore(url)


def test_the_commands_push_and_keep_fetching(trained, folder, tmp_path):
    here = tmp_path / "here"
    surroundings = os.environ | {"COCITE_MODEL_STORE": folder.as_uri()}

    def push_by_command(*arguments):
        of_trained = surroundings | {"COCITE_BUNDLES_DIR": str(trained)}
        command = [sys.executable, "-m", "cocite", "model", "push", *arguments]
        return subprocess.run(command, env=of_trained, capture_output=True, text=True, timeout=60, check=True).stdout

    assert push_by_command().startswith("m1 ")
    of_here = surroundings | {"COCITE_BUNDLES_DIR": str(here)}
    command = [sys.executable, "-m", "cocite", "model", "fetch", "--every", "1"]
    with subprocess.Popen(command, env=of_here) as following:
        try:
            wait_for(lambda: read_current(here) == "m1")
            push_by_command("m2")
            wait_for(lambda: read_current(here) == "m2")
        finally:
            following.terminate()
        assert following.wait(30) == 0


def wait_for(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
