"""What `cocite up` says and refuses before anything is started."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.cli import up
from cocite.cli.existing import open_existing
from cocite.cli.stack import check_ready
from cocite.core.errors import NotReady
from cocite.core.settings import Settings
from cocite.embedding.encoders import HashingEncoder, MiniLmEncoder
from support.bundles import checkerboard, publish, rewrite_manifest, write_bundle


@pytest.fixture
def settings(tmp_path):
    """A catalogue with a paper, and a model."""
    settings = Settings(home=tmp_path / "home", encoder="hashing")
    with Catalogue.open(settings.catalogue) as catalogue:
        catalogue.write([PaperRecord(("pmid:1",), Fields(title="Maps"))])
    directory = write_bundle(settings.bundles, checkerboard())
    publish(settings.bundles, directory.name)
    return settings


def test_a_catalogue_that_is_not_there_is_not_made(tmp_path):
    url = f"sqlite:///{tmp_path}/a/x.db"
    with pytest.raises(NotReady, match=r"there is no catalogue at .*x\.db; bring papers in with `cocite ingest`"):
        check_ready(Settings(home=tmp_path / "home", catalogue_url=url))
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_a_demo_the_way_to_its_catalogue_is_told(tmp_path):
    of_demo = Settings(home=tmp_path / "a home" / "demo" / "scientometrics")
    Catalogue.open(of_demo.catalogue).close()
    with pytest.raises(NotReady, match=r"for that of the demo say COCITE_HOME='.*/a home/demo/scientometrics'"):
        open_existing(Settings(home=tmp_path / "a home").catalogue)


def test_one_that_is_there_is_opened(settings):
    with open_existing(settings.catalogue) as catalogue:
        assert catalogue.count_papers() == 1


@pytest.mark.parametrize(
    ("trained_with", "warned"),
    [(HashingEncoder.model_version, False), ("none", False), (MiniLmEncoder.model_version, True)],
)
def test_a_model_of_another_encoder_is_told(settings, capsys, trained_with, warned):
    (directory,) = (path.parent for path in settings.bundles.glob("*/manifest.json"))
    rewrite_manifest(directory, embedding_model_version=trained_with)
    check_ready(settings)
    err = capsys.readouterr().err
    assert (f"trained with the embedding model {trained_with}" in err) is warned
    assert bool(err) is warned


def test_try_says_what_was_typed(monkeypatch, tmp_path):
    program = tmp_path / "a b" / "cocite"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    monkeypatch.setenv("PATH", "/nowhere")
    assert up.command() == shlex.quote(str(program))
    monkeypatch.setenv("PATH", str(program.parent))
    assert up.command() == "cocite"
    monkeypatch.setattr(sys, "argv", [str(Path(up.__file__).parents[1] / "__main__.py")])
    assert up.command() == f"{shlex.quote(sys.executable)} -m cocite"
    said = subprocess.run([*shlex.split(up.command()), "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.strip()
