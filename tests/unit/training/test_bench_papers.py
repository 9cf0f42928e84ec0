import json
from pathlib import Path
from typing import Any

import pytest

from cocite.core.errors import InvalidArgument
from cocite.core.paper import text_of
from cocite.training.bench_papers import BenchPaper, read_papers


def read(tmp_path: Path, *papers: Any) -> dict[str, BenchPaper]:
    path = tmp_path / "papers.jsonl"
    path.write_text("".join(json.dumps(paper) + "\n" for paper in papers), encoding="utf-8")
    return read_papers(path)


def text(tmp_path: Path, **fields: Any) -> str:
    return text_of(read(tmp_path, {"id": "a", **fields})["a"].paper)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"title": "On knights", "abstract": "They jump."}, "On knights\nThey jump."),
        ({"title": "On knights", "abstract": None, "tags": None}, "On knights"),
        ({"title": None, "tags": ["chess", "knights"]}, "chess knights"),
        ({"keywords": ["chess"], "tags": ["knights"]}, "chess knights"),
        ({"title": "On knights", "keywords": "chess, knights"}, "On knights\nchess, knights"),
        ({"text": "a bag of words"}, "a bag of words"),
        ({"words": {"knight": 2, "rook": 0.3}}, "knight knight rook"),
        ({"words": [["knight", 2], "rook", 7]}, "knight knight rook 7"),
        ({"title": "T", "sentences": [["aim", "One."], ["result", "Two."], ["aim", "Three."]]}, "T\nOne. Two. Three."),
        ({"sentences": ["One.", "Two."]}, "One. Two."),
        ({}, ""),
    ],
)
def test_texts_in_all_their_forms(tmp_path: Path, fields: dict[str, Any], expected: str):
    assert text(tmp_path, **fields) == expected


def test_a_wrong_count_fills_no_memory(tmp_path: Path):
    assert len(text(tmp_path, words={"a": 10**12}).split()) == 100


def test_sentences_by_facet(tmp_path: Path):
    found = read(tmp_path, {"id": "a", "sentences": [["aim", "One."], ["result", "Two."], ["aim", "Three."]]})
    assert [found["a"].facet(label) for label in ("aim", "result", "", "other")] == ["One. Three.", "Two.", "", ""]


@pytest.mark.parametrize(
    ("year", "expected"),
    [(2005, 2005), ("2005", 2005), (2005.0, 2005), ("2005-03-01", 2005)]
    + [(year, None) for year in (None, 0, -1, "", "n.d.", 20050, float("nan"), [])],
)
def test_years(tmp_path: Path, year: Any, expected: int | None):
    assert read(tmp_path, {"id": "a", "year": year})["a"].paper.year == expected


def test_ids_are_opaque(tmp_path: Path):
    ids = [" spaces ", "Ü/1:2", "\u2028", 17]
    assert list(read(tmp_path, *({"id": each} for each in ids))) == [*ids[:3], "17"]


@pytest.mark.parametrize(
    "line",
    [
        '{"title": "a"}',
        '{"id": null}',
        '{"id": ""}',
        '{"id": ["a"]}',
        '{"id": "a\\tb"}',
        '{"id": "\\ud800"}',
        '["a"]',
        '{"id": "a"',
        '{"id": "a", "sentences": [["one"]]}',
        '{"id": "a", "words": {"b": 1e999}}',
        '{"id": "first"}',
    ],
)
def test_what_is_no_paper_is_named(tmp_path: Path, line: str):
    path = tmp_path / "papers.jsonl"
    path.write_text('{"id": "first"}\n\n' + line + "\n")
    with pytest.raises(InvalidArgument) as raised:
        read_papers(path)
    assert f"{path}, line 3" in raised.value.message
    assert raised.value.field == "bench_dir"
