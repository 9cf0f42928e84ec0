"""What a paper is cited for: the words of the papers that cite it."""

from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array, diags_array, vstack

from cocite.training.sparse_rows import heaviest, with_norm_1

MOST_TERMS = 100  # kept of a paper's context, the heaviest
MANY_PAPERS, FEW_TERMS = 50_000, 40  # and in a corpus of more than so many papers
_LINKS_TOGETHER = 200_000  # citations whose words are in memory at once: 20 million at most, before they are cut


def citing_words(citations: csr_array, words: csr_array) -> csr_array:
    """For each paper the mean of the words (n, v) of those citing it, float32 (n, v), rows of norm 1 or 0.

    citations has a row for each citing paper.
    """
    most = MOST_TERMS if words.shape[0] <= MANY_PAPERS else FEW_TERMS
    citing, told = csr_array(citations.T), heaviest(words, most)
    shares = np.linspace(0, citing.nnz, citing.nnz // _LINKS_TOGETHER + 2)
    bounds = [0, *np.searchsorted(citing.indptr, shares[1:-1]).tolist(), citing.shape[0]]
    means = [_mean_words(csr_array(citing[start:end]), told, most) for start, end in pairwise(bounds)]
    return csr_array(vstack(means, format="csr"))


def _mean_words(citing: csr_array, words: csr_array, most: int) -> csr_array:
    counts = np.maximum(np.diff(citing.indptr), 1)
    mean = csr_array(diags_array((1.0 / counts).astype(np.float32)) @ (citing @ words))
    mean.sort_indices()
    return with_norm_1(heaviest(with_norm_1(mean), most))
