"""Reading a benchmark folder of citations. Its ids are opaque strings; papers get rows in order of id."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cocite.core.errors import InvalidArgument
from cocite.core.paper import Paper, text_of
from cocite.training.corpus import Corpus, PaperRow, PaperTable
from cocite.training.matrices import library_matrix, link_matrix

_DESCRIPTION = "bench.json"
_TRAIN, _VALIDATION, _QUERIES = "train.tsv", "val.tsv", "queries.tsv"


@dataclass(frozen=True, slots=True)
class BenchFolder:
    """What a model may see of a benchmark, and the rows it is asked about."""

    corpus: Corpus
    queries: tuple[int, ...]


def read_bench_folder(directory: Path, *, use_validation: bool) -> BenchFolder:
    """The folder's papers, links of train.tsv (and val.tsv where it is there and asked for) and queries.

    truth.tsv is never read. Raises InvalidArgument that names file and line for what is not as it should be.
    """
    papers = _read_papers(_papers_path(directory))
    rows = {paper.paper_id: row for row, paper in enumerate(papers)}
    links = set(_links(directory / _TRAIN, rows))
    if use_validation and (directory / _VALIDATION).is_file():
        links.update(_links(directory / _VALIDATION, rows))
    texts = [(row, text) for row, paper in enumerate(papers) if (text := text_of(paper))]
    corpus = Corpus(
        papers=PaperTable.of([PaperRow.of(paper) for paper in papers]),
        citations=link_matrix(np.array(sorted(links), dtype=np.int64).reshape(-1, 2), len(papers)),
        libraries=library_matrix(np.empty((0, 2), dtype=np.int64), 0, len(papers)),
        texts=lambda: iter(texts),
        fingerprint="",
    )
    return BenchFolder(corpus, tuple(row for (row,) in _rows(directory / _QUERIES, rows, 1)))


def _papers_path(directory: Path) -> Path:
    path = directory / _DESCRIPTION
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
        task, undirected = description["task"], description.get("undirected")
        papers = directory / str(description["papers"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidArgument(f"{path} describes no benchmark: {error!r}", field="bench_dir") from error
    if task != "citations" or undirected:
        what = "links without direction" if task == "citations" else f"the task {task!r}"
        raise InvalidArgument(
            f"{path} asks for {what}, which this bench does not support",
            hint="give a folder whose task is citations, with directed links",
            field="bench_dir",
        )
    return papers


def _read_papers(path: Path) -> list[Paper]:
    papers: dict[str, Paper] = {}
    for number, line in _lines(path):
        try:
            paper = _paper(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidArgument(f"{path}, line {number}: not a paper ({error!r})", field="bench_dir") from error
        if paper.paper_id in papers:
            raise InvalidArgument(f"{path}, line {number}: {paper.paper_id!r} is there twice", field="bench_dir")
        papers[paper.paper_id] = paper
    if not papers:
        raise InvalidArgument(f"{path} holds no paper", field="bench_dir")
    return [papers[paper_id] for paper_id in sorted(papers)]


def _paper(raw: dict[str, Any]) -> Paper:
    year = int(raw.get("year") or 0)
    return Paper(
        paper_id=str(raw["id"]),
        title=str(raw.get("title") or ""),
        abstract=str(raw.get("abstract") or ""),
        year=year if 0 < year < 10_000 else None,
        venue=str(raw.get("venue") or ""),
        keywords=tuple(str(word) for word in raw.get("keywords") or raw.get("tags") or ()),
    )


def _links(path: Path, rows: dict[str, int]) -> Iterator[tuple[int, int]]:
    return ((citing, cited) for citing, cited in _rows(path, rows, 2) if citing != cited)


def _rows(path: Path, rows: dict[str, int], columns: int) -> Iterator[tuple[int, ...]]:
    for number, line in _lines(path):
        names = line.split("\t")
        if len(names) != columns:
            raise InvalidArgument(f"{path}, line {number}: {len(names)} columns, not {columns}", field="bench_dir")
        if unknown := [name for name in names if name not in rows]:
            raise InvalidArgument(f"{path}, line {number}: no paper {unknown[0]!r}", field="bench_dir")
        yield tuple(rows[name] for name in names)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if stripped := line.rstrip("\r\n"):
                    yield number, stripped
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"{path} cannot be read: {error}", field="bench_dir") from error
