"""A bundle of a few thousand papers whose vectors have an index, as those of large corpora have."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cocite.recommender import row_index
from cocite.recommender.bundle import Bundle
from cocite.recommender.row_blocks import RowBlocks
from cocite.recommender.row_index import RowIndex
from cocite.synthetic.corpus import SyntheticCorpus
from cocite.training.indexes import index_of
from support.bundles import Corpus, write_bundle

PAPERS, DIMENSION, FACTORS = 3000, 96, 48


def indexed_bundle(directory: Path) -> tuple[Bundle, Bundle]:
    """The bundle, and the same without an index."""
    made = SyntheticCorpus.of(PAPERS)
    citing = np.repeat(np.arange(PAPERS), np.diff(made.references.offsets)).tolist()
    corpus = Corpus(tuple(made.papers()), tuple(zip(citing, made.references.rows.tolist(), strict=True)))
    vectors = made.text_vectors(dimension=DIMENSION)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_index, "LEAST_ROWS", PAPERS // 2)
        bundle = Bundle.load(write_bundle(directory, corpus, factors=FACTORS))
        index = RowIndex.of(index_of(vectors, corpus.matrix()), vectors.shape)
    bundle = replace(bundle, text_vectors=RowBlocks(vectors), text_index=index)
    assert bundle.text_index is not None and bundle.factor_index is not None
    return bundle, replace(bundle, text_index=None, factor_index=None)
