"""Rankers as a bundle stores them: read as they were written, and refused where they cannot be."""

import json
from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import pytest

from cocite.core.errors import CorruptData
from cocite.recommender import layout
from cocite.recommender.ranking.models import LambdaMartModel, LogisticModel, Rankers

NAMES = ("als.score", "age.to_query", "venue.rate")


def _logistic() -> LogisticModel:
    return LogisticModel(NAMES, np.array([1.0, -2.0, 0.5]), np.array([0.5, 3.0, 0.0]), np.array([2.0, 1.0, 0.1]))


def _trees() -> LambdaMartModel:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(60, len(NAMES)))
    data = lightgbm.Dataset(values, (values[:, 0] > 0).astype(int), group=[20, 20, 20])
    parameters = {"objective": "lambdarank", "min_data_in_leaf": 2, "verbosity": -1, "num_threads": 1}
    return LambdaMartModel(NAMES, lightgbm.train(parameters, data, num_boost_round=5).model_to_string())


def _values() -> np.ndarray:
    values = np.random.default_rng(5).normal(size=(50, len(NAMES))).astype(np.float32)
    values[::7, 1] = np.nan
    return values


def test_a_logistic_score_by_hand() -> None:
    values = np.array([[2.5, 4.0, 0.0], [np.nan, 4.0, 100.0], [0.5, -1e30, np.nan]], dtype=np.float32)
    # Standardised: 1, 1, 0; then unknown, 1, far out; then 0, far out, unknown.
    assert _logistic().scores(values).tolist() == [1.0 - 2.0, -2.0 + 10 * 0.5, -2.0 * -10]


@pytest.mark.parametrize("make", [_logistic, _trees])
def test_what_is_read_scores_as_what_was_written(make: Callable[[], LogisticModel | LambdaMartModel]) -> None:
    model = make()
    read = Rankers.from_bytes(Rankers(papers=model).to_bytes())
    assert read.libraries is None and read.papers is not None
    assert (read.papers.kind, read.papers.features) == (model.kind, NAMES)
    scores = model.scores(_values())
    assert np.array_equal(read.papers.scores(_values()), scores)
    assert np.isfinite(scores).all() and len(set(scores.tolist())) > 3
    assert Rankers(papers=read.papers).to_bytes().tobytes() == Rankers(papers=model).to_bytes().tobytes()


def test_both_rankers_or_none_are_stored() -> None:
    read = Rankers.from_bytes(Rankers(_logistic(), _trees()).to_bytes())
    assert read.papers is not None and read.libraries is not None
    assert (read.papers.kind, read.libraries.kind) == ("logistic", "lambdamart")
    assert Rankers.from_bytes(Rankers().to_bytes()) == Rankers()


def _changed(**changes: Any) -> bytes:
    return json.dumps({"papers": {**_logistic().to_json(), **changes}}).encode()


def _less(name: str) -> bytes:
    raw = _logistic().to_json()
    del raw[name]
    return json.dumps({"papers": raw}).encode()


BAD = {
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b"\xff{}",
    "deeper than any reader": b"[" * 100_000,
    "a list": b"[]",
    "a number": b'{"papers": 1}',
    "no ranker": b'{"papers": null}',
    "a query of no kind": b'{"authors": {}}',
    "an unknown kind": _changed(kind="neural"),
    "a weight too few": _changed(weights=[1.0, 2.0]),
    "weights in rows": _changed(weights=[[1.0], [2.0], [3.0]]),
    "a weight that is no number": _changed(weights=[1.0, float("nan"), 1.0]),
    "an infinite mean": _changed(means=[1.0, float("inf"), 1.0]),
    "a weight in words": _changed(weights=["one", "two", "three"]),
    "a scale of nothing": _changed(scales=[1.0, 0.0, 1.0]),
    "features that do not fit": _changed(features=["als.score"]),
    "trees that are none": _changed(kind="lambdamart", trees="tree\nversion=v4\n"),
    "trees of other features": json.dumps({"papers": {**_trees().to_json(), "features": ["als.score"]}}).encode(),
    "trees cut off": json.dumps(
        {"papers": {**_trees().to_json(), "trees": _trees().to_json()["trees"][:900]}}
    ).encode(),
    **{f"no {name}": _less(name) for name in ("kind", "features", "weights", "means", "scales")},
}


@pytest.mark.parametrize("why", BAD)
def test_a_ranker_that_cannot_be_is_refused_by_the_name_of_its_file(why: str) -> None:
    with pytest.raises(CorruptData, match=layout.RANKERS):
        Rankers.from_bytes(np.frombuffer(BAD[why], dtype=np.uint8))


def test_what_is_refused_is_what_was_changed() -> None:
    read = Rankers.from_bytes(np.frombuffer(_changed(), dtype=np.uint8))
    assert read.papers is not None and read.papers.kind == "logistic"
