"""How good rankings are: measures over binary relevance, and how sure their means are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

METRICS = ("recall@20", "recall@100", "ndcg@10", "mrr")
DEPTH = 100  # results looked at; a first hit further down counts 0 in mrr
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over queries and its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def measure(ranked: npt.NDArray[np.integer], relevant: npt.NDArray[np.integer]) -> dict[str, float]:
    """All METRICS of one ranking, best first, each row once; relevant holds at least one row."""
    hits = np.isin(ranked[:DEPTH], relevant)
    return {
        "recall@20": _recall(hits, len(relevant), 20),
        "recall@100": _recall(hits, len(relevant), 100),
        "ndcg@10": _ndcg(hits, len(relevant), 10),
        "mrr": float(1.0 / (np.argmax(hits) + 1)) if hits.any() else 0.0,
    }


def _recall(hits: npt.NDArray[np.bool_], relevant: int, k: int) -> float:
    return float(hits[:k].sum() / relevant)


def _ndcg(hits: npt.NDArray[np.bool_], relevant: int, k: int) -> float:
    """Normalised discounted cumulative gain (Jarvelin and Kekalainen 2002), discount log2(rank + 1)."""
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    top = hits[:k]
    return float(discounts[: top.size][top].sum() / discounts[: min(relevant, k)].sum())


def estimate(values: Sequence[float], seed: int = 0) -> Estimate:
    """Mean of at least one value, with a percentile bootstrap interval (Efron 1979) drawn by seed."""
    sample = np.asarray(values, dtype=np.float64)
    generator = np.random.default_rng(seed)
    means = [sample[generator.integers(0, sample.size, sample.size)].mean() for _ in range(_RESAMPLES)]
    low, high = np.percentile(means, (2.5, 97.5))
    return Estimate(float(sample.mean()), float(low), float(high))
