"""The trees of a ranker score as LightGBM would, and what is no forest is refused."""

import re
from collections.abc import Callable

import lightgbm
import numpy as np
import pytest

from cocite.recommender.ranking.forest import Forest, Tree
from cocite.recommender.ranking.models import LambdaMartModel

FEATURES = ("a", "b", "c", "d")


def _values(rows: int, seed: int, unknown: float) -> np.ndarray:
    """Rounded, so that values meet thresholds; the last feature is always known and crosses 0."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(rows, len(FEATURES))).round(1).astype(np.float32)
    values[:, :3][generator.random((rows, 3)) < unknown] = np.nan
    return values


def _trained(leaves: int, unknown: float = 0.2, trees: int = 20) -> lightgbm.Booster:
    values = _values(2000, 1, unknown)
    wanted = np.nan_to_num(values[:, 0]) * values[:, 3] + np.isnan(values[:, 1])
    data = lightgbm.Dataset(values.astype(np.float64), wanted)
    options = {"objective": "regression", "num_leaves": leaves, "verbosity": -1, "num_threads": 1, "seed": 3}
    return lightgbm.train(options, data, num_boost_round=trees)


@pytest.mark.parametrize("leaves", [2, 7, 8, 9, 16, 33, 64])
@pytest.mark.parametrize("unknown", [0.0, 0.2])
def test_scores_are_those_of_lightgbm(leaves: int, unknown: float) -> None:
    booster = _trained(leaves, unknown)
    values = _values(500, 2, 0.3)
    values[::7, 3] = np.nan  # which training never met
    values[::11, 0] = np.inf
    values[::13, 1] = -np.inf
    found = LambdaMartModel(FEATURES, booster.model_to_string()).scores(values)
    assert np.unique(found).size > 2
    np.testing.assert_allclose(found, booster.predict(values, num_threads=1), rtol=1e-12, atol=1e-12)


def test_values_at_a_threshold_go_left() -> None:
    booster = _trained(16)
    known = re.findall(r"^threshold=(.*)$", booster.model_to_string(), re.MULTILINE)
    thresholds = np.array(" ".join(known).split(), dtype=np.float32)
    near = np.concatenate((thresholds, *(np.nextafter(thresholds, np.float32(end)) for end in (-9, 9))))
    near = near[(near == 0.0) | (np.abs(near) > 1e-30)]  # LightGBM takes less for 0
    values = np.tile(near[:, None], (1, len(FEATURES)))
    found = LambdaMartModel(FEATURES, booster.model_to_string()).scores(values)
    np.testing.assert_allclose(found, booster.predict(values, num_threads=1), rtol=1e-12, atol=1e-12)


def test_trees_of_one_leaf_count() -> None:
    data = lightgbm.Dataset(np.zeros((50, len(FEATURES))), np.ones(50))
    booster = lightgbm.train({"objective": "regression", "verbosity": -1}, data, num_boost_round=1)
    values = _values(5, 0, 0.0)
    found = LambdaMartModel(FEATURES, booster.model_to_string()).scores(values)
    np.testing.assert_allclose(found, booster.predict(values))
    assert found[0] == pytest.approx(1.0)


def test_no_candidates_get_no_scores() -> None:
    model = LambdaMartModel(FEATURES, _trained(4).model_to_string())
    assert model.scores(np.empty((0, len(FEATURES)), dtype=np.float32)).shape == (0,)


def _spoilt(name: str, change: Callable[[list[str]], list[str]]) -> Callable[[str], str]:
    """The first line of a name with its values changed."""

    def spoil(text: str) -> str:
        line = next(line for line in text.splitlines() if line.startswith(f"{name}="))
        return text.replace(line, f"{name}={' '.join(change(line.partition('=')[2].split()))}", 1)

    return spoil


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda text: "", "missing"),
        (lambda text: text[: text.index("end of trees")], "missing"),
        (lambda text: text.replace("\nTree=1\n", "\nTree1\n"), "missing"),
        (_spoilt("max_feature_idx", lambda _: ["4"]), "take 5 features, not 4"),
        (_spoilt("num_tree_per_iteration", lambda _: ["3"]), "several scores"),
        (_spoilt("split_feature", lambda values: ["4", *values[1:]]), "feature that is not there"),
        (_spoilt("split_feature", lambda values: ["-1", *values[1:]]), "feature that is not there"),
        (_spoilt("split_feature", lambda values: values[1:]), "of one length"),
        (_spoilt("left_child", lambda values: ["0", *values[1:]]), "comes back"),
        (_spoilt("left_child", lambda values: ["99", *values[1:]]), "node that is not there"),
        (_spoilt("left_child", lambda values: ["-99", *values[1:]]), "nowhere, or twice"),
        (_spoilt("left_child", lambda values: ["x", *values[1:]]), "invalid literal"),
        (_spoilt("decision_type", lambda values: ["1", *values[1:]]), "not known here"),
        (_spoilt("decision_type", lambda values: ["4", *values[1:]]), "not known here"),
        (_spoilt("is_linear", lambda _: ["1"]), "not known here"),
        (_spoilt("threshold", lambda values: ["nan", *values[1:]]), "no number"),
        (_spoilt("leaf_value", lambda values: ["inf", *values[1:]]), "infinite"),
        (_spoilt("leaf_value", lambda _: []), "no number"),
    ],
)
def test_what_is_no_forest_is_refused(spoil: Callable[[str], str], told: str) -> None:
    text = _trained(8).model_to_string()
    LambdaMartModel(FEATURES, text)
    assert spoil(text) != text
    with pytest.raises(ValueError, match=f"no trees: .*{told}"):
        LambdaMartModel(FEATURES, spoil(text))


def test_trees_of_more_leaves_than_bits_are_refused() -> None:
    nodes = np.arange(64)
    chain = Tree(
        features=np.zeros(64, dtype=np.int64),
        thresholds=nodes.astype(np.float64),
        unknown_left=np.zeros(64, dtype=np.bool_),
        left=-1 - nodes,
        right=np.append(nodes[1:], -65),
        values=np.arange(65.0),
    )
    with pytest.raises(ValueError, match="65 leaves"):
        Forest([chain])
