"""Which vectors are near which, by approximate search: lists of an inverted file around k-means centres
(Jegou, Douze, Schmid 2011; faiss), vectors kept as float16.
"""  # fmt: skip

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_POINTS_A_LIST = 48  # that k-means learns a centre from
_ROUNDS = 10
_PROBES = 8  # lists that are searched
_ADDED_TOGETHER = 65_536  # vectors converted to float32 at once: 100 MB at 384 dimensions
_SEARCHED_TOGETHER = 4096


@dataclass(frozen=True, slots=True)
class NearVectors:
    """Of vectors start to start + b: rows int64 (b, k), ascending, of the nearest, -1 where there are no more, and
    their inner products float32 (b, k), 0 there.
    """  # fmt: skip

    start: int
    rows: npt.NDArray[np.int64]
    products: npt.NDArray[np.float32]


def near_vectors(vectors: npt.NDArray[np.float16], count: int, seed: int = 0) -> Iterator[NearVectors]:
    """For vectors (n, d) of norm 1, block by block, the count others that are nearest by their inner product.

    A few of the nearest may be missed. The same vectors and seed give the same rows.
    """
    index = _index(vectors, seed)
    for start in range(0, len(vectors), _SEARCHED_TOGETHER):
        asked = vectors[start : start + _SEARCHED_TOGETHER].astype(np.float32)
        products, rows = index.search(asked, count + 1)
        itself = rows == np.arange(start, start + len(rows))[:, None]
        itself[~itself.any(axis=1), -1] = True  # one of many equals, and not among them: the last goes instead
        rows, products = (found[~itself].reshape(len(found), count) for found in (rows, products))
        order = np.argsort(rows, axis=1)
        rows, products = np.take_along_axis(rows, order, axis=1), np.take_along_axis(products, order, axis=1)
        yield NearVectors(start, rows, np.where(rows >= 0, products, np.float32(0.0)))


def _index(vectors: npt.NDArray[np.float16], seed: int) -> Any:
    import faiss

    n, dimension = vectors.shape
    lists = min(n, int(2 * np.sqrt(n)))
    quantizer = faiss.IndexFlatIP(dimension)
    index = faiss.IndexIVFScalarQuantizer(
        quantizer, dimension, lists, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT, False
    )
    index.cp.niter, index.cp.seed = _ROUNDS, seed + 1
    index.nprobe = _PROBES
    sample = np.random.default_rng(seed).choice(n, min(n, lists * _POINTS_A_LIST), replace=False)
    index.train(vectors[np.sort(sample)].astype(np.float32))
    for start in range(0, n, _ADDED_TOGETHER):
        index.add(vectors[start : start + _ADDED_TOGETHER].astype(np.float32))
    return index
