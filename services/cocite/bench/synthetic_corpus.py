"""A synthetic corpus as training reads one."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array

from cocite.core.paper import Paper
from cocite.recommender.word_index import TERM_DTYPE
from cocite.synthetic.corpus import SyntheticCorpus
from cocite.training.corpus import Corpus
from cocite.training.display import display_arrays
from cocite.training.matrices import library_matrix
from cocite.training.model import Arrays
from cocite.training.paper_table import PaperColumns, PaperRow, PaperTable
from cocite.training.word_index import Words, words_of


def citations_of(made: SyntheticCorpus) -> csr_array:
    """Who cites whom, float32 (n, n)."""
    references, n = made.references, made.shape.papers
    ones = np.ones(references.rows.size, dtype=np.float32)
    return csr_array((ones, references.rows, references.offsets.astype(np.int32)), shape=(n, n))


def synthetic_words(made: SyntheticCorpus) -> Words:
    """The words of the papers."""
    told = made.paper_terms()
    shape = (made.shape.papers, made.shape.terms)
    counts = csr_array((told.counts, told.places, told.offsets.astype(np.int32)), shape=shape)
    return words_of(counts, made.vocabulary.astype(TERM_DTYPE))


def described(papers: int, seed: int) -> tuple[PaperTable, Arrays]:
    """What a bundle says of the papers, and their display, in one pass over their texts."""
    made, columns = SyntheticCorpus.of(papers, seed), PaperColumns()

    def read() -> Iterator[tuple[int, Paper]]:
        for row, paper in enumerate(made.papers()):
            columns.add(PaperRow.of(paper))
            yield row, paper

    shown = display_arrays([made.paper_id(row) for row in range(papers)], read(), citations_of(made))
    return columns.table(), shown


def corpus_of(made: SyntheticCorpus, papers: PaperTable, citations: csr_array, words: Words) -> Corpus:
    """All of it together; nobody keeps a library."""
    n = made.shape.papers
    return Corpus(
        papers=papers,
        citations=citations,
        libraries=library_matrix(np.empty((0, 2), dtype=np.int64), 0, n),
        words=words,
        texts=lambda: iter(()),
        fingerprint=f"synthetic-{n}-{made.shape.seed}",
    )
