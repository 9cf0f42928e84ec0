"""Every task of a benchmark on corpora of a few papers, in the forms that corpora come in."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings
from cocite.training.bench import run_bench
from cocite.training.bench_corpus import bench_corpus
from cocite.training.bench_folder import read_bench_folder
from cocite.training.bench_prepare import BenchOptions
from cocite.training.bench_queries import bench_queries

from .conftest import QUICK

SIZE = 20
COLOURS = ("bishops move on diagonals", "knights jump over others")


def name(number: int) -> str:
    """An id that is none in our grammar; in order of number."""
    return f"Ü {number:02d}: «a/b»"


def links(steps: Iterable[int] = range(2, 11, 2)) -> list[tuple[str, str]]:
    """Each paper to some of its colour."""
    return [(name(n), name((n + step) % SIZE)) for step in steps for n in range(SIZE)]


TITLES = [{"id": name(n), "title": f"{COLOURS[n % 2]} {n}"} for n in range(SIZE)]
TAGS = [{"id": name(n), "tags": COLOURS[n % 2].split()} for n in range(SIZE)]
NO_TEXT = [{"id": name(n)} for n in range(SIZE)]


def make(folder: Path, task: str, papers: list[dict[str, Any]] | None, /, *, undirected: bool = False, **files: Any):
    folder.mkdir()
    (folder / "bench.json").write_text(json.dumps({"task": task, "undirected": undirected}))
    if papers is not None:
        (folder / "papers.jsonl").write_text("".join(json.dumps(paper) + "\n" for paper in papers))
    for file, rows in files.items():
        text = "".join("\t".join((row,) if isinstance(row, str) else row) + "\n" for row in rows)
        (folder / f"{file}.tsv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def ask(settings: Settings, tmp_path: Path):
    """Runs a benchmark and gives the papers predicted for each query, best first."""

    def run(folder: Path, retriever: str = "rrf", **options: bool) -> Mapping[str, list[str]]:
        out = tmp_path / "predictions.tsv"
        run_bench(folder, settings, out, BenchOptions(retriever, **options), QUICK)
        found, scores = defaultdict(list), defaultdict(list)
        for line in out.read_text(encoding="utf-8").splitlines():
            query, paper, score = line.split("\t")
            found[query].append(paper)
            scores[query].append(float(score))
        assert all(values == sorted(values, reverse=True) for values in scores.values())
        assert all(len(set(papers)) == len(papers) for papers in found.values())
        return found

    return run


@pytest.mark.parametrize("papers", [TITLES, TAGS, NO_TEXT, None], ids=["titles", "tags", "no text", "no papers"])
def test_citations_in_every_kind_of_corpus(tmp_path: Path, ask, papers):
    train = [*links(), *links()[:5], (name(0), name(0))]
    folder = make(tmp_path / "bench", "citations", papers, train=train, val=[], queries=[name(0), name(3), name(0)])
    found = ask(folder)
    assert list(found) == [name(0), name(3)]
    known = {name(n) for n in (0, 2, 4, 6, 8, 10)}
    assert set(found[name(0)][:4]) == {name(n) for n in (12, 14, 16, 18)}
    assert not known & set(found[name(0)])


def test_papers_of_unknown_year_stay_and_newer_ones_go(tmp_path: Path, ask):
    years = [2000, 2001, None, *[1990] * (SIZE - 3)]
    papers = [{**paper, "year": year} for paper, year in zip(TITLES, years, strict=True)]
    folder = make(tmp_path / "bench", "citations", papers, train=links([2]), queries=[name(0), name(2), name(5)])
    found = ask(folder)
    assert name(1) not in found[name(0)]
    assert name(1) in found[name(2)]
    assert name(2) in found[name(5)]
    assert not {name(0), name(1)} & set(found[name(5)])


def test_links_without_direction_know_no_before(tmp_path: Path, ask):
    papers = [{**paper, "year": 1990 + n} for n, paper in enumerate(TITLES)]
    files = {"train": links([2, 4]), "queries": [name(0)]}
    one_way = ask(make(tmp_path / "one-way", "citations", papers, **files))
    both_ways = ask(make(tmp_path / "both", "citations", papers, undirected=True, **files))
    assert not one_way, "all others are newer"
    neighbours = {name(n) for n in (0, 2, 4, 16, 18)}
    assert not neighbours & set(both_ways[name(0)])
    assert {name(n) for n in (6, 8, 12, 14)} <= set(both_ways[name(0)])


def test_libraries(tmp_path: Path, ask):
    kept = [(f"reader {r}", name(n)) for r in range(8) for n in range(r % 2, SIZE, 2) if n % 8 != r]
    train = [*kept, kept[0], ("9", name(7)), ("10", name(7)), ("10", name(7))]
    files = {"train": train, "val": [("reader 0", name(0))], "queries": ["reader 0", "reader 1", "keeps nothing"]}
    found = ask(make(tmp_path / "bench", "library", TITLES, **files))
    assert set(found["reader 1"][:3]) == {name(1), name(9), name(17)}
    assert set(found["reader 0"][:2]) == {name(8), name(16)}, "val.tsv is known"
    assert found["keeps nothing"][:1] == [name(7)], "kept by most"
    assert len(found["keeps nothing"]) == SIZE
    tuned = ask(tmp_path / "bench", use_validation=False)
    assert set(tuned["reader 0"][:3]) == {name(0), name(8), name(16)}


def unseen(folder: Path, papers: list[dict[str, Any]] | None = TITLES) -> Path:
    """Papers 0 and 1 are new; 0 comes with two references, one of which is unknown too."""
    seen = [(citing, cited) for citing, cited in links() if not {citing, cited} & {name(0), name(1)}]
    files = {"train": [*seen, (name(4), name(0))], "foldin": [(name(0), name(2)), (name(0), name(1))]}
    exclude = [(name(0), name(2)), (name(0), name(0)), (name(1), name(5))]
    return make(folder, "unseen", papers, queries=[name(0), name(1)], exclude=exclude, **files)


def test_unseen_papers_are_in_no_corpus_and_no_answer(tmp_path: Path, ask):
    folder = unseen(tmp_path / "bench")
    trained = bench_corpus(read_bench_folder(folder, use_validation=True))
    assert sorted(trained.rows) == [name(n) for n in range(2, SIZE)]
    found = ask(folder)
    assert {paper[2:4] for paper in found[name(0)][:5]} < {f"{n:02d}" for n in range(2, SIZE, 2)}
    assert {paper[2:4] for paper in found[name(1)][:5]} < {f"{n:02d}" for n in range(3, SIZE, 2)}
    every = {paper for papers in found.values() for paper in papers}
    assert not {name(0), name(1)} & every
    assert name(2) not in found[name(0)] and name(5) not in found[name(1)], "excluded"


def test_unseen_papers_by_their_references_alone(tmp_path: Path, ask):
    found = ask(unseen(tmp_path / "bench", NO_TEXT), "als", fold_in=True)
    assert {int(paper[2:4]) % 2 for paper in found[name(0)][:3]} == {0}
    assert name(2) not in found[name(0)]
    assert found[name(1)] == [], "nothing is known of it"


def test_unseen_papers_are_not_answered_by_newer_ones(tmp_path: Path, ask):
    papers = [{**paper, "year": 1990 + n % 10} for n, paper in enumerate(TITLES)]
    papers[0]["year"] = papers[1]["year"] = 1994
    found = ask(unseen(tmp_path / "bench", papers))
    assert found[name(0)]
    assert all(int(paper[2:4]) % 10 <= 4 for ranked in found.values() for paper in ranked)


def pool(folder: Path, papers: list[dict[str, Any]] | None) -> Path:
    pools = [("first", name(n)) for n in (5, 3, 2, 4, 3)] + [("second", name(n)) for n in (8, 0, 7, 9)]
    queries = [("first", name(0), "result"), ("second", name(0)), (name(6), "", "result")]
    return make(folder, "pool", papers, queries=queries, pool=[*pools, (name(6), name(1)), ("other", name(1))])


@pytest.mark.parametrize("papers", [TITLES, TAGS, NO_TEXT, None], ids=["titles", "tags", "no text", "no papers"])
@pytest.mark.parametrize("retriever", ["rrf", "als"])
def test_every_paper_of_a_pool_is_ranked(tmp_path: Path, ask, papers, retriever: str):
    found = ask(pool(tmp_path / "bench", papers), retriever)
    assert {query: sorted(ranked) for query, ranked in found.items()} == {
        "first": [name(n) for n in (2, 3, 4, 5)],
        "second": [name(n) for n in (0, 7, 8, 9)],
        name(6): [name(1)],
    }
    if papers in (TITLES, TAGS) and retriever == "rrf":
        assert set(found["first"][:2]) == {name(2), name(4)}
        assert found["second"][0] == name(8)


def test_a_pool_longer_than_any_list(tmp_path: Path, ask):
    papers = [{"id": str(n), "title": COLOURS[n % 2]} for n in range(1500)]
    rows = [("q", str(n)) for n in range(1, 1500)]
    found = ask(make(tmp_path / "bench", "pool", papers, queries=[("q", "0")], pool=rows), "text")
    assert len(found["q"]) == 1499
    assert {int(paper) % 2 for paper in found["q"][:749]} == {0}


def test_links_of_a_pool_count_where_it_has_some(tmp_path: Path, ask):
    folder = pool(tmp_path / "bench", NO_TEXT)
    (folder / "train.tsv").write_text("".join("\t".join(link) + "\n" for link in links()), encoding="utf-8")
    assert set(ask(folder)["first"][:2]) == {name(2), name(4)}


def test_a_facet_is_what_its_sentences_say(tmp_path: Path):
    papers = [{"id": name(0), "title": "T", "sentences": [["aim", "One."], ["result", "Two."]]}, *TITLES[1:]]
    folder = read_bench_folder(pool(tmp_path / "bench", papers), use_validation=True)
    first, second, third = bench_queries(folder, bench_corpus(folder))
    assert (first.text, first.query.texts) == ("Two.", ("Two.",))
    assert (second.text, second.query.texts) == (third.text, third.query.texts) == ("", ())


@pytest.mark.parametrize("task", ["citations", "library", "pool"])
def test_references_are_folded_in_for_unseen_papers_alone(tmp_path: Path, ask, task: str):
    folder = make(tmp_path / "bench", task, TITLES, train=links(), queries=[name(0)], pool=[])
    with pytest.raises(InvalidArgument) as raised:
        ask(folder, fold_in=True)
    assert raised.value.field == "fold_in" and task in raised.value.message


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("bench.json", "[]", "no object"),
        ("bench.json", "{", "bench.json"),
        ("bench.json", "{}", "task None"),
        ("bench.json", '{"task": "unheard of"}', "'unheard of'"),
        ("bench.json", '{"task": "unseen", "papers": "nowhere.jsonl"}', "nowhere.jsonl"),
        ("papers.jsonl", '{"id": "a"}\n{"id": 5\n', "papers.jsonl, line 2"),
        ("train.tsv", "a\tb\nonly one column\n", "train.tsv, line 2"),
        ("train.tsv", "a\t\n", "train.tsv, line 1"),
        ("train.tsv", "\xff", "train.tsv"),
        ("foldin.tsv", "a\n", "foldin.tsv, line 1"),
        ("exclude.tsv", "a\n", "exclude.tsv, line 1"),
        ("queries.tsv", "\tb\n", "queries.tsv, line 1"),
    ],
)
def test_broken_folders_are_named(tmp_path: Path, file: str, content: str, said: str):
    folder = unseen(tmp_path / "bench")
    (folder / file).write_text(content, encoding="latin-1")
    with pytest.raises(InvalidArgument) as raised:
        read_bench_folder(folder, use_validation=True, fold_in=True)
    assert said in raised.value.message
    assert raised.value.field == "bench_dir"


def test_a_corpus_of_nothing(tmp_path: Path):
    folder = read_bench_folder(make(tmp_path / "bench", "library", None, train=[], queries=["a"]), use_validation=True)
    with pytest.raises(InvalidArgument) as raised:
        bench_corpus(folder)
    assert "no paper" in raised.value.message
