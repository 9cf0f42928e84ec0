"""Parts of the commands that need no services."""

import io
import subprocess
import sys

import pytest

from cocite.catalogue.ingest.run import KINDS
from cocite.cli import output
from cocite.cli.demo import _citation, _folder_name
from cocite.cli.ingest import Kind
from cocite.client.types import Paper


def test_every_kind_of_file_can_be_ingested():
    assert {kind.value for kind in Kind} == set(KINDS)


@pytest.mark.parametrize(
    ("authors", "shown"),
    [
        ((), "Anonymous (1973), T"),
        (("Henry Small",), "Small (1973), T"),
        (("Small, Henry", "Belver Griffith"), "Small and Griffith (1973), T"),
        (("A B", "C D", "E F"), "B et al. (1973), T"),
    ],
)
def test_a_paper_as_it_is_cited(authors, shown):
    assert _citation(Paper("pmid:1", title="T", authors=authors, year=1973)) == shown


def test_each_topic_has_a_folder_of_its_own():
    names = {_folder_name(topic) for topic in ("maps", "Maps", "maps!", "地図", "x" * 500, "../..")}
    assert len(names) == 6
    assert all(name.startswith("topic-") and len(name) < 60 and "/" not in name and ".." not in name for name in names)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "drawn"), [(io.StringIO(), False), (Terminal(), True)])
def test_progress_is_drawn_on_a_terminal_only(monkeypatch, stream, drawn):
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with output.progress_bars() as report:
        report("reading", 0, 0)
        report("reading", 5, 10)
        report("training", 1, 2)
    assert ("reading" in stream.getvalue()) is drawn
    assert bool(stream.getvalue()) is drawn


def test_completion_is_offered():
    command = [sys.executable, "-m", "cocite", "--show-completion", "bash"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "COMPLETE" in done.stdout
