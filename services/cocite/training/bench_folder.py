"""Reading a benchmark folder. Its ids are opaque strings. truth.tsv is not among the files read here."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from cocite.core.errors import InvalidArgument
from cocite.training.bench_lines import read_columns, read_pairs
from cocite.training.bench_papers import BenchPaper, read_papers

_DESCRIPTION, _PAPERS = "bench.json", "papers.jsonl"
_TRAIN, _VALIDATION, _QUERIES = "train.tsv", "val.tsv", "queries.tsv"
_FOLD_IN, _EXCLUDED, _POOL = "foldin.tsv", "exclude.tsv", "pool.tsv"

Lists = Mapping[str, tuple[str, ...]]


class Task(StrEnum):
    """What a benchmark asks for."""

    CITATIONS = "citations"  # the references of a paper that are not known yet
    LIBRARY = "library"  # the papers a reader keeps that are not known yet
    UNSEEN = "unseen"  # the references of a paper that was not in training
    POOL = "pool"  # a given list of papers, ordered by likeness to a paper


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of queries.tsv: its name, and for a pool the paper and facet it stands for."""

    name: str
    paper: str
    facet: str = ""


@dataclass(frozen=True, slots=True)
class BenchFolder:
    """What a model may see of a benchmark, and what it is asked.

    papers are those of the papers file. links are citing and cited paper, or reader and paper, distinct and in order.
    undirected says that they go both ways. By name of the query: references to fold in, pairs that never count, and
    the papers of its pool.
    """

    task: Task
    undirected: bool
    papers: Mapping[str, BenchPaper]
    links: tuple[tuple[str, str], ...]
    queries: tuple[Asked, ...]
    references: Lists = field(default_factory=dict)
    excluded: Lists = field(default_factory=dict)
    pools: Lists = field(default_factory=dict)


def read_description(directory: Path) -> dict[str, Any]:
    """The object in bench.json. Raises InvalidArgument when there is none."""
    path = directory / _DESCRIPTION
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidArgument(f"{path} describes no benchmark: {error!r}", field="bench_dir") from error
    if not isinstance(description, dict):
        raise InvalidArgument(f"{path} describes no benchmark: it holds no object", field="bench_dir")
    return description


def read_bench_folder(directory: Path, *, use_validation: bool, fold_in: bool = False) -> BenchFolder:
    """The folder's papers, links of train.tsv (and val.tsv where it is there and asked for), queries and lists.

    Pairs of exclude.tsv are left aside without validation: there they may be what is asked for. Raises
    InvalidArgument that names file and line for what is not as it should be, and for fold_in with another task than
    unseen.
    """
    description = read_description(directory)
    task = _task(directory, description)
    if fold_in and task is not Task.UNSEEN:
        raise InvalidArgument(
            f"references are folded in where the task is {Task.UNSEEN}, and here it is {task}", field="fold_in"
        )
    train, validation, excluded = (directory / name for name in (_TRAIN, _VALIDATION, _EXCLUDED))
    links = set(read_pairs(train)) if task is not Task.POOL or train.is_file() else set()
    if use_validation and validation.is_file():
        links.update(read_pairs(validation))
    return BenchFolder(
        task=task,
        undirected=bool(description.get("undirected")),
        papers=_papers(directory, description.get("papers")),
        links=tuple(sorted(links)),
        queries=_queries(directory / _QUERIES, task),
        references=_lists(read_pairs(directory / _FOLD_IN)) if fold_in else {},
        excluded=_lists(read_pairs(excluded)) if use_validation and excluded.is_file() else {},
        pools=_lists(read_pairs(directory / _POOL)) if task is Task.POOL else {},
    )


def _task(directory: Path, description: Mapping[str, Any]) -> Task:
    try:
        return Task(str(description.get("task")))
    except ValueError:
        raise InvalidArgument(
            f"{directory / _DESCRIPTION} asks for the task {description.get('task')!r}, which is none",
            hint=f"it may be {', '.join(Task)}",
            field="bench_dir",
        ) from None


def _papers(directory: Path, named: Any) -> dict[str, BenchPaper]:
    if named is None:  # a corpus may have nothing but links
        path = directory / _PAPERS
        return read_papers(path) if path.is_file() else {}
    return read_papers(directory / str(named))


def _queries(path: Path, task: Task) -> tuple[Asked, ...]:
    queries: dict[str, Asked] = {}
    for _, columns in read_columns(path, 1):
        name, paper, facet, *_ = (*columns, "", "")
        asked = Asked(name, paper or name, facet) if task is Task.POOL else Asked(name, name)
        queries.setdefault(name, asked)
    return tuple(queries.values())


def _lists(pairs: Iterable[tuple[str, str]]) -> Lists:
    lists: dict[str, dict[str, None]] = defaultdict(dict)
    for name, paper in pairs:
        lists[name][paper] = None
    return {name: tuple(papers) for name, papers in lists.items()}
