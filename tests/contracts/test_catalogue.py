"""What a catalogue does, on SQLite and on PostgreSQL alike."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from cocite.catalogue import schema, store
from cocite.catalogue.records import CitationRecord, Fields, LibraryRecord, Outcome, PaperRecord
from cocite.catalogue.store import Catalogue
from support.catalogues import catalogue, catalogue_url, postgres_server, postgres_url

__all__ = ["catalogue", "catalogue_url", "postgres_server", "postgres_url"]  # fixtures

STORED, UNCHANGED = Outcome.STORED, Outcome.UNCHANGED
DOI, ARXIV, S2 = "doi:10.1000/a", "arxiv:1706.03762", "s2:77"


def titled(title: str, *ids: str, cites: tuple[str, ...] = ()) -> PaperRecord:
    return PaperRecord(ids, Fields(title=title), cites)


def test_an_empty_catalogue_answers(catalogue: Catalogue) -> None:
    assert catalogue.count_papers() == catalogue.count_citations() == catalogue.count_library_entries() == 0
    assert catalogue.get_papers([]) == catalogue.get_papers([DOI]) == {}
    assert list(catalogue.iter_papers()) == list(catalogue.iter_citations()) == []
    assert len(catalogue.fingerprint()) == 32


def test_a_paper_comes_back_as_it_went_in(catalogue: Catalogue) -> None:
    fields = Fields(
        "Größe \U0001f600 '; DROP", "About", ("A. Ångström", "李"), 1973, "JASIS", ("co-citation",), ("Art",)
    )
    assert catalogue.write([PaperRecord((ARXIV, DOI), fields, (S2,))]) == [STORED]
    (paper,) = (paper for _, paper in catalogue.iter_papers())
    assert (paper.paper_id, paper.aliases) == (DOI, (ARXIV,))
    told = {name for name in Fields.__dataclass_fields__ if name != "published_on"}
    assert Fields(**{name: getattr(paper, name) for name in told}) == fields
    assert (paper.citation_count, paper.reference_count) == (0, 0)  # what it cites is not known yet


def test_more_ids_than_a_statement_takes(catalogue: Catalogue) -> None:
    catalogue.write([titled("A", DOI)])
    assert list(catalogue.get_papers([*(f"s2:{i}" for i in range(70_000)), DOI])) == [DOI]


def test_writing_again_changes_nothing(catalogue: Catalogue) -> None:
    records = [
        titled("A", DOI, cites=(ARXIV, S2)),
        titled("B", ARXIV),
        CitationRecord(ARXIV, DOI),
        LibraryRecord("reader", DOI),
    ]
    assert catalogue.write(records) == [STORED] * 4
    before = catalogue.fingerprint()
    assert catalogue.write(records) == [UNCHANGED] * 4
    assert catalogue.fingerprint() == before


@pytest.mark.parametrize(
    "record",
    [
        titled("A, corrected", DOI),
        titled("A", DOI, "pmid:1"),
        titled("A", DOI, cites=(ARXIV,)),
        titled("C", "pmid:2"),
        CitationRecord(ARXIV, DOI),
        LibraryRecord("reader", DOI),
    ],
)
def test_the_fingerprint_tells_a_change(
    catalogue: Catalogue, record: PaperRecord | CitationRecord | LibraryRecord
) -> None:
    catalogue.write([titled("A", DOI), titled("B", ARXIV)])
    before = catalogue.fingerprint()
    assert catalogue.write([record]) != [UNCHANGED]
    assert catalogue.fingerprint() != before


def test_self_citations_and_repeats_are_not_citations(catalogue: Catalogue) -> None:
    catalogue.write([titled("A", DOI, ARXIV), titled("B", S2, "pmid:1")])
    catalogue.write([CitationRecord(DOI, ARXIV), CitationRecord(DOI, S2), CitationRecord(ARXIV, "pmid:1")])
    assert catalogue.count_citations() == 1
    (chunk,) = catalogue.iter_citations()
    assert chunk.dtype == np.int64
    assert chunk.shape == (1, 2)


def test_papers_and_citations_come_in_order(catalogue: Catalogue) -> None:
    ids = [f"s2:{i}" for i in (5, 3, 9, 1)]
    catalogue.write([titled(name, name, cites=tuple(other for other in ids if other != name)) for name in ids])
    keys = [key for key, _ in catalogue.iter_papers()]
    pairs = [tuple(pair) for chunk in catalogue.iter_citations() for pair in chunk.tolist()]
    assert keys == sorted(keys)
    assert pairs == sorted(pairs)
    assert len(pairs) == 12


def test_every_paper_comes_once_whatever_the_page(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_STREAM_ROWS", 3)
    ids = [f"s2:{i}" for i in range(1, 11)]
    catalogue.write([titled(name, name, cites=("s2:1",)) for name in ids])
    assert [paper.paper_id for _, paper in catalogue.iter_papers()] == ids
    assert [paper.citation_count for _, paper in catalogue.iter_papers()] == [9, *[0] * 9]
    counted = [(key, replace(paper, citation_count=0, reference_count=0)) for key, paper in catalogue.iter_papers()]
    assert list(catalogue.iter_papers(counts=False)) == counted


def test_a_slow_reader_holds_no_transaction_open(catalogue: Catalogue) -> None:
    catalogue.write([titled("A", DOI), titled("B", ARXIV)])
    reading = catalogue.iter_papers()
    next(reading)
    assert catalogue._engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # SQLAlchemy's QueuePool has it
    reading.close()


def test_an_error_leaves_nothing_behind(catalogue: Catalogue) -> None:
    with pytest.raises(KeyError), catalogue.writing() as connection:
        connection.execute(sa.insert(schema.ingest_progress), {"source": "s", "state": "{}", "updated_at": "now"})
        raise KeyError
    with catalogue.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.ingest_progress)).scalar() == 0


def test_threads_share_a_catalogue(catalogue: Catalogue) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for i in range(10):
                catalogue.write([titled("T", f"s2:{number}{i}", cites=(DOI,)), titled("A", DOI)])
                assert catalogue.get_papers([DOI])[DOI].title == "A"
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert (catalogue.count_papers(), catalogue.count_citations()) == (61, 60)
