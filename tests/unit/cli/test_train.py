"""cocite train, as a user runs it."""

import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from cocite.catalogue.events import EventKind, EventLog, NewEvent, ReaderName
from cocite.catalogue.store import Catalogue
from cocite.cli.train import gap_in
from cocite.recommender.bundle_files import read_current, read_manifest
from cocite.recommender.retrieval.registry import RETRIEVERS
from cocite.training.vectors import NO_MODEL
from support.bundles import checkerboard, write_bundle
from support.stack import Home


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def take_in(home, folder, count, *, title="Paper {} about maps", citations=True):
    folder.mkdir()
    papers = [json.dumps({"id": f"p{i}", "title": title.format(i), "year": 1990}) for i in range(count)]
    (folder / "papers.jsonl").write_text("\n".join(papers) + "\n")
    pairs = [f"local:p{i}\tlocal:p{j}" for i in range(count) for j in range(max(0, i - 12), i)] if citations else []
    (folder / "citations.tsv").write_text("\n".join(["citing_id\tcited_id", *pairs]) + "\n")
    home.run("ingest", "jsonl", str(folder), "--scheme", "local", check=True)


def test_a_catalogue_that_is_not_there_is_not_made(home):
    done = home.run("train")
    assert done.returncode == 1
    assert done.stderr.startswith("cocite: there is no catalogue at ")
    assert not home.path.exists()


def test_the_table_says_what_was_hidden_and_what_serves(home, tmp_path):
    take_in(home, tmp_path / "mine", 30)
    done = home.run("train")
    assert done.returncode == 0, done.stderr
    header, *rankings = done.stdout.splitlines()[:-2]
    assert re.fullmatch(r"\d+ papers +recall@20 +recall@100 +ndcg@10 +mrr", header)
    shown = [line.split()[0] for line in rankings]
    silent = {"words", "contexts", "passages"}  # words that two papers share are in more than half of all
    assert shown == [name for name in (*RETRIEVERS, "popularity", "rrf", "model") if name not in silent]
    assert "hidden: 20% of the references of some papers" in done.stdout
    assert "model is what serves (rrf)" in done.stdout, "30 papers are too few to learn from"
    assert done.stderr == ""


def test_json_says_all_that_the_table_does(home, tmp_path):
    take_in(home, tmp_path / "mine", 30)
    told = json.loads(home.run("train", "--json", check=True).stdout)
    found = told["evaluation"]["papers"]
    assert (found["ranked_by"], found["skipped"]) == ("rrf", "")
    assert found["queries"] == told["metrics"]["queries"] > 0
    assert set(found["estimates"]) == {*RETRIEVERS, "popularity", "rrf", "model"}
    mean, low, high = found["estimates"]["model"]["recall@20"]
    assert told["metrics"]["model.recall@20"] == mean
    assert low <= mean <= high


def test_a_model_with_nothing_to_go_by_is_told(home, tmp_path):
    take_in(home, tmp_path / "mine", 9, title="", citations=False)
    done = home.run("train", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["paper_count"] == 9
    assert told["rankers"] == {"papers": "rrf", "libraries": "rrf"}
    assert "5 references" in told["evaluation"]["papers"]["skipped"]
    assert "no reader keeps 3 papers" in told["evaluation"]["libraries"]["skipped"]
    assert "answers hold the most cited papers" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("citations", "encoder", "said"),
    [
        (5, "hashing-64-v1", ""),
        (0, "hashing-64-v1", "related by their texts alone"),
        (5, NO_MODEL, "related by citations alone"),
    ],
)
def test_what_a_model_lacks(tmp_path, citations, encoder, said):
    manifest = read_manifest(write_bundle(tmp_path, checkerboard()))
    gap = gap_in(replace(manifest, citation_count=citations, embedding_model_version=encoder))
    assert said in gap
    assert bool(gap) is bool(said)


def test_ctrl_c_says_what_serves_and_what_is_kept(home, tmp_path):
    take_in(home, tmp_path / "few", 9)
    home.run("train", "--no-learn", check=True)
    before = read_current(home.path / "bundles")
    take_in(home, tmp_path / "many", 4000)
    lock = home.path / "bundles" / ".train.lock"
    lock.unlink()
    with subprocess.Popen(
        [sys.executable, "-m", "cocite", "train"],
        env=home.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as running:
        while not lock.exists() and running.poll() is None:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert (
        err == f"training stopped: model {before} serves on; text vectors that were ready are kept for the next run\n"
    )
    assert read_current(home.path / "bundles") == before


def test_events_that_count_are_told(home, tmp_path):
    take_in(home, tmp_path / "mine", 30)
    assert "events" not in home.run("train", "--no-learn", check=True).stdout
    with Catalogue.open(f"sqlite:///{home.path / 'catalogue.db'}") as catalogue, EventLog(catalogue) as log:
        kinds = (EventKind.SAVE, EventKind.CLICK, EventKind.CLICK, EventKind.VIEW, EventKind.DISMISS)
        names = ("ann", "ann", "ben", "ben", "mia")
        log.append(
            [
                NewEvent(f"e{number}", ReaderName(False, name), kind, f"local:p{number}")
                for number, (name, kind) in enumerate(zip(names, kinds, strict=True))
            ]
        )
    told = home.run("train", "--no-learn", check=True).stdout
    assert told.rstrip().endswith(", 3 events of 2 readers (save 1, click 2)")
    again = json.loads(home.run("train", "--no-learn", "--json", check=True).stdout)
    assert again["events"] == {"readers": 2, "by_kind": {"save": 1, "click": 2}}
