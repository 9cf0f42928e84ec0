"""cocite bench load, as a user runs it, against a real server whose answers the test scripts."""

import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer

from cocite.cli.bench_load import tell
from cocite.cli.model_seeds import seeds_of_model
from cocite.core.errors import NotFound, NotReady
from cocite.core.settings import Settings
from cocite.load.result import Load, Result
from cocite.v1 import recommender_service_pb2 as pb
from support.bundles import checkerboard, publish, write_bundle
from support.scripted_recommender import Running
from support.stack import Home

QUICK = (
    "--seconds",
    "0.5",
    "--warm-up",
    "0.1",
    "--deadline",
    "60",
    "--id",
    "arxiv:1706.03762",
    "--id",
    "doi:10.1002/x",
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_what_is_sent_and_told(home: Home, recommender: Running, tmp_path: Path):
    picture = tmp_path / "picture.svg"
    done = home.run("bench", "load", recommender.target, *QUICK, "--page-size", "7", "--picture", str(picture))
    assert done.returncode == 0, done.stderr
    asked = {(request.seeds.positive_ids[0], request.page_size) for request in recommender.servicer.requests}
    assert asked == {("arxiv:1706.03762", 7), ("doi:10.1002/x", 7)}
    assert 0 < min(recommender.servicer.time_left) <= 60
    for told in ("answers a second", "p50", "p99.9", "CPU of the generator a call", "█"):
        assert told in done.stdout
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")


def test_json(home: Home, recommender: Running):
    options = ("--rate", "100", "--max-late", "1", "--even", "--pid", str(os.getpid()), "--json")
    done = home.run("bench", "load", recommender.target, *QUICK, *options)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["mode"], told["sent"], told["answered"], told["failed"]) == ("open", 60, 50, 0)
    assert told["p25_us"] <= told["p50_us"] <= told["p99.9_us"]
    assert told["server_cpu_us"] > 0


def test_one_call_that_fails_is_a_failure(home: Home, recommender: Running):
    refused = iter([True])

    def answer(request):
        if next(refused, False):
            raise NotFound("not this one")
        return pb.RecommendPapersResponse()

    recommender.servicer.answer = answer
    done = home.run("bench", "load", recommender.target, *QUICK, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["failures"] == {"NOT_FOUND": 1}
    assert "1 × NOT_FOUND: not this one" in done.stderr


def test_figures_not_to_be_used_are_a_failure(capsys):
    figures = dict.fromkeys(("sent", "resent", "answered_in_all", "answer_octets", "late", "unsent"), 1)
    figures |= {"failures": {}, "messages": {}, "interrupted": False, "lost": "", "cpu_us": 1.0, "seconds": 1.0}
    window = Result(load=Load(1, rate=1.0), latencies_us=np.ones(3), late_share=0.01, **figures)
    tell(window, None, json=True)
    with pytest.raises(typer.Exit) as ended:
        tell(replace(window, late_share=0.02), None, json=True)
    assert ended.value.exit_code == 1
    assert "not to be used: 2.00 % of the calls began late" in capsys.readouterr().err


def test_ctrl_c_tells_what_was_measured(home: Home, recommender: Running):
    command = [
        sys.executable,
        "-m",
        "cocite",
        "bench",
        "load",
        recommender.target,
        *QUICK,
        "--seconds",
        "3000",
        "--json",
    ]
    with subprocess.Popen(command, env=home.environment, stdout=subprocess.PIPE, text=True) as running:
        while len(recommender.servicer.requests) < 2000:
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        told = json.loads(running.communicate(timeout=60)[0])
    assert running.returncode == 130
    assert told["interrupted"]
    assert told["sent"] >= 2000
    assert 0 < told["seconds"] < 3000


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("127.0.0.1:1", "--id", "arxiv:1706.03762"), 1, "cocite: nothing answers at 127.0.0.1:1"),
        (("127.0.0.1:1",), 1, "give --id or --ids FILE, set COCITE_HOME, or run `cocite train`"),
        (("nowhere", "--id", "arxiv:1706.03762"), 2, "must be host:port"),
        (("127.0.0.1:1", "--id", "no id"), 2, "'--id'"),
        (("127.0.0.1:1", "--id", ""), 2, "'--id'"),
        (("127.0.0.1:1", "--rate", "5", "--concurrency", "5"), 2, "goes not together with --concurrency"),
        (("127.0.0.1:1", "--id", "arxiv:1706.03762", "--zipf", "-1"), 2, "'--zipf'"),
        (("127.0.0.1:1", "--id", "arxiv:1706.03762", "--connections", "1000"), 2, "'--connections'"),
    ],
)
def test_what_cannot_be_is_told(home: Home, arguments, status, said):
    done = home.run("bench", "load", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_ids_come_from_a_file(home: Home, recommender: Running, tmp_path: Path):
    (tmp_path / "ids").write_text("# mine\narxiv:1706.03762\n\n")
    done = home.run("bench", "load", recommender.target, *QUICK[:6], "--ids", str(tmp_path / "ids"))
    assert done.returncode == 0, done.stderr
    assert {tuple(r.seeds.positive_ids) for r in recommender.servicer.requests} == {("arxiv:1706.03762",)}
    (tmp_path / "none").write_text("# mine\n")
    done = home.run("bench", "load", recommender.target, "--ids", str(tmp_path / "none"))
    assert (done.returncode, "holds no id" in done.stderr) == (2, True)


def test_seeds_are_papers_of_the_model_that_serves(tmp_path: Path):
    settings, corpus = Settings(home=tmp_path), checkerboard()
    publish(settings.bundles, write_bundle(settings.bundles, corpus).name)
    ids = {paper.paper_id for paper in corpus.papers}
    assert set(seeds_of_model(settings, 1000)) == ids
    assert len(seeds_of_model(settings, 1000)) == len(ids)
    assert len(set(seeds_of_model(settings, 5))) == 5


def test_without_a_model_there_are_no_seeds(tmp_path: Path):
    with pytest.raises(NotReady, match="no model is published"):
        seeds_of_model(Settings(home=tmp_path), 5)
