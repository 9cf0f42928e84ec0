"""The ALS vector of a reader or paper that was not in training, from the items it is known to like and dislike.

Hu, Koren and Volinsky 2008, section 4, with implicit's conventions: an item of weight w has confidence
c = alpha * |w|, and preference 1 when w > 0, 0 otherwise. The vector solves

    (Y^T Y + reg I + S^T D S) x = S^T p

with S (k, f) the factors of the k items, D = diag(c - 1), and p = c where the preference is 1, else 0. With
G = (Y^T Y + reg I)^-1 from the bundle, K = S G S^T and B = (I + D K)^-1, the Woodbury identity in its push-through
form gives x = G S^T B p: one k by k solve, and no difference of large numbers that would cost digits. Where all
confidences are above 1, R = D^1/2 makes it symmetric: with C = (I + R K R)^-1, by Cholesky, B = R C R^-1. Most of the
work is K, of the products S L with G = L L^T, for which single precision does; what is inverted is kept in double.

An item that the vector was folded in from scores high for that alone. What the other items say of it follows from the
Sherman-Morrison identity without folding in again: with A the matrix above and h = y^T A^-1 y, the score of y under
the vector without it is (y^T x - p h) / (1 - (c - 1) h). With C it is that of the others' share in C R^-1 p.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cocite.recommender.row_blocks import RowBlocks

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
_BLOCK_ROWS = 65536
_LEAST_EXTRA = 1e-3  # confidence above 1, from which on its root may be divided by


@dataclass(frozen=True, slots=True)
class FoldedIn:
    """held_out float32 (k,), the score of each item under the vector of the other items alone. ways are matrices whose
    product (f, k), each column times that of says (k,), is what each item puts into the vector.
    """  # fmt: skip

    held_out: Floats
    ways: tuple[npt.NDArray[np.floating[Any]], ...]
    says: Doubles

    @property
    def vector(self) -> Floats:
        """What was folded in, float32 (f,)."""
        vector: npt.NDArray[np.floating[Any]] = self.says
        for way in reversed(self.ways):
            vector = way @ vector.astype(way.dtype)
        return vector.astype(np.float32)

    def parts(self, factors: Floats) -> Doubles:
        """What each item adds to the score of each result of factors (r, f), float64 (r, k).

        A row adds up to its score under the vector; section 5 of the paper. Where an item is itself a result, the parts
        of the others are in proportion to those of its held-out score.
        """
        parts: npt.NDArray[np.floating[Any]] = factors
        for way in self.ways:
            parts = parts @ way
        return parts * self.says


class FoldIn:
    """Folds rows into one factorisation. Thread-safe.

    item_factors float32 (n, f); gram float64 (f, f) is Y^T Y + reg I of the factors that came out of the training,
    gram_inverse float32 (f, f) its inverse.
    """

    def __init__(self, item_factors: Floats | RowBlocks, gram: Doubles, gram_inverse: Floats, alpha: float) -> None:
        self._factors = item_factors
        self._alpha = alpha
        self._inverse = gram_inverse
        self._root = np.asfortranarray(np.linalg.cholesky(gram_inverse.astype(np.float64)), dtype=np.float32)
        self._gram = gram

    def fold_in(self, rows: npt.NDArray[np.integer], weights: npt.NDArray[np.floating]) -> FoldedIn:
        """Items rows (k,), each once, with signed weights (k,). The vector is zero when k is 0."""
        return self.fold_in_factors(np.asarray(self._factors[rows], dtype=np.float32), weights)

    def fold_in_factors(self, item_factors: Floats, weights: npt.NDArray[np.floating]) -> FoldedIn:
        """The same of items that need not be in the factorisation: their factors (k, f) and signed weights (k,)."""
        signed = self._alpha * np.asarray(weights, dtype=np.float64)
        extra, preferred = np.abs(signed) - 1.0, np.maximum(signed, 0.0)
        count, width = item_factors.shape
        if count > width:
            return self._by_dense_solve(item_factors, extra, preferred)
        if count and extra.min() > _LEAST_EXTRA:
            return self._by_cholesky(item_factors, extra, preferred)
        return self._by_woodbury(item_factors, extra, preferred)

    def _by_cholesky(self, factors: Floats, extra: Doubles, preferred: Doubles) -> FoldedIn:
        """Of confidences above 1. With G = L L^T, the projected are L^T S^T R (f, k), the inverse is that of the lower
        Cholesky factor of I + R S G S^T R (k, k).
        """  # fmt: skip
        from scipy.linalg.blas import ssyrk, strmm
        from scipy.linalg.lapack import dpotrf, dtrtri

        roots = np.sqrt(extra)
        projected = strmm(1.0, self._root, factors.T, trans_a=1, lower=1)
        projected *= roots.astype(np.float32)
        system = ssyrk(1.0, projected, trans=1, lower=1).astype(np.float64)
        system.flat[:: len(factors) + 1] += 1.0
        inverse, _ = dtrtri(dpotrf(system, lower=1, overwrite_a=1)[0], lower=1, overwrite_c=1)
        wanted, own = preferred / roots, np.einsum("ji,ji->i", inverse, inverse)
        solved = inverse.T @ (inverse @ wanted)
        held_out = (own * wanted - solved) / (roots * own)
        return FoldedIn(held_out.astype(np.float32), (self._root, projected, inverse.T, inverse), wanted)

    def _by_woodbury(self, item_factors: Floats, extra: Doubles, preferred: Doubles) -> FoldedIn:
        """The same of any confidences."""
        factors = item_factors.astype(np.float64)
        projected = factors @ self._inverse
        products = projected @ factors.T
        system = extra[:, None] * products
        system.flat[:: len(factors) + 1] += 1.0
        inverse = np.linalg.inv(system)
        spread = np.einsum("ij,ji->i", products, inverse)
        held_out = (products @ (inverse @ preferred) - preferred * spread) / (1.0 - extra * spread)
        return FoldedIn(held_out.astype(np.float32), (projected.T, inverse), preferred)

    def _by_dense_solve(self, item_factors: Floats, extra: Doubles, preferred: Doubles) -> FoldedIn:
        """The same by one f by f solve, cheaper once there are more items than factors."""
        factors = item_factors.astype(np.float64)
        inverse = np.linalg.inv(self._gram + (factors.T * extra) @ factors)
        vector, spread = inverse @ (factors.T @ preferred), np.einsum("ij,ij->i", factors @ inverse, factors)
        held_out = (factors @ vector - preferred * spread) / (1.0 - extra * spread)
        return FoldedIn(held_out.astype(np.float32), (inverse, factors.T), preferred)


def regularized_gram(factors: npt.NDArray[np.floating], regularization: float) -> Doubles:
    """Y^T Y + reg I of item factors (n, f), float64 (f, f)."""
    total: Doubles = regularization * np.eye(factors.shape[1])
    for start in range(0, len(factors), _BLOCK_ROWS):
        block = factors[start : start + _BLOCK_ROWS].astype(np.float64)
        total += block.T @ block
    return total
