"""The ALS vector of a reader or paper that was not in training, from the items it is known to like and dislike.

Hu, Koren and Volinsky 2008, section 4, with implicit's conventions: an item of weight w has confidence
c = alpha * |w|, and preference 1 when w > 0, 0 otherwise. The vector solves

    (Y^T Y + reg I + S^T D S) x = S^T p

with S (k, f) the factors of the k items, D = diag(c - 1), and p = c where the preference is 1, else 0. With
G = (Y^T Y + reg I)^-1 from the bundle and K = S G S^T, the Woodbury identity in its push-through form gives
x = G S^T (I + D K)^-1 p: one k by k solve, and no difference of large numbers that would cost digits.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_BLOCK_ROWS = 65536


class FoldIn:
    """Folds rows into one factorisation. Thread-safe.

    item_factors float32 (n, f), gram_inverse float32 (f, f).
    """

    def __init__(self, item_factors: Floats, gram_inverse: Floats, *, alpha: float, regularization: float) -> None:
        self._factors = item_factors
        self._alpha = alpha
        self._inverse = gram_inverse.astype(np.float64)
        self._gram = _gram(item_factors) + regularization * np.eye(item_factors.shape[1])

    def user_vector(self, rows: npt.NDArray[np.integer], weights: npt.NDArray[np.floating]) -> Floats:
        """Vector float32 (f,) for items rows (k,), each once, with signed weights (k,). Zero when k is 0."""
        factors = self._factors[rows].astype(np.float64)
        signed = self._alpha * np.asarray(weights, dtype=np.float64)
        confidence, preferred = np.abs(signed), np.maximum(signed, 0.0)
        solve = self._by_woodbury if len(rows) <= factors.shape[1] else self._by_dense_solve
        return solve(factors, confidence - 1.0, preferred).astype(np.float32)

    def _by_woodbury(
        self, factors: npt.NDArray[np.float64], extra: npt.NDArray[np.float64], preferred: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        projected = factors @ self._inverse
        system = extra[:, None] * (projected @ factors.T)
        system.flat[:: len(factors) + 1] += 1.0
        vector: npt.NDArray[np.float64] = projected.T @ np.linalg.solve(system, preferred)
        return vector

    def _by_dense_solve(
        self, factors: npt.NDArray[np.float64], extra: npt.NDArray[np.float64], preferred: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """The same by one f by f solve, cheaper once there are more items than factors."""
        gram: npt.NDArray[np.float64] = self._gram + (factors.T * extra) @ factors
        return np.linalg.solve(gram, factors.T @ preferred).astype(np.float64, copy=False)


def _gram(factors: Floats) -> npt.NDArray[np.float64]:
    total = np.zeros((factors.shape[1], factors.shape[1]))
    for start in range(0, len(factors), _BLOCK_ROWS):
        block = factors[start : start + _BLOCK_ROWS].astype(np.float64)
        total += block.T @ block
    return total
