"""What a paper is cited for: the words of the papers that cite it."""

import numpy as np
from scipy.sparse import csr_array, diags_array

from cocite.training.sparse_rows import heaviest, with_norm_1

MOST_TERMS = 100  # kept of a paper's context, the heaviest


def citing_words(citations: csr_array, words: csr_array) -> csr_array:
    """For each paper the mean of the words (n, v) of those citing it, float32 (n, v), rows of norm 1 or 0.

    citations has a row for each citing paper.
    """
    citing = csr_array(citations.T)
    counts = np.maximum(np.diff(citing.indptr), 1)
    mean = csr_array(diags_array((1.0 / counts).astype(np.float32)) @ (citing @ heaviest(words, MOST_TERMS)))
    mean.sort_indices()
    return with_norm_1(heaviest(with_norm_1(mean), MOST_TERMS))
