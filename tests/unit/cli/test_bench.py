"""cocite bench, as a user runs it."""

import json
from pathlib import Path

import pytest

from cocite.training.rankers import RANKERS
from support.stack import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus without texts: each of 30 papers cites those of its colour but one, which is asked for."""
    bench = tmp_path / "bench"
    bench.mkdir()
    (bench / "bench.json").write_text('{"task": "citations", "kind": "topk", "ks": [1, 10], "ndcg": [10]}')
    links = [(n, m) for n in range(30) for m in range(n % 2, 30, 2) if n != m]
    hidden = {(n, (n + 2) % 30) for n in range(30)}
    for name, rows in (("train", [link for link in links if link not in hidden]), ("truth", sorted(hidden))):
        (bench / f"{name}.tsv").write_text("".join(f"{citing}\t{cited}\n" for citing, cited in rows))
    (bench / "queries.tsv").write_text("".join(f"{n}\n" for n in range(30)))
    return bench


def test_predictions_and_how_good_they_are(home: Home, folder: Path, tmp_path: Path):
    out, report = tmp_path / "predictions.tsv", tmp_path / "report.json"
    done = home.run("bench", "quality", str(folder), "--out", str(out), "--json", str(report), "--retriever", "als")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].endswith(f"for 30 of 30 queries in {out}")
    table = {line.split()[0]: line.split()[1:] for line in lines[2:6]}
    assert table["R@10"] == ["1.0000", "1.0000", "1.0000"]
    assert list(table) == ["R@1", "R@10", "N@10", "MRR"]
    assert json.loads(report.read_text())["metrics"]["R@1"] == [pytest.approx(float(x), abs=1e-4) for x in table["R@1"]]
    assert "ms of CPU each" in lines[-1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--foldin",), "references are folded in where the task is unseen, and here it is citations"),
        (("--retriever", "magic"), "'magic' is no retriever; choose of als, "),
    ],
)
def test_what_cannot_be_is_told_in_one_line(home: Home, folder: Path, tmp_path: Path, arguments, said: str):
    done = home.run("bench", "quality", str(folder), "--out", str(tmp_path / "out"), *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(f"cocite: {said}")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_every_ranking_is_compared(home: Home, folder: Path):
    done = home.run("bench", "compare", str(folder), "--metric", "R@10", "--markdown")
    assert done.returncode == 0, done.stderr
    header, _, *lines = done.stdout.splitlines()
    assert header == "| ranking | R@10 | ms |"
    rows = {line.split(" | ")[0].removeprefix("| "): line.split(" | ")[1] for line in lines}
    assert list(rows) == list(RANKERS)
    assert rows["als"] == "1.000 ± 0.000"
    assert rows["text"] == "0.000 ± 0.000"


def test_without_a_truth_there_is_nothing_to_compare(home: Home, folder: Path):
    (folder / "truth.tsv").unlink()
    done = home.run("bench", "compare", str(folder))
    assert (done.returncode, done.stderr) == (1, f"cocite: {folder} has no truth.tsv to compare with\n")


def test_an_unknown_metric_is_refused_before_anything_is_trained(home: Home, folder: Path):
    done = home.run("bench", "compare", str(folder), "--metric", "recall")
    assert done.returncode == 1
    assert done.stderr == "cocite: 'recall' is not measured here; choose of R@1, R@10, N@10, MRR\n"
    assert not home.path.exists()


def test_a_comparison_fits_80_columns(home: Home, folder: Path):
    home.environment["COLUMNS"] = "80"
    done = home.run("bench", "compare", str(folder))
    header, *lines = done.stdout.splitlines()
    assert header.split() == ["ranking", "R@1", "R@10", "N@10", "MRR", "ms"]
    assert [line.split()[0] for line in lines] == list(RANKERS)
    assert all(line.count("±") == 4 and "…" not in line for line in lines)
