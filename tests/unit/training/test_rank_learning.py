"""Rankers find the feature that tells, and bear features that are not known."""

import numpy as np
import pytest

from cocite.recommender.ranking.features import FEATURES
from cocite.recommender.ranking.models import RankModel, model_from_json
from cocite.training.rank_learning import NEGATIVES, TREES, Examples, examples_of, fit_lambdamart, fit_logistic

TELLING = 3


def planted(queries: int, *, unknown: float = 0.0, seed: int = 0) -> Examples:
    """Of 20 candidates those three are relevant whose feature TELLING is the highest; the rest is noise."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(queries, 20, len(FEATURES))).astype(np.float32)
    told = values[:, :, TELLING]
    relevant = told >= np.sort(told, axis=1)[:, [-3]]
    values[generator.random(values.shape) < unknown] = np.nan
    return Examples(values.reshape(-1, len(FEATURES)), relevant.ravel(), np.full(queries, 20, dtype=np.int64))


def first_three_right(model: RankModel, examples: Examples) -> float:
    scores = model.scores(examples.values).reshape(-1, 20)
    best = np.argsort(-scores, axis=1)[:, :3]
    return float(np.take_along_axis(examples.relevant.reshape(-1, 20), best, axis=1).mean())


def fit_trees(examples: Examples) -> RankModel:
    return fit_lambdamart(examples, seed=0, threads=1)


@pytest.mark.parametrize("fit", [fit_logistic, fit_trees])
def test_a_planted_feature_is_found(fit):
    model = fit(planted(300))
    assert first_three_right(model, planted(100, seed=1)) > 0.85
    noise = planted(100, seed=1)
    np.random.default_rng(2).shuffle(noise.values[:, TELLING])
    assert first_three_right(model, noise) < 0.3, "the control: nothing else tells"


@pytest.mark.parametrize("fit", [fit_logistic, fit_trees])
def test_unknown_features_are_borne(fit):
    model = fit(planted(300, unknown=0.2))
    unseen = planted(100, unknown=0.2, seed=1)
    assert first_three_right(model, unseen) > 0.5
    nothing_known = np.full((5, len(FEATURES)), np.nan, dtype=np.float32)
    scores = model.scores(nothing_known)
    assert np.isfinite(scores).all()
    assert len(set(scores.tolist())) == 1


@pytest.mark.parametrize("fit", [fit_logistic, fit_trees])
def test_a_feature_that_is_never_known_or_always_the_same_says_nothing(fit):
    examples = planted(200)
    examples.values[:, 5], examples.values[:, 6], examples.values[:, 7] = np.nan, 4.0, np.inf
    model = fit(examples)
    assert np.isfinite(model.scores(examples.values)).all()
    assert first_three_right(model, examples) > 0.85
    other = examples.values.copy()
    other[:, 5] = 17.0
    np.testing.assert_allclose(model.scores(other), model.scores(examples.values), atol=1e-9)


@pytest.mark.parametrize("fit", [fit_logistic, fit_trees])
def test_the_same_examples_make_the_same_model_that_survives_storage(fit):
    examples = planted(150)
    model, again = fit(examples), fit(examples)
    assert model.to_json() == again.to_json()
    np.testing.assert_array_equal(
        model_from_json(model.to_json()).scores(examples.values), model.scores(examples.values)
    )


def test_threads_and_the_count_of_trees():
    told: list[int] = []
    examples = planted(60)
    one, two = fit_lambdamart(examples, 0, 1, told.append), fit_lambdamart(examples, 0, 2)
    assert told == list(range(1, TREES + 1))
    assert one.to_json() == two.to_json()
    assert fit_lambdamart(examples, 1, 1).to_json() != one.to_json()


def test_examples_hold_all_that_is_relevant_and_some_of_the_rest():
    generator = np.random.default_rng(0)
    values = [generator.normal(size=(count, len(FEATURES))).astype(np.float32) for count in (300, 10, 4, 0)]
    relevant = [np.arange(300) % 50 == 0, np.arange(10) < 2, np.zeros(4, dtype=bool), np.zeros(0, dtype=bool)]
    found = examples_of(values, relevant, np.random.default_rng(1))
    assert found.sizes.tolist() == [6 + NEGATIVES, 10]
    assert found.relevant.sum() == 6 + 2
    np.testing.assert_array_equal(found.values[:66][found.relevant[:66]], values[0][relevant[0]])
    np.testing.assert_array_equal(found.values[66:], values[1])
    again = examples_of(values, relevant, np.random.default_rng(1))
    np.testing.assert_array_equal(found.values, again.values)


def test_queries_that_teach_nothing_are_left_out():
    values = [np.zeros((3, len(FEATURES)), dtype=np.float32)] * 2
    found = examples_of(values, [np.zeros(3, dtype=bool), np.ones(3, dtype=bool)], np.random.default_rng(0))
    assert found.sizes.size == found.relevant.size == 0
    assert found.values.shape == (0, len(FEATURES))
    assert Examples.joined([found, planted(2)]).sizes.tolist() == [20, 20]
