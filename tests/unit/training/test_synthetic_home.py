"""What is written of a synthetic corpus is what training reads."""

from pathlib import Path

import numpy as np
import pytest

from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings
from cocite.embedding.encoders import load_encoder
from cocite.synthetic.corpus import SyntheticCorpus
from cocite.training.corpus import read_corpus
from cocite.training.paths import vector_cache_path
from cocite.training.synthetic_home import fill_home
from cocite.training.vectors import embed_papers

PAPERS = 400


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", encoder="hashing")


def test_training_reads_the_corpus_and_encodes_nothing(settings: Settings):
    made = SyntheticCorpus.of(PAPERS)
    told: list[tuple[int, int]] = []
    fill_home(made, settings, lambda phase, done, total: told.append((done, total)))
    assert told[-1] == (PAPERS, PAPERS)
    with Catalogue.open(settings.catalogue) as catalogue:
        read = read_corpus(catalogue)
        text = embed_papers(read.texts(), read.paper_count, lambda: load_encoder(settings), vector_cache_path(settings))
        assert list(catalogue.get_papers([made.paper_id(7)])) == [made.paper_id(7)]
    assert read.papers.ids == tuple(made.paper_id(row) for row in range(PAPERS))
    np.testing.assert_array_equal(read.papers.years, made.years)
    np.testing.assert_array_equal(read.citations.indptr, made.references.offsets)
    np.testing.assert_array_equal(read.citations.indices, made.references.rows)
    assert text.encoded == 0
    np.testing.assert_array_equal(text.vectors, made.text_vectors(dimension=text.vectors.shape[1]))
    counts = made.paper_terms()
    frequency = np.bincount(counts.places, minlength=made.vocabulary.size)
    kept = (frequency >= 2) & (frequency <= PAPERS / 2)
    assert read.words.terms.tolist() == made.vocabulary[kept].tolist()


def test_a_home_that_holds_papers_is_refused(settings: Settings):
    fill_home(SyntheticCorpus.of(3), settings)
    with pytest.raises(InvalidArgument, match="COCITE_HOME"):
        fill_home(SyntheticCorpus.of(3), settings)
