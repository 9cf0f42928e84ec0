"""Alternating least squares over the BM25-weighted interactions (Hu, Koren, Volinsky 2008; implicit's solver)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from cocite.recommender.layout import AlsParameters
from cocite.recommender.retrieval.weighting import bm25_matrix
from cocite.training.options import AlsOptions
from cocite.training.progress import Progress, silent

_PROFILES_A_FACTOR = 2  # fewer citing papers than this for each factor, and factors only learn them by heart


@dataclass(frozen=True, slots=True)
class Factorisation:
    """Factors of n papers, as layout.py describes them: item_factors float32 (n, f), gram_inverse float32 (f, f),
    item_idf float32 (n,), and the parameters that fold-in needs.
    """  # fmt: skip

    item_factors: npt.NDArray[np.float32]
    gram_inverse: npt.NDArray[np.float32]
    item_idf: npt.NDArray[np.float32]
    parameters: AlsParameters


def factorise(interactions: csr_array, options: AlsOptions, seed: int, progress: Progress = silent) -> Factorisation:
    """Factorise interactions (m, n), no empty rows. Bytes depend on matrix, options and seed alone.

    A matrix that says nothing (empty, or all its papers so common that BM25 gives them no weight) yields one
    factor, zero everywhere.
    """
    papers = interactions.shape[1]
    idf, average_length = np.zeros(papers), 1.0
    factors, regularization = np.zeros((papers, 1), dtype=np.float32), options.regularization
    if interactions.nnz:
        weighted, idf, average_length = bm25_matrix(interactions, k1=options.k1, b=options.b)
        # implicit takes a negative weight for a dislike; serving clips them in the same way.
        np.maximum(weighted.data, 0.0, out=weighted.data)
        weighted.eliminate_zeros()
        if weighted.nnz:
            regularization = options.regularization * options.alpha * float(weighted.data.mean())
            factors = _fit(weighted, regularization, options, seed, progress)
    return Factorisation(
        item_factors=factors,
        gram_inverse=_gram_inverse(factors, regularization),
        item_idf=idf.astype(np.float32),
        parameters=AlsParameters(
            factors=factors.shape[1],
            alpha=options.alpha,
            regularization=regularization,
            k1=options.k1,
            b=options.b,
            average_length=average_length,
        ),
    )


def _fit(
    weighted: csr_array, regularization: float, options: AlsOptions, seed: int, progress: Progress
) -> npt.NDArray[np.float32]:
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    profiles = int(np.count_nonzero(np.diff(weighted.indptr)))
    cited = np.unique(weighted.indices)
    phase, total = "Factorising citations", options.iterations
    progress(phase, 0, total)
    with threadpool_limits(1, user_api="blas"):  # threads in BLAS would fight those of implicit, and reorder sums
        model = AlternatingLeastSquares(
            factors=max(1, min(options.factors, cited.size, profiles // _PROFILES_A_FACTOR)),
            alpha=options.alpha,
            regularization=regularization,
            iterations=options.iterations,
            num_threads=options.threads,
            random_state=seed,
        )
        model.fit(
            csr_matrix(weighted, dtype=np.float32),  # implicit knows the matrix classes only
            show_progress=False,
            callback=lambda iteration, seconds, loss: progress(phase, iteration + 1, total),
        )
    factors = np.zeros(model.item_factors.shape, dtype=np.float32)
    factors[cited] = model.item_factors[cited]
    return factors


def _gram_inverse(factors: npt.NDArray[np.float32], regularization: float) -> npt.NDArray[np.float32]:
    with threadpool_limits(1, user_api="blas"):
        wide = factors.astype(np.float64)
        gram = wide.T @ wide + regularization * np.eye(factors.shape[1])
        return np.linalg.inv(gram).astype(np.float32)
