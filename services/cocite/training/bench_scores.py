"""How good predictions for a benchmark are, once they are made.

The rules: pairs of exclude.tsv and the query itself do not count, of a paper predicted twice the first does; a query
of truth.tsv without predictions scores 0, and predictions for others are ignored. In a pool, papers that were not
ranked come last, in order of id, and grades of 2 and more are relevant.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cocite.core.errors import InvalidArgument
from cocite.training.bench_folder import Task, read_description
from cocite.training.bench_lines import read_columns, read_pairs
from cocite.training.metrics import (
    Estimate,
    average_precision,
    estimate,
    graded_ndcg,
    ndcg,
    r_precision,
    recall,
    reciprocal_rank,
)

_TRUTH, _EXCLUDED = "truth.tsv", "exclude.tsv"
_DEPTH = 1000  # results looked at
_RELEVANT = 2  # the least grade of a relevant paper in a pool
_POOL_SHARE = 0.2  # of a pool that NDCG%20 looks at

Measure = Callable[[Sequence[str], Mapping[str, int], dict[str, Any]], dict[str, float]]
Truth = Mapping[str, Mapping[str, int]]


def has_truth(directory: Path) -> bool:
    """Whether predictions for the folder can be measured."""
    return (directory / _TRUTH).exists()


def measures_of(directory: Path) -> list[str]:
    """Names of what predictions for the folder are measured by."""
    description = read_description(directory)
    return list(_measure_of(description)([], {"": _RELEVANT}, description))


def score(directory: Path, predicted: Callable[[str], Sequence[str]]) -> dict[str, Estimate] | None:
    """Estimates by name of measure; None where the folder has no truth. predicted gives a query's papers, best first.

    Raises InvalidArgument, with file and line, for a truth that is not as it should be.
    """
    if not has_truth(directory):
        return None
    description = read_description(directory)
    truth = _read_truth(directory / _TRUTH)
    excluded = defaultdict(set)
    if (directory / _EXCLUDED).is_file():
        for query, paper in read_pairs(directory / _EXCLUDED):
            excluded[query].add(paper)
    measure = _measure_of(description)
    measured: dict[str, list[float]] = defaultdict(list)
    for query in sorted(truth):
        barred = excluded[query] | {query}
        ranked = [paper for paper in dict.fromkeys(predicted(query)) if paper not in barred]
        for name, value in measure(ranked, truth[query], description).items():
            measured[name].append(value)
    folds = np.array([(description.get("fold") or {}).get(query, 0) for query in sorted(truth)])
    generator = np.random.default_rng(0)  # one for all measures, in their order
    return {name: estimate(values, generator, folds) for name, values in measured.items()}


def _measure_of(description: dict[str, Any]) -> Measure:
    return _of_pool if description.get("kind", description.get("task")) == Task.POOL else _of_list


def _read_truth(path: Path) -> Truth:
    truth: dict[str, dict[str, int]] = defaultdict(dict)
    for number, (query, paper, *grade) in read_columns(path, 2):
        try:
            truth[query][paper] = int(grade[0]) if grade else 1
        except ValueError as error:
            raise InvalidArgument(f"{path}, line {number}: {grade[0]!r} is no grade", field="bench_dir") from error
    return truth


def _of_list(ranked: Sequence[str], truth: Mapping[str, int], description: Mapping[str, Any]) -> dict[str, float]:
    hits = np.array([paper in truth for paper in ranked[:_DEPTH]], dtype=np.bool_)
    return {
        **{f"R@{k}": recall(hits, len(truth), k) for k in description.get("ks", (20,))},
        **{f"N@{k}": ndcg(hits, len(truth), k) for k in description.get("ndcg", (10,))},
        "MRR": reciprocal_rank(hits),
    }


def _of_pool(ranked: Sequence[str], truth: Mapping[str, int], description: Mapping[str, Any]) -> dict[str, float]:
    graded = [paper for paper in ranked if paper in truth]
    grades = np.array([truth[paper] for paper in (*graded, *sorted(truth.keys() - set(graded)))])
    hits = grades >= _RELEVANT
    return {
        "NDCG%20": graded_ndcg(grades, int(_POOL_SHARE * grades.size)),
        "NDCG@20": graded_ndcg(grades, 20),
        "MAP": average_precision(hits),
        "Rprec": r_precision(hits),
    }
