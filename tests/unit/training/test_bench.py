import json
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings
from cocite.training.bench import run_bench
from cocite.training.bench_prepare import BenchOptions

from .conftest import QUICK

SIZE = 40


def name(number: int) -> str:
    """An id that is none in our grammar, and sorts."""
    return f"Ünpublished {number:02d}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two colours; each paper cites its own colour, one of them in val.tsv."""
    bench = tmp_path / "bench"
    bench.mkdir()
    describe(bench)
    papers = [
        {
            "id": name(n),
            "title": f"on {'knights' if n % 2 else 'bishops'} {n}",
            "abstract": None,
            "year": 1990 + n // 20,
        }
        for n in range(SIZE)
    ]
    (tmp_path / "papers.jsonl").write_text("".join(json.dumps(paper) + "\n" for paper in papers))
    train = [(n, (n + 2 * step) % SIZE) for n in range(SIZE) for step in range(1, 9)]
    write(bench / "train.tsv", [*train, (0, 0), (0, 2)])  # a self-citation and a duplicate
    write(bench / "val.tsv", [(n, (n + 18) % SIZE) for n in range(SIZE)])
    write(bench / "queries.tsv", [(n,) for n in range(0, SIZE, 3)])
    return bench


def describe(bench: Path, **changes: Any) -> None:
    description = {"task": "citations", "papers": "../papers.jsonl", "undirected": False} | changes
    (bench / "bench.json").write_text(json.dumps(description))


def write(path: Path, rows: list[tuple[int, ...]]) -> None:
    path.write_text("".join("\t".join(name(number) for number in row) + "\n" for row in rows), encoding="utf-8")


def predictions(path: Path) -> dict[str, list[tuple[str, float]]]:
    found: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        query, item, score = line.split("\t")
        found[query].append((item, float(score)))
    return found


@pytest.mark.parametrize("retriever", ["als", "text", "rrf", "model"])
def test_predictions(folder: Path, settings: Settings, tmp_path: Path, retriever: str):
    out = tmp_path / "predictions.tsv"
    summary = run_bench(folder, settings, out, BenchOptions(retriever), QUICK)
    found = predictions(out)
    assert summary.queries == 14
    assert summary.answered == len(found)
    assert {name(n) for n in range(0 if retriever in ("rrf", "model") else 21, SIZE, 3)} <= set(found)
    assert summary.predictions == sum(map(len, found.values()))
    for query, ranked in found.items():
        number = int(query[-2:])
        items = [int(item[-2:]) for item, _ in ranked]
        known = {number, *((number + 2 * step) % SIZE for step in range(1, 10))}
        assert len(set(items)) == len(items)
        assert not known & set(items)
        assert all(item // 20 <= number // 20 for item in items), "newer than the citing paper"
        assert [score for _, score in ranked] == sorted((score for _, score in ranked), reverse=True)
    for query, ranked in found.items():
        if int(query[-2:]) >= 20:  # all papers are old enough for these
            assert int(ranked[0][0][-2:]) % 2 == int(query[-2:]) % 2
    assert not list(tmp_path.glob(".tmp-*"))


def test_validation_links_can_be_kept_for_tuning(folder: Path, settings: Settings, tmp_path: Path):
    for use, expected in ((True, False), (False, True)):
        run_bench(folder, settings, tmp_path / "out", BenchOptions(use_validation=use), QUICK)
        assert (name(18 + 21) in dict(predictions(tmp_path / "out")[name(21)])) == expected


def test_equal_runs_make_equal_files(folder: Path, settings: Settings, tmp_path: Path):
    for out in ("one", "two"):
        run_bench(folder, settings, tmp_path / out, options=QUICK)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("missing", ["bench.json", "train.tsv", "queries.tsv", "../papers.jsonl"])
def test_missing_files_are_named(folder: Path, settings: Settings, tmp_path: Path, missing: str):
    (folder / missing).unlink()
    with pytest.raises(InvalidArgument) as raised:
        run_bench(folder, settings, tmp_path / "out")
    assert Path(missing).name in raised.value.message
    assert raised.value.field == "bench_dir"
    assert not (tmp_path / "out").exists()


def test_the_truth_is_opened_when_the_predictions_are_there(folder: Path, settings: Settings, tmp_path: Path):
    run_bench(folder, settings, tmp_path / "without", options=QUICK)
    (folder / "truth.tsv").write_bytes(b"\xff\xff")
    with pytest.raises(InvalidArgument) as raised:
        run_bench(folder, settings, tmp_path / "with", options=QUICK)
    assert "truth.tsv" in raised.value.message
    assert (tmp_path / "with").read_bytes() == (tmp_path / "without").read_bytes()


def test_the_report(folder: Path, settings: Settings, tmp_path: Path):
    run = partial(run_bench, folder, settings, tmp_path / "out", BenchOptions("als"), QUICK)
    run(json_out=tmp_path / "json")
    report = json.loads((tmp_path / "json").read_text())
    assert report["metrics"] == {}
    assert report["queries"] == 14
    assert report["predictions"] == len((tmp_path / "out").read_text(encoding="utf-8").splitlines())
    assert report["timings"].keys() == {"embedding_s", "training_s", "queries_s", "cpu_ms_per_query"}
    assert report["settings"]["retriever"] == "als"
    assert report["settings"]["als"]["factors"] == QUICK.als.factors
    write(folder / "truth.tsv", [(n, (n + 20) % SIZE) for n in range(21, SIZE, 3)])  # a colour's 20th neighbour
    found = run(json_out=tmp_path / "json").metrics
    report = json.loads((tmp_path / "json").read_text())
    assert report["metrics"]["R@20"] == [1.0, 1.0, 1.0]
    assert set(report["metrics"]) == set(found) == {"R@20", "N@10", "MRR"}


@pytest.mark.parametrize("json_out", ["nowhere/json", "bench", "out"])
def test_a_report_that_has_no_place(folder: Path, settings: Settings, tmp_path: Path, json_out: str):
    with pytest.raises(InvalidArgument) as raised:
        run_bench(folder, settings, tmp_path / "out", json_out=tmp_path / json_out)
    assert raised.value.field == "json"


@pytest.mark.parametrize("out", ["nowhere/out", "bench", "papers.jsonl/out"])
def test_a_place_for_no_file_is_refused_before_any_training(folder: Path, settings: Settings, tmp_path: Path, out: str):
    phases: list[str] = []
    with pytest.raises(InvalidArgument) as raised:
        run_bench(folder, settings, tmp_path / out, progress=lambda phase, done, total: phases.append(phase))
    assert raised.value.field == "out"
    assert phases == []


def test_the_output_is_opened_first_and_replaced_last(folder: Path, settings: Settings, tmp_path: Path):
    out = tmp_path / "out"
    out.write_text("of an earlier run\n")
    phases: dict[str, int] = {}

    def cut(phase: str, done: int, total: int) -> None:
        phases[phase] = len(list(tmp_path.glob(".tmp-*")))
        if phase == "Answering queries" and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_bench(folder, settings, out, options=QUICK, progress=cut)
    assert set(phases.values()) == {1}, "opened in the first phase"
    assert len(phases) > 2
    assert out.read_text() == "of an earlier run\n"
    assert not list(tmp_path.glob(".tmp-*"))
    run_bench(folder, settings, out, options=QUICK)
    assert len(predictions(out)) == 14


def test_unknown_retriever():
    with pytest.raises(InvalidArgument) as raised:
        BenchOptions("magic")
    assert raised.value.field == "retriever"
