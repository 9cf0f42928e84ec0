"""Reads the text form of LightGBM's models, so that serving needs no LightGBM."""

import numpy as np
import numpy.typing as npt

from cocite.recommender.ranking.forest import Tree

_START, _END = "\nTree=", "\nend of trees"
_CATEGORICAL, _DEFAULT_LEFT = 1, 2  # bits of a node's decision_type
_NEVER_UNKNOWN, _UNKNOWN_IS_ZERO = 0, 1  # in the two bits after these, how training met what is unknown


def trees_of(text: str, feature_count: int) -> list[Tree]:
    """The trees of a model of numbers, feature_count of them, with one score for each row.

    Raises KeyError or ValueError for anything else.
    """
    body, end, _ = text.partition(_END)
    head, *blocks = body.split(_START)
    told = _entries(head)
    if not end or len(blocks) != len(told["tree_sizes"].split()):
        raise ValueError("trees are missing")
    if told["num_tree_per_iteration"] != "1":
        raise ValueError("they give several scores")
    if int(told["max_feature_idx"]) != feature_count - 1:
        raise ValueError(f"they take {int(told['max_feature_idx']) + 1} features, not {feature_count}")
    return [_tree(_entries(block), feature_count) for block in blocks]


def _entries(lines: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in lines.splitlines())
    return {name: value for name, _, value in pairs}


def _tree(told: dict[str, str], feature_count: int) -> Tree:
    values = _numbers(told["leaf_value"])
    if np.isinf(values).any():
        raise ValueError("a leaf is infinite")
    if len(values) == 1:
        nothing = np.empty(0, dtype=np.int64)
        return Tree(nothing, nothing.astype(np.float64), nothing.astype(np.bool_), nothing, nothing, values)
    thresholds = _numbers(told["threshold"])
    features, kinds, left, right = (
        np.array(told[name].split(), dtype=np.int64)
        for name in ("split_feature", "decision_type", "left_child", "right_child")
    )
    unknown = kinds >> 2
    if (kinds & _CATEGORICAL).any() or (unknown == _UNKNOWN_IS_ZERO).any() or told.get("is_linear", "0") != "0":
        raise ValueError("a tree is of a kind that is not known here")
    if features.min() < 0 or features.max() >= feature_count:
        raise ValueError("a tree looks at a feature that is not there")
    # Where training met no unknown value, LightGBM takes one for 0.
    unknown_left = np.where(unknown == _NEVER_UNKNOWN, thresholds >= 0.0, (kinds & _DEFAULT_LEFT) > 0)
    return Tree(features, thresholds, unknown_left, left, right, values)


def _numbers(text: str) -> npt.NDArray[np.float64]:
    numbers = np.array(text.split(), dtype=np.float64)
    if not numbers.size or np.isnan(numbers).any():
        raise ValueError("a tree holds what is no number")
    return numbers
