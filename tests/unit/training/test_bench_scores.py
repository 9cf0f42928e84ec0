import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cocite.core.errors import InvalidArgument
from cocite.training.bench_scores import score


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    describe(tmp_path, kind="topk", ks=[2, 3], ndcg=[3])
    return tmp_path


def describe(folder: Path, **description: Any) -> None:
    (folder / "bench.json").write_text(json.dumps({"name": "tiny", **description}))


def write(folder: Path, name: str, *rows: tuple[Any, ...]) -> None:
    (folder / name).write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))


def means(folder: Path, predicted: Mapping[str, Sequence[str]]) -> dict[str, float]:
    found = score(folder, lambda query: predicted.get(query, ()))
    assert found is not None
    return {name: each.mean for name, each in found.items()}


def test_without_truth_there_is_nothing_to_measure(folder: Path):
    assert score(folder, lambda query: ["a"]) is None


def test_a_list_by_hand(folder: Path):
    write(folder, "truth.tsv", ("q", "a"), ("q", "b"), ("q", "c"), ("q", "d"), ("silent", "a"))
    write(folder, "exclude.tsv", ("q", "known"), ("other", "a"))
    # of these, q, known and the second x do not count: x a y b
    found = means(folder, {"q": ["q", "x", "known", "a", "x", "y", "b"], "not asked": ["a"]})
    assert found == {
        "R@2": pytest.approx((1 / 4 + 0) / 2),
        "R@3": pytest.approx((1 / 4 + 0) / 2),
        "N@3": pytest.approx((1 / log2(3)) / (1 + 1 / log2(3) + 1 / log2(4)) / 2),
        "MRR": pytest.approx((1 / 2 + 0) / 2),
    }


def test_only_a_thousand_results_are_looked_at(folder: Path):
    write(folder, "truth.tsv", ("q", "a"))
    others = [str(n) for n in range(1000)]
    assert means(folder, {"q": [*others, "a"]})["MRR"] == 0.0
    assert means(folder, {"q": [*others[:999], "a"]})["MRR"] == pytest.approx(1 / 1000)


def test_a_pool_by_hand(folder: Path):
    describe(folder, kind="pool")
    grades = {"a": 3, "b": 0, "c": 2, "d": 1, "e": 0, "f": 2, "g": 0, "h": 0, "i": 0, "j": 0}
    write(folder, "truth.tsv", *(("q", paper, grade) for paper, grade in grades.items()))
    # not in the pool: x; not ranked, so last in order of id: c e f g h i j
    found = means(folder, {"q": ["x", "b", "a", "d"]})
    gain = 0 / 1 + 3 / 1 + 1 / log2(3) + 2 / log2(4) + 2 / log2(6)
    best = 3 / 1 + 2 / 1 + 2 / log2(3) + 1 / log2(4)
    assert found == {
        "NDCG%20": pytest.approx(3 / 5),  # two of ten, neither discounted
        "NDCG@20": pytest.approx(gain / best),
        "MAP": pytest.approx((1 / 2 + 2 / 4 + 3 / 6) / 3),
        "Rprec": pytest.approx(1 / 3),
    }


def test_a_pool_in_which_nothing_is_relevant(folder: Path):
    describe(folder, task="pool")
    write(folder, "truth.tsv", ("q", "a", 0), ("q", "b", 0))
    assert set(means(folder, {"q": ["a", "b"]}).values()) == {0.0}


def test_the_mean_is_that_of_the_folds(folder: Path):
    describe(folder, kind="topk", ks=[1], ndcg=[], fold={"q1": 1})
    write(folder, "truth.tsv", ("q1", "a"), ("q2", "a"), ("q3", "a"))
    assert means(folder, {"q1": ["a"]})["R@1"] == 0.5


@pytest.mark.parametrize(("line", "said"), [("q\ta\tgood", "'good'"), ("q", "columns")])
def test_a_broken_truth_is_named(folder: Path, line: str, said: str):
    (folder / "truth.tsv").write_text(f"q\ta\t1\n{line}\n")
    with pytest.raises(InvalidArgument) as raised:
        score(folder, lambda query: [])
    assert "line 2" in raised.value.message and said in raised.value.message


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "folds"), [("A-vishci", 0), ("D-csfcube", 0), ("D-csfcube", 2)])
def test_the_scorer_of_the_benchmarks_agrees(shared_data: Path, tmp_path: Path, name: str, folds: int):
    bench = shared_data.parent / "bench" / name
    pairs = [line.split("\t")[:2] for line in (bench / "truth.tsv").read_text().splitlines()]
    queries, papers = sorted({query for query, _ in pairs}), sorted({paper for _, paper in pairs})
    kept = queries[::8]
    copy = tmp_path / name
    copy.mkdir()
    for file in (bench / "truth.tsv", *bench.glob("exclude.tsv")):
        lines = (line for line in file.read_text().splitlines(keepends=True) if line.split("\t")[0] in set(kept))
        (copy / file.name).write_text("".join(lines))
    fold = {query: place % folds for place, query in enumerate(kept)} if folds else {}
    (copy / "bench.json").write_text(json.dumps(json.loads((bench / "bench.json").read_text()) | {"fold": fold}))
    generator = np.random.default_rng(5)
    truth = {query: [paper for other, paper in pairs if other == query] for query in kept}
    predicted = {
        query: generator.permutation([*truth[query][::2], *generator.choice(papers, 40), query]).tolist()
        for query in kept[1:]
    }
    write(copy, "predictions.tsv", *((query, paper) for query, ranked in predicted.items() for paper in ranked))
    scorer = shared_data.parent / "bench" / "score.py"
    arguments = [sys.executable, str(scorer), str(copy), str(copy / "predictions.tsv"), "--json", str(tmp_path / "out")]
    subprocess.run(arguments, check=True, capture_output=True, timeout=120)
    expected = {key: value for key, value in json.loads((tmp_path / "out").read_text()).items() if key[0].isupper()}
    found = score(copy, lambda query: predicted.get(query, ()))
    assert found is not None
    assert {key: [round(x, 5) for x in (e.mean, e.low, e.high)] for key, e in found.items()} == expected
