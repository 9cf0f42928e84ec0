"""Learned rankers: from features of candidates to scores, as stored in a bundle.

A model is JSON, no pickle: what the features are, and either the text form of LightGBM's trees (LambdaMART; Burges
2010) or the weights of a logistic regression. RRF needs no model.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from cocite.core.errors import CorruptData
from cocite.recommender import layout
from cocite.recommender.ranking.forest import Forest
from cocite.recommender.ranking.lightgbm_text import trees_of

Floats = npt.NDArray[np.float32]
LAMBDAMART, LOGISTIC = "lambdamart", "logistic"


class RankModel(Protocol):
    """Scores candidates by their features. Thread-safe and deterministic. kind and features as stored."""

    @property
    def kind(self) -> str:
        """LAMBDAMART or LOGISTIC."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of what it looks at."""

    def scores(self, values: Floats) -> npt.NDArray[np.float64]:
        """Scores (k,), finite, the higher the better, of features float32 (k, len(features)), NaN where unknown."""

    def to_json(self) -> dict[str, Any]:
        """What model_from_json reads."""


@dataclass(frozen=True, slots=True)
class LogisticModel:
    """A weighted sum of standardised features; an unknown one counts as the mean. weights, means, scales: (F,)."""

    features: tuple[str, ...]
    weights: npt.NDArray[np.float64]
    means: npt.NDArray[np.float64]
    scales: npt.NDArray[np.float64]
    kind: str = field(default=LOGISTIC, init=False)

    def scores(self, values: Floats) -> npt.NDArray[np.float64]:
        """See RankModel."""
        found: npt.NDArray[np.float64] = standardised(values, self.means, self.scales) @ self.weights
        return found

    def to_json(self) -> dict[str, Any]:
        """See RankModel."""
        return {
            "kind": self.kind,
            "features": list(self.features),
            "weights": self.weights.tolist(),
            "means": self.means.tolist(),
            "scales": self.scales.tolist(),
        }


def standardised(
    values: Floats, means: npt.NDArray[np.float64], scales: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Features less their means, over their scales, at most 10 from 0; 0 where unknown. Shape of values."""
    scaled = (values.astype(np.float64) - means) / scales
    return np.clip(np.nan_to_num(scaled, nan=0.0, posinf=10.0, neginf=-10.0), -10.0, 10.0)


class LambdaMartModel:
    """Gradient-boosted trees, in the text form of LightGBM. Raises ValueError for other text or features."""

    kind = LAMBDAMART

    def __init__(self, features: tuple[str, ...], text: str) -> None:
        self.features = features
        self._text = text
        try:
            self._forest = Forest(trees_of(text, len(features)))
        except (KeyError, ValueError, OverflowError) as error:
            raise ValueError(f"no trees: {error}") from error

    def scores(self, values: Floats) -> npt.NDArray[np.float64]:
        """See RankModel."""
        return self._forest.scores(values)

    def to_json(self) -> dict[str, Any]:
        """See RankModel."""
        return {"kind": self.kind, "features": list(self.features), "trees": self._text}


@dataclass(frozen=True, slots=True)
class Rankers:
    """The learned ranker for each kind of query; none where fusion serves better, or there was too little to learn."""

    papers: RankModel | None = None
    libraries: RankModel | None = None

    def to_bytes(self) -> npt.NDArray[np.uint8]:
        """As stored in a bundle: JSON in UTF-8."""
        models = {"papers": self.papers, "libraries": self.libraries}
        text = json.dumps({name: model.to_json() for name, model in models.items() if model is not None})
        return np.frombuffer(text.encode("utf-8"), dtype=np.uint8)

    @classmethod
    def from_bytes(cls, stored: npt.NDArray[np.uint8]) -> "Rankers":
        """Raises CorruptData for what to_bytes cannot have written."""
        try:
            raw = json.loads(stored.tobytes().decode("utf-8"))
            return cls(**{name: model_from_json(model) for name, model in raw.items()})
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise CorruptData(f"{layout.RANKERS} cannot be read: {error!r}") from error


def model_from_json(raw: dict[str, Any]) -> RankModel:
    """The model that to_json describes. Raises KeyError, TypeError or ValueError for anything else."""
    features = tuple(str(name) for name in raw["features"])
    if raw["kind"] == LAMBDAMART:
        return LambdaMartModel(features, str(raw["trees"]))
    if raw["kind"] != LOGISTIC:
        raise ValueError(f"there is no ranker of the kind {raw['kind']!r}")
    arrays = [np.array(raw[name], dtype=np.float64) for name in ("weights", "means", "scales")]
    if (
        any(array.shape != (len(features),) or not np.isfinite(array).all() for array in arrays)
        or (arrays[2] <= 0).any()
    ):
        raise ValueError("the numbers of the ranker do not fit its features")
    return LogisticModel(features, *arrays)
