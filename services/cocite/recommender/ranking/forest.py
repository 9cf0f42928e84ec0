"""Sums of regression trees for many candidates at once, by bits, not branches (QuickScorer; Lucchese et al. 2015).

A node that sends a candidate to its right rules out the leaves on its left; of those that no node rules out, the first
is where the candidate ends. Which nodes of a feature send it to their right depends only on how many of the feature's
thresholds its value is above, and so what each such number rules out, in all trees, is found beforehand.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_MOST_LEAVES = 64  # a bit each


@dataclass(frozen=True, slots=True)
class Tree:
    """s nodes and s + 1 leaves. A value goes left when it is at most the node's threshold, an unknown one (NaN) where
    unknown_left says so. left and right hold the next node, or for leaf i the number -1 - i; node 0 is the root.
    """  # fmt: skip

    features: npt.NDArray[np.int64]
    thresholds: npt.NDArray[np.float64]
    unknown_left: npt.NDArray[np.bool_]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]

    def leaves(self) -> tuple[npt.NDArray[np.int64], list[tuple[int, int]]]:
        """Leaves (s + 1,) from left to right, and for each node where among them those on its left begin and end.

        Raises ValueError when nodes and leaves do not make one tree.
        """
        nodes = len(self.features)
        if {len(self.thresholds), len(self.unknown_left), len(self.left), len(self.right)} != {nodes}:
            raise ValueError("what a tree says of its nodes is not of one length")
        if max(self.left.max(initial=0), self.right.max(initial=0)) >= max(nodes, 1):
            raise ValueError("a tree leads to a node that is not there")
        leaves: list[int] = []
        begin, middle = [-1] * nodes, [-1] * nodes
        ahead = [(0 if nodes else -1, False)]
        while ahead:
            place, left_done = ahead.pop()
            if place < 0:
                leaves.append(-1 - place)
            elif left_done:
                middle[place] = len(leaves)
            elif begin[place] >= 0:
                raise ValueError("a tree comes back to a node")
            else:
                begin[place] = len(leaves)
                ahead += [(int(self.right[place]), False), (place, True), (int(self.left[place]), False)]
        if sorted(leaves) != list(range(nodes + 1)) or nodes + 1 != len(self.values):
            raise ValueError("a tree has leaves that are nowhere, or twice")
        return np.array(leaves, dtype=np.int64), list(zip(begin, middle, strict=True))


class Forest:
    """Trees that are summed up. Thread-safe.

    Raises ValueError for trees that are none, or have more than 64 leaves.
    """

    def __init__(self, trees: Sequence[Tree]) -> None:
        width = max((len(tree.values) for tree in trees), default=1)
        if width > _MOST_LEAVES:
            raise ValueError(f"a tree has {width} leaves, more than {_MOST_LEAVES}")
        bits = np.min_scalar_type((1 << width) - 1)
        self._values = np.zeros((len(trees), width))
        found: list[tuple[int, float, int, bool, int]] = []  # feature, threshold, tree, unknown_left, leaves that stay
        for number, tree in enumerate(trees):
            leaves, spans = tree.leaves()
            self._values[number, : leaves.size] = tree.values[leaves]
            stay = [np.iinfo(bits).max ^ ((1 << middle) - (1 << begin)) for begin, middle in spans]
            found += zip(
                tree.features.tolist(),
                tree.thresholds.tolist(),
                [number] * len(stay),
                tree.unknown_left.tolist(),
                stay,
                strict=True,
            )
        self._features = np.array(sorted({node[0] for node in found}), dtype=np.int64)
        tables = [_table([node[1:] for node in found if node[0] == each], len(trees), bits) for each in self._features]
        self._above = np.concatenate([above for above, _ in tables] or [np.empty(0, dtype=np.float32)])
        self._stay = np.concatenate([stay for _, stay in tables] or [np.empty((0, len(trees)), dtype=bits)])
        self._ends = np.cumsum([above.size for above, _ in tables], dtype=np.int64)

    def scores(self, values: Floats) -> npt.NDArray[np.float64]:
        """Sum of the trees' values, float64 (k,), of features (k, F), NaN where unknown."""
        # late: to list models needs no machine code
        from cocite.recommender.ranking.forest_sums import BIT_PLACES, sums

        contiguous = np.ascontiguousarray(values, dtype=np.float32)
        return sums(contiguous, self._features, self._ends, self._above, self._stay, self._values, BIT_PLACES)


def _table(
    nodes: list[tuple[float, int, bool, int]], trees: int, bits: np.dtype
) -> tuple[Floats, npt.NDArray[np.unsignedinteger]]:
    """What values of one feature rule out, from threshold, tree, unknown_left and the leaves that stay of its nodes.

    above (m,): the least numbers above its thresholds, ascending. stay (m + 2, trees): the leaves left by a value that
    is at least i of them; last, by an unknown one.
    """
    least = _next_above(np.array([threshold for threshold, *_ in nodes]))
    above, places = np.unique(least, return_inverse=True)
    stay = np.full((above.size + 2, trees), np.iinfo(bits).max, dtype=bits)
    for place, (_, tree, unknown_left, left) in zip(places, nodes, strict=True):
        stay[place + 1, tree] &= left
        if not unknown_left:
            stay[-1, tree] &= left
    np.bitwise_and.accumulate(stay[:-1], axis=0, out=stay[:-1])
    return above, stay


def _next_above(numbers: npt.NDArray[np.float64]) -> Floats:
    """The least float32 above each number, NaN for infinity: a float32 is at least that when it is above the number."""
    with np.errstate(over="ignore"):
        near = numbers.astype(np.float32)
    above = np.where(near > numbers, near, np.nextafter(near, np.float32(np.inf)))
    above[numbers == np.inf] = np.nan
    return above
