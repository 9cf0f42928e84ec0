"""Alternating least squares over the BM25-weighted interactions, with words beside them (Hu, Koren, Volinsky 2008;
implicit's solver).

A term is to ALS a reader who keeps the papers that use it: so papers that few or none cite get factors from what
they say, and a text that nobody has seen gets them the same way (collective factorisation; Singh and Gordon 2008).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, vstack
from threadpoolctl import threadpool_limits

from cocite.recommender.layout import AlsParameters
from cocite.recommender.retrieval.fold_in import regularized_gram
from cocite.recommender.retrieval.weighting import bm25_matrix
from cocite.training.options import AlsOptions
from cocite.training.progress import Progress, silent

_LEAST_PAPERS_OF_TERM = 5
_LEAST_SHARE_OF_MEDIAN = 1e-3  # of the norms of factors; shorter ones point anywhere
_PROFILES_A_FACTOR = 2  # fewer citing papers than this for each factor, and factors only learn them by heart


@dataclass(frozen=True, slots=True)
class Factorisation:
    """Factors of n papers and v terms, as layout.py describes them: item_factors float32 (n, f), gram_inverse float32
    (f, f), item_idf float32 (n,), term_factors float16 (v, f), source_gram_inverse float32 (f, f), and the parameters
    that fold-in needs.
    """  # fmt: skip

    item_factors: npt.NDArray[np.float32]
    gram_inverse: npt.NDArray[np.float32]
    item_idf: npt.NDArray[np.float32]
    term_factors: npt.NDArray[np.float16]
    source_gram_inverse: npt.NDArray[np.float32]
    parameters: AlsParameters


def factorise(
    interactions: csr_array, words: csr_array, options: AlsOptions, seed: int, progress: Progress = silent
) -> Factorisation:
    """Factorise interactions (m, n), no empty rows, and words (n, v), TF-IDF rows of norm 1 or 0. Bytes depend on the
    matrices, options and seed alone.

    Matrices that say nothing (empty, or all their papers so common that BM25 gives them no weight) yield one factor,
    zero everywhere.
    """  # fmt: skip
    weighted, idf, average_length = _weighted(interactions, options)
    scale = 1.0 / float(weighted.data.mean()) if weighted.nnz else 1.0
    used, term_weight = _word_rows(words, float(weighted.sum()) * scale, options)
    by_term = csr_array(words[:, used].T) * term_weight
    matrix = csr_array(vstack([weighted * scale, by_term], format="csr"))
    regularization = options.regularization * options.alpha
    items, sources = _fit(matrix, regularization, options, seed, progress)
    term_factors = np.zeros((words.shape[1], items.shape[1]), dtype=np.float16)
    if used.size:
        term_factors[used] = sources[weighted.shape[0] :]
    return Factorisation(
        item_factors=items,
        gram_inverse=_gram_inverse(items, regularization),
        item_idf=idf.astype(np.float32),
        term_factors=term_factors,
        source_gram_inverse=_gram_inverse(sources, regularization),
        parameters=AlsParameters(
            factors=items.shape[1],
            alpha=options.alpha,
            regularization=regularization,
            k1=options.k1,
            b=options.b,
            average_length=average_length,
            scale=scale,
            term_weight=term_weight,
        ),
    )


def _weighted(interactions: csr_array, options: AlsOptions) -> tuple[csr_array, npt.NDArray[np.float64], float]:
    """What bm25_matrix gives, no weight below 0."""
    if not interactions.nnz:
        papers = interactions.shape[1]
        return csr_array((0, papers), dtype=np.float64), np.zeros(papers), 1.0
    weighted, idf, average_length = bm25_matrix(interactions, k1=options.k1, b=options.b)
    # implicit takes a negative weight for a dislike; serving clips them in the same way.
    np.maximum(weighted.data, 0.0, out=weighted.data)
    weighted.eliminate_zeros()
    return weighted, idf, average_length


def _word_rows(words: csr_array, links: float, options: AlsOptions) -> tuple[npt.NDArray[np.int64], float]:
    """Which terms take part, (t,), and what their weights are multiplied by.

    All words together weigh words_share of the links, but each paper's on average no less than least_words
    links: in a corpus of few links they are most of what there is to know. With both 0 no term takes part.
    """
    frequency = np.bincount(words.indices, minlength=words.shape[1])
    used = np.flatnonzero(frequency >= _LEAST_PAPERS_OF_TERM)
    total = float(words[:, used].sum()) if used.size else 0.0
    with_text = int(np.count_nonzero(np.diff(words.indptr)))
    wanted = max(options.words_share * links, options.least_words * with_text)
    if total <= 0.0 or wanted <= 0.0:
        return used[:0], 1.0
    return used, wanted / total


def _fit(
    matrix: csr_array, regularization: float, options: AlsOptions, seed: int, progress: Progress
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Factors of the columns (n, f) and of the rows (m, f), zero for those that are empty."""
    if not matrix.nnz:
        return np.zeros((matrix.shape[1], 1), dtype=np.float32), np.zeros((matrix.shape[0], 1), dtype=np.float32)
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    filled = int(np.count_nonzero(np.diff(matrix.indptr)))
    kept = np.unique(matrix.indices)
    phase, total = "Factorising", options.iterations
    progress(phase, 0, total)
    with threadpool_limits(1, user_api="blas"):  # threads in BLAS would fight those of implicit, and reorder sums
        model = AlternatingLeastSquares(
            factors=max(1, min(options.factors, kept.size, filled // _PROFILES_A_FACTOR)),
            alpha=options.alpha,
            regularization=regularization,
            iterations=options.iterations,
            num_threads=options.threads,
            random_state=seed,
        )
        model.fit(
            csr_matrix(matrix, dtype=np.float32),  # implicit knows the matrix classes only
            show_progress=False,
            callback=lambda iteration, seconds, loss: progress(phase, iteration + 1, total),
        )
    items = np.zeros(model.item_factors.shape, dtype=np.float32)
    items[kept] = model.item_factors[kept]
    _silence_the_unknown(items)
    return items, np.asarray(model.user_factors, dtype=np.float32)


def _silence_the_unknown(items: npt.NDArray[np.float32]) -> None:
    """Set factors to zero that shrank to next to nothing.

    A paper without text that one reader alone keeps, who keeps nothing else, ends so: where its factors point is
    chance, and whoever goes by directions alone would follow them.
    """
    norms = np.linalg.norm(items, axis=1)
    if norms.any():
        items[norms < _LEAST_SHARE_OF_MEDIAN * np.median(norms[norms > 0.0])] = 0.0


def _gram_inverse(factors: npt.NDArray[np.float32], regularization: float) -> npt.NDArray[np.float32]:
    with threadpool_limits(1, user_api="blas"):
        return np.linalg.inv(regularized_gram(factors, regularization)).astype(np.float32)
