"""Alternating least squares over the BM25-weighted interactions, with words beside them (Hu, Koren, Volinsky 2008;
implicit's solver).

A term is to ALS a reader who keeps the papers that use it: so papers that few or none cite get factors from what
they say, and a text that nobody has seen gets them the same way (collective factorisation; Singh and Gordon 2008).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, vstack
from threadpoolctl import threadpool_limits

from cocite.recommender.layout import AlsParameters
from cocite.recommender.retrieval.fold_in import regularized_gram
from cocite.recommender.retrieval.weighting import bm25_matrix
from cocite.training.options import AlsOptions
from cocite.training.progress import Progress, silent
from cocite.training.sparse_rows import heaviest

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = npt.NDArray[np.float32]
MANY_PAPERS = 50_000  # with more, only the heaviest words of each take part: half of the entries, most of the weight
MOST_TERMS = 32  # of each of so many papers
_LEAST_PAPERS_OF_TERM = 5
_LEAST_SHARE_OF_MEDIAN = 1e-3  # of the norms of factors; shorter ones point anywhere
_PROFILES_A_FACTOR = 2  # fewer citing papers than this for each factor, and factors only learn them by heart


@dataclass(frozen=True, slots=True)
class Factorisation:
    """Factors of n papers and v terms, as layout.py describes them: item_factors float16 (n, f), gram float64 (f, f),
    gram_inverse float32 (f, f), item_idf float32 (n,), term_factors float16 (v, f), source_gram_inverse float32 (f, f),
    and the parameters that fold-in needs.
    """  # fmt: skip

    item_factors: npt.NDArray[np.float16]
    gram: npt.NDArray[np.float64]
    gram_inverse: npt.NDArray[np.float32]
    item_idf: npt.NDArray[np.float32]
    term_factors: npt.NDArray[np.float16]
    source_gram_inverse: npt.NDArray[np.float32]
    parameters: AlsParameters


def factorise(
    interactions: csr_array, words: csr_array, options: AlsOptions, seed: int, progress: Progress = silent
) -> Factorisation:
    """Factorise interactions (m, n), confidences above 0 to 1, no empty rows, and words (n, v), TF-IDF rows of norm 1
    or 0. Bytes depend on the matrices, options and seed alone.

    Matrices that say nothing (empty, or all their papers so common that BM25 gives them no weight) yield one factor,
    zero everywhere.
    """  # fmt: skip
    weighted, idf, average_length, scale = _weighted(interactions, options)
    told = heaviest(words, MOST_TERMS) if words.shape[0] > MANY_PAPERS else words
    used, term_weight = _word_rows(told, float(weighted.sum()) * scale, options)
    regularization = options.regularization * options.alpha
    links = weighted.shape[0]
    confidences = _confidences(weighted * scale, csr_array(told[:, used].T), term_weight, options.alpha)
    del weighted, told  # of a million papers 400 MB, just when most is needed
    items, sources = _fit(confidences, regularization, options, seed, progress)
    del confidences
    term_factors = np.zeros((words.shape[1], items.shape[1]), dtype=np.float16)
    if used.size:
        term_factors[used] = sources[links:]
    rounded = items.astype(np.float16)  # what is served, and what vectors are folded into
    gram = _gram(rounded, regularization)
    return Factorisation(
        item_factors=rounded,
        gram=gram,
        gram_inverse=np.linalg.inv(gram).astype(np.float32),
        item_idf=idf.astype(np.float32),
        term_factors=term_factors,
        source_gram_inverse=np.linalg.inv(_gram(sources, regularization)).astype(np.float32),
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


def _weighted(interactions: csr_array, options: AlsOptions) -> tuple[csr_array, npt.NDArray[np.float64], float, float]:
    """What bm25_matrix gives, no weight below 0, times the confidences; and what makes the mean of the weights 1.

    BM25 counts what is there, and the mean is that before confidences: so fold-in, which knows none, weighs a paper as
    it was weighed here, and many interactions of little confidence leave the others as they are.
    """
    if not interactions.nnz:
        papers = interactions.shape[1]
        return csr_array((0, papers), dtype=np.float64), np.zeros(papers), 1.0, 1.0
    counted = csr_array(
        (np.ones_like(interactions.data), interactions.indices, interactions.indptr), interactions.shape
    )
    weighted, idf, average_length = bm25_matrix(counted, k1=options.k1, b=options.b)
    # implicit takes a negative weight for a dislike; serving clips them in the same way.
    np.maximum(weighted.data, 0.0, out=weighted.data)
    says = weighted.data[weighted.data > 0.0]
    scale = 1.0 / float(says.mean()) if says.size else 1.0
    weighted.data *= interactions.data
    weighted.eliminate_zeros()
    return weighted, idf, average_length, scale


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


def _confidences(links: csr_array, by_term: csr_array, term_weight: float, alpha: float) -> "csr_matrix":
    """Links (m, n) and below them the weighted words of papers (v, n), float32, times alpha; changes by_term."""
    from scipy.sparse import csr_matrix

    by_term.data *= np.float32(term_weight)
    # implicit knows the matrix classes only
    matrix = csr_matrix(vstack([links.astype(np.float32), by_term], format="csr"))
    matrix.data *= np.float32(alpha)  # by implicit it would be a copy
    return matrix


def _fit(
    matrix: "csr_matrix", regularization: float, options: AlsOptions, seed: int, progress: Progress
) -> tuple[Floats, Floats]:
    """Factors of the columns (n, f) and of the rows (m, f), zero for those that are empty."""
    if not matrix.nnz:
        return np.zeros((matrix.shape[1], 1), dtype=np.float32), np.zeros((matrix.shape[0], 1), dtype=np.float32)
    from implicit.cpu.als import AlternatingLeastSquares

    filled = int(np.count_nonzero(np.diff(matrix.indptr)))
    silent_columns = np.bincount(matrix.indices, minlength=matrix.shape[1]) == 0
    factors = max(1, min(options.factors, int(np.count_nonzero(~silent_columns)), filled // _PROFILES_A_FACTOR))
    phase, total = "Factorising", options.iterations
    progress(phase, 0, total)
    with threadpool_limits(1, user_api="blas"):  # threads in BLAS would fight those of implicit, and reorder sums
        model = AlternatingLeastSquares(
            factors=factors,
            alpha=1.0,
            regularization=regularization,
            iterations=options.iterations,
            num_threads=options.threads,
        )
        generator = np.random.default_rng(seed)
        model.user_factors = _first_factors(generator, (matrix.shape[0], factors))
        model.item_factors = _first_factors(generator, (matrix.shape[1], factors))
        model.fit(
            matrix,
            show_progress=False,
            callback=lambda iteration, seconds, loss: progress(phase, iteration + 1, total),
        )
    items: Floats = model.item_factors
    items[silent_columns] = 0.0
    _silence_the_unknown(items)
    return items, model.user_factors


def _first_factors(generator: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Small random numbers, as implicit starts from; made in place, for a million papers they are 1 GB."""
    factors = generator.random(shape, dtype=np.float32)
    factors *= np.float32(0.01)
    return factors


def _silence_the_unknown(items: Floats) -> None:
    """Set factors to zero that shrank to next to nothing.

    A paper without text that one reader alone keeps, who keeps nothing else, ends so: where its factors point is
    chance, and whoever goes by directions alone would follow them.
    """
    norms = np.sqrt(np.einsum("nf,nf->n", items, items))
    if norms.any():
        items[norms < _LEAST_SHARE_OF_MEDIAN * np.median(norms[norms > 0.0])] = 0.0


def _gram(factors: npt.NDArray[np.floating], regularization: float) -> npt.NDArray[np.float64]:
    with threadpool_limits(1, user_api="blas"):
        return regularized_gram(factors, regularization)
