import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from cocite.catalogue.records import PaperRecord
from cocite.core.errors import NotReady
from cocite.training.corpus import read_corpus
from cocite.training.matrices import interaction_matrix, link_matrix

from .conftest import Fill, board_records, cites, keeps, paper


def test_rows_are_in_order_of_id_whatever_the_order_of_ingest(fill: Fill):
    records = [paper(2), paper(0, year=None), paper(1, text=False), cites(2, 0), cites(1, 2), keeps("ann", 1)]
    one, other = read_corpus(fill(records)), read_corpus(fill(records[2::-1] + records[:2:-1]))
    assert one.papers.ids == ("doi:10.1000/000", "doi:10.1000/001", "doi:10.1000/002") == other.papers.ids
    for corpus in one, other:
        assert corpus.citations.toarray().tolist() == [[0, 0, 0], [0, 0, 1], [1, 0, 0]]
        assert corpus.libraries.toarray().tolist() == [[0, 1, 0]]
        assert corpus.papers.years.tolist() == [0, 2000, 2000]
        assert corpus.papers.venues == ("board journal", "board letters")
        assert corpus.papers.venue_codes.tolist() == [0, 1, 0]
        assert corpus.papers.has_abstract.tolist() == [False, False, True]
        assert sorted(row for row, _ in corpus.texts()) == [0, 2]


def test_aliases_come_along(fill: Fill):
    corpus = read_corpus(fill([PaperRecord(ids=("doi:10.1000/000", "arxiv:2001.00001"))]))
    assert {corpus.papers.ids[0], *corpus.papers.aliases[0]} == {"doi:10.1000/000", "arxiv:2001.00001"}


def test_texts_can_be_read_again(fill: Fill):
    corpus = read_corpus(fill(board_records(4)))
    assert list(corpus.texts()) == list(corpus.texts()) != []


def test_who_reads_texts_holds_no_transaction(fill: Fill, tmp_path: Path):
    """SQLite says "busy" to a full checkpoint while anyone reads."""
    catalogue = fill(board_records(4))

    def busy() -> bool:
        with closing(sqlite3.connect(tmp_path / "catalogue-0.db", timeout=0)) as connection:
            return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])

    texts = read_corpus(catalogue).texts()
    next(texts)
    assert not busy()
    citations = catalogue.iter_citations()
    next(citations)
    catalogue.write([paper(500)])  # something for the checkpoint to move
    assert busy(), "the control: this one reads in one transaction"
    citations.close()


def test_papers_that_come_while_reading_are_left_for_the_next_run(fill: Fill):
    catalogue = fill(board_records(20))

    def ingest_meanwhile(phase: str, done: int, total: int) -> None:
        if catalogue.count_papers() == 20:
            catalogue.write([paper(500), cites(500, 0), cites(1, 500), keeps("ann", 500), keeps("ann", 3)])

    corpus = read_corpus(catalogue, ingest_meanwhile)
    assert corpus.paper_count == 20
    assert corpus.citations.shape == (20, 20)
    assert corpus.libraries.toarray().sum() == 1
    assert max(row for row, _ in corpus.texts()) < 20
    assert corpus.fingerprint != catalogue.fingerprint()


def test_empty_catalogue_says_what_to_do(fill: Fill):
    with pytest.raises(NotReady) as raised:
        read_corpus(fill())
    assert "cocite ingest" in raised.value.hint


def test_interactions_have_a_row_for_each_citing_paper_and_reader(fill: Fill):
    corpus = read_corpus(fill([paper(0), paper(1), paper(2), cites(2, 0), keeps("bob", 1), keeps("ann", 0)]))
    matrix = interaction_matrix(corpus.citations, corpus.libraries)
    assert matrix.toarray().tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("links", [[[0, 1], [0, 1]], [[1, 1]]])
def test_repeated_and_self_citations_are_refused(links: list[list[int]]):
    with pytest.raises(AssertionError):
        link_matrix(np.array(links, dtype=np.int64), 2)
    link_matrix(np.array([[0, 1], [1, 0]], dtype=np.int64), 2)
