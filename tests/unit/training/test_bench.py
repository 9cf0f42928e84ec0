import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings
from cocite.training.bench import run_citations_bench

from .conftest import QUICK

SIZE = 40


def name(number: int) -> str:
    """An id that is none in our grammar, and sorts."""
    return f"Ünpublished {number:02d}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two colours; each paper cites its own colour but one (val.tsv) and another (truth.tsv, made unreadable)."""
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
    (bench / "truth.tsv").write_bytes(b"\xff\xff")
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


@pytest.mark.parametrize("retriever", ["als", "text", "fused"])
def test_predictions(folder: Path, settings: Settings, tmp_path: Path, retriever: str):
    out = tmp_path / "predictions.tsv"
    summary = run_citations_bench(folder, settings, out, retriever=retriever, options=QUICK)
    found = predictions(out)
    assert summary.queries == summary.answered == len(found) == 14
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
        run_citations_bench(folder, settings, tmp_path / "out", use_validation=use, options=QUICK)
        assert (name(18 + 21) in dict(predictions(tmp_path / "out")[name(21)])) == expected


def test_equal_runs_make_equal_files(folder: Path, settings: Settings, tmp_path: Path):
    for out in ("one", "two"):
        run_citations_bench(folder, settings, tmp_path / out, options=QUICK)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("changes", [{"task": "library"}, {"task": "pool"}, {"undirected": True}])
def test_other_tasks_are_refused(folder: Path, settings: Settings, tmp_path: Path, changes: dict[str, Any]):
    describe(folder, **changes)
    with pytest.raises(InvalidArgument) as raised:
        run_citations_bench(folder, settings, tmp_path / "out")
    assert "not support" in raised.value.message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("bench.json", "[]", "bench.json"),
        ("bench.json", '{"task": "citations"}', "bench.json"),
        ("../papers.jsonl", '{"id": "a"}\n{"id": 5\n', "line 2"),
        ("../papers.jsonl", '{"title": "a"}\n', "line 1"),
        ("../papers.jsonl", '{"id": "a"}\n{"id": "a"}\n', "twice"),
        ("../papers.jsonl", "", "no paper"),
        ("train.tsv", "only one column\n", "line 1"),
        ("train.tsv", f"{name(0)}\tunknown\n", "'unknown'"),
        ("queries.tsv", "unknown\n", "'unknown'"),
    ],
)
def test_broken_folders_are_named(folder: Path, settings: Settings, tmp_path: Path, file: str, content: str, said: str):
    (folder / file).write_text(content)
    with pytest.raises(InvalidArgument) as raised:
        run_citations_bench(folder, settings, tmp_path / "out")
    assert said in raised.value.message
    assert raised.value.field == "bench_dir"


@pytest.mark.parametrize("missing", ["bench.json", "train.tsv", "queries.tsv", "../papers.jsonl"])
def test_missing_files_are_named(folder: Path, settings: Settings, tmp_path: Path, missing: str):
    (folder / missing).unlink()
    with pytest.raises(InvalidArgument) as raised:
        run_citations_bench(folder, settings, tmp_path / "out")
    assert Path(missing).name in raised.value.message


@pytest.mark.parametrize("out", ["nowhere/out", "bench", "papers.jsonl/out"])
def test_a_place_for_no_file_is_refused_before_any_training(folder: Path, settings: Settings, tmp_path: Path, out: str):
    phases: list[str] = []
    with pytest.raises(InvalidArgument) as raised:
        run_citations_bench(folder, settings, tmp_path / out, progress=lambda phase, done, total: phases.append(phase))
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
        run_citations_bench(folder, settings, out, options=QUICK, progress=cut)
    assert set(phases.values()) == {1}, "opened in the first phase"
    assert len(phases) > 2
    assert out.read_text() == "of an earlier run\n"
    assert not list(tmp_path.glob(".tmp-*"))
    run_citations_bench(folder, settings, out, options=QUICK)
    assert len(predictions(out)) == 14


def test_unknown_retriever(folder: Path, settings: Settings, tmp_path: Path):
    with pytest.raises(InvalidArgument) as raised:
        run_citations_bench(folder, settings, tmp_path / "out", retriever="magic")
    assert raised.value.field == "retriever"
