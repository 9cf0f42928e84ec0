"""How good rankings are: measures of one ranking, and how sure their means are.

hits says of each result, best first, whether it is relevant; relevant is how many papers are, found or not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

METRICS = ("recall@20", "recall@100", "ndcg@10", "mrr")
DEPTH = 100  # results looked at; a first hit further down counts 0 in mrr
_RESAMPLES = 1000
_DRAWN_TOGETHER = 4_000_000  # values in memory at once, with their places: 64 MB

Hits = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over queries and its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def lower_end(metric: str) -> str:
    """Name under which the lower end of a metric's interval is recorded."""
    return f"{metric}.low"


def upper_end(metric: str) -> str:
    """Name under which the upper end of a metric's interval is recorded."""
    return f"{metric}.high"


def measure(ranked: npt.NDArray[np.integer], relevant: npt.NDArray[np.integer]) -> dict[str, float]:
    """All METRICS of one ranking, best first, each row once; relevant holds at least one row."""
    hits = np.isin(ranked[:DEPTH], relevant)
    return {
        "recall@20": recall(hits, len(relevant), 20),
        "recall@100": recall(hits, len(relevant), 100),
        "ndcg@10": ndcg(hits, len(relevant), 10),
        "mrr": reciprocal_rank(hits),
    }


def recall(hits: Hits, relevant: int, k: int) -> float:
    """Share of the relevant papers among the first k."""
    return float(hits[:k].sum() / relevant)


def ndcg(hits: Hits, relevant: int, k: int) -> float:
    """Normalised discounted cumulative gain (Jarvelin and Kekalainen 2002), discount log2(rank + 1)."""
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    top = hits[:k]
    return float(discounts[: top.size][top].sum() / discounts[: min(relevant, k)].sum())


def reciprocal_rank(hits: Hits) -> float:
    """One over the rank of the first hit, 0 without any."""
    return float(1.0 / (np.argmax(hits) + 1)) if hits.any() else 0.0


def graded_ndcg(grades: npt.NDArray[np.integer], k: int) -> float:
    """Gain of the grades of a whole ranking, over the best it could have; 0 where nothing in it is worth anything.

    The discount is log2(rank), and none at ranks 1 and 2, as in the first form of Jarvelin and Kekalainen (2002) and
    the evaluation of CSFCube (Mysore et al. 2021).
    """
    discounts = 1.0 / np.log2(np.maximum(np.arange(1, len(grades[:k]) + 1), 2))
    best = float((np.sort(grades)[::-1][:k] * discounts).sum())
    return float((grades[:k] * discounts).sum()) / best if best else 0.0


def average_precision(hits: Hits) -> float:
    """Mean precision at the ranks of the hits of a whole ranking, 0 without any."""
    ranks = np.flatnonzero(hits) + 1
    return float((np.arange(1, ranks.size + 1) / ranks).mean()) if ranks.size else 0.0


def r_precision(hits: Hits) -> float:
    """Precision among as many first results of a whole ranking as it has hits, 0 without any."""
    relevant = int(hits.sum())
    return float(hits[:relevant].mean()) if relevant else 0.0


def estimate(
    values: Sequence[float],
    generator: np.random.Generator | None = None,
    folds: npt.NDArray[np.generic] | None = None,
) -> Estimate:
    """Mean of at least one value, with a percentile bootstrap interval (Efron 1979).

    folds (len(values),) names the fold of each: the mean is then that of the means of the folds, and values are drawn
    again within their folds. Without a generator, equal values give equal intervals.
    """
    sample = np.asarray(values, dtype=np.float64)
    drawn = generator or np.random.default_rng(0)
    parts = [sample] if folds is None else [sample[folds == fold] for fold in np.unique(folds)]
    means = np.mean([_means_of_resamples(part, drawn) for part in parts], axis=0)
    low, high = np.percentile(means, (2.5, 97.5))
    return Estimate(float(np.mean([part.mean() for part in parts])), float(low), float(high))


def _means_of_resamples(sample: npt.NDArray[np.float64], drawn: np.random.Generator) -> npt.NDArray[np.float64]:
    """Means (_RESAMPLES,) of as many values drawn with replacement."""
    together = max(1, _DRAWN_TOGETHER // sample.size)
    counts = [min(together, _RESAMPLES - start) for start in range(0, _RESAMPLES, together)]
    return np.concatenate(
        [sample[drawn.integers(0, sample.size, (count, sample.size))].mean(axis=1) for count in counts]
    )
