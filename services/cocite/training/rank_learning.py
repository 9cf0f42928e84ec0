"""Fitting learned rankers to candidates of held-out queries."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.ranking.features import FEATURES
from cocite.recommender.ranking.models import LambdaMartModel, LogisticModel, standardised

Floats = npt.NDArray[np.float32]
NEGATIVES = 60  # candidates of a query that are not relevant and are learned from, drawn among all
_RIDGE = 1.0
_NEWTON_STEPS = 20
TREES = 120
_END_OF_TREES = "end of trees\n"
_LAMBDAMART = {
    "objective": "lambdarank",
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_data_in_leaf": 50,
    "lambda_l2": 5.0,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambdarank_truncation_level": 30,
    "max_bin": 63,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True)
class Examples:
    """Candidates of many queries, one query after another: values float32 (k, F), relevant bool (k,), sizes (q,)."""

    values: Floats
    relevant: npt.NDArray[np.bool_]
    sizes: npt.NDArray[np.int64]

    @classmethod
    def joined(cls, parts: "list[Examples]") -> "Examples":
        """All of them, in order."""
        return cls(
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.relevant for part in parts]),
            np.concatenate([part.sizes for part in parts]),
        )


def examples_of(
    values: list[Floats], relevant: list[npt.NDArray[np.bool_]], generator: np.random.Generator
) -> Examples:
    """All relevant candidates of each query and at most NEGATIVES others; queries without either teach nothing."""
    kept_values, kept_relevant, sizes = [np.empty((0, len(FEATURES)), np.float32)], [np.empty(0, np.bool_)], []
    for of_query, good in zip(values, relevant, strict=True):
        others = np.flatnonzero(~good)
        if not good.any() or not others.size:
            continue
        chosen = generator.choice(others, min(others.size, NEGATIVES), replace=False)
        places = np.sort(np.concatenate((np.flatnonzero(good), chosen)))
        kept_values.append(of_query[places])
        kept_relevant.append(good[places])
        sizes.append(places.size)
    return Examples(np.concatenate(kept_values), np.concatenate(kept_relevant), np.array(sizes, dtype=np.int64))


def fit_lambdamart(
    examples: Examples, seed: int, threads: int, grown: Callable[[int], None] = lambda trees: None
) -> LambdaMartModel:
    """LightGBM's LambdaMART (Burges 2010; Ke et al. 2017). The same examples and seed give the same trees.

    grown is told how many of TREES there are, after each.
    """
    import lightgbm

    data = lightgbm.Dataset(
        examples.values,
        examples.relevant.astype(np.int32),
        group=examples.sizes,
        feature_name=[name.replace(".", "_") for name in FEATURES],
    )
    booster = lightgbm.train(
        {**_LAMBDAMART, "seed": seed, "num_threads": threads},
        data,
        num_boost_round=TREES,
        callbacks=[lambda state: grown(state.iteration + 1)],
    )
    trees, end, _ = booster.model_to_string(num_iteration=-1).partition(_END_OF_TREES)  # threads and such follow
    return LambdaMartModel(FEATURES, trees + end)


def fit_logistic(examples: Examples) -> LogisticModel:
    """Logistic regression with an intercept for each query that is left out again: only order within a query counts.

    Newton's method on the ridge-penalised likelihood of centred features (conditional on the query by centring).
    """
    wide = examples.values.astype(np.float64)
    with np.errstate(invalid="ignore"):
        known = np.isfinite(wide)
        counts = np.maximum(known.sum(axis=0), 1)
        means = np.where(known, wide, 0.0).sum(axis=0) / counts
        scales = np.sqrt(np.where(known, (wide - means) ** 2, 0.0).sum(axis=0) / counts)
    scales[scales < 1e-9] = 1.0
    values = np.column_stack((standardised(examples.values, means, scales), np.ones(len(wide))))
    target = examples.relevant.astype(np.float64)
    penalty = np.full(values.shape[1], _RIDGE)
    penalty[-1] = 1e-6
    weights = np.zeros(values.shape[1])
    for _ in range(_NEWTON_STEPS):
        likely = 1.0 / (1.0 + np.exp(-np.clip(values @ weights, -30.0, 30.0)))
        gradient = values.T @ (target - likely) - penalty * weights
        curvature = (values * (likely * (1.0 - likely))[:, None]).T @ values + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        weights += step
        if float(np.abs(step).max()) < 1e-6:
            break
    return LogisticModel(FEATURES, weights[:-1], means, scales)
