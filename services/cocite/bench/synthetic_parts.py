"""Factors and nearest texts of a synthetic corpus, from the topics that it was drawn from."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.recommender.layout import AlsParameters
from cocite.recommender.retrieval.fold_in import regularized_gram
from cocite.recommender.retrieval.likeness import NEIGHBOURS
from cocite.recommender.retrieval.weighting import bm25_matrix
from cocite.synthetic.corpus import SyntheticCorpus
from cocite.training.als import Factorisation
from cocite.training.options import AlsOptions
from cocite.training.text_neighbours import NeighbourTable
from cocite.training.word_index import Words

_COMPARED = 256  # papers of a sub-topic that are compared each with all


def factorisation_of(made: SyntheticCorpus, citations: csr_array, words: Words) -> Factorisation:
    """The factors that the corpus tells of itself, as many as training makes, and what folding in needs of them."""
    options = AlsOptions()
    items = made.item_factors(options.factors).astype(np.float16)
    citing = csr_array(citations[np.flatnonzero(np.diff(citations.indptr))])
    weighted, idf, average_length = bm25_matrix(citing, k1=options.k1, b=options.b)
    places = np.searchsorted(made.vocabulary.astype(words.terms.dtype), words.terms)
    regularization = options.regularization * options.alpha
    gram = regularized_gram(items, regularization)
    inverse = np.linalg.inv(gram).astype(np.float32)
    return Factorisation(
        item_factors=items,
        gram=gram,
        gram_inverse=inverse,
        item_idf=idf.astype(np.float32),
        term_factors=made.term_factors(options.factors)[places],
        source_gram_inverse=inverse,
        parameters=AlsParameters(
            factors=options.factors,
            alpha=options.alpha,
            regularization=regularization,
            k1=options.k1,
            b=options.b,
            average_length=average_length,
            scale=1.0 / float(np.maximum(weighted.data, 0.0).mean()),
        ),
    )


def neighbours_of(made: SyntheticCorpus, vectors: npt.NDArray[np.float16]) -> NeighbourTable:
    """Of each paper the nearest by vectors (n, d) among some of its sub-topic."""
    n = len(vectors)
    width = max(min(NEIGHBOURS, n - 1), 1)
    table = NeighbourTable(np.full((n, width), -1, dtype=np.int32), np.zeros((n, width), dtype=np.float32))
    order = np.argsort(made.records.subtopics, kind="stable")
    for start in range(0, n, _COMPARED):
        rows = order[start : start + _COMPARED]
        wide = vectors[rows].astype(np.float32)
        likeness = wide @ wide.T
        np.fill_diagonal(likeness, 0.0)
        nearest = np.argsort(-likeness, axis=1, kind="stable")[:, :width]
        likeness = np.maximum(np.take_along_axis(likeness, nearest, axis=1), 0.0)
        table.rows[rows, : nearest.shape[1]] = np.where(likeness > 0.0, rows[nearest], -1)
        table.likeness[rows, : nearest.shape[1]] = likeness
    return table
