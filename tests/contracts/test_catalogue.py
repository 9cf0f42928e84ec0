"""What a catalogue does, on SQLite and on PostgreSQL alike."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from cocite.catalogue import migrate, schema, store
from cocite.catalogue.engine import create_engine, parse_url
from cocite.catalogue.records import CitationRecord, Fields, LibraryRecord, Outcome, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument
from support.catalogues import catalogue, catalogue_url, postgres_server, postgres_url

__all__ = ["catalogue", "catalogue_url", "postgres_server", "postgres_url"]  # fixtures

STORED, MERGED, UNCHANGED = Outcome.STORED, Outcome.MERGED, Outcome.UNCHANGED
DOI, ARXIV, S2 = "doi:10.1000/a", "arxiv:1706.03762", "s2:77"


def titled(title: str, *ids: str, cites: tuple[str, ...] = ()) -> PaperRecord:
    return PaperRecord(ids, Fields(title=title), cites)


def links(catalogue: Catalogue) -> list[tuple[str, str]]:
    names = {key: paper.paper_id for key, paper in catalogue.iter_papers()}
    return [(names[citing], names[cited]) for chunk in catalogue.iter_citations() for citing, cited in chunk.tolist()]


def test_an_empty_catalogue_answers(catalogue: Catalogue) -> None:
    assert catalogue.count_papers() == catalogue.count_citations() == catalogue.count_library_entries() == 0
    assert catalogue.get_papers([]) == catalogue.get_papers([DOI]) == {}
    assert list(catalogue.iter_papers()) == list(catalogue.iter_citations()) == []
    assert len(catalogue.fingerprint()) == 32


def test_a_paper_comes_back_as_it_went_in(catalogue: Catalogue) -> None:
    fields = Fields("Größe \U0001f600 '; DROP", "About", ("A. Ångström", "李"), 1973, "JASIS", ("co-citation",))
    assert catalogue.write([PaperRecord((ARXIV, DOI), fields, (S2,))]) == [STORED]
    (paper,) = (paper for _, paper in catalogue.iter_papers())
    assert (paper.paper_id, paper.aliases) == (DOI, (ARXIV,))
    assert Fields(paper.title, paper.abstract, paper.authors, paper.year, paper.venue, paper.keywords) == fields
    assert (paper.citation_count, paper.reference_count) == (0, 0)  # what it cites is not known yet


def test_every_alias_finds_the_paper(catalogue: Catalogue) -> None:
    catalogue.write([titled("A", DOI, ARXIV), titled("B", S2)])
    found = catalogue.get_papers([ARXIV, S2, "pmid:1", DOI, DOI])
    assert {name: paper.title for name, paper in found.items()} == {ARXIV: "A", DOI: "A", S2: "B"}


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


def test_a_dangling_reference_resolves_when_its_paper_comes(catalogue: Catalogue) -> None:
    catalogue.write([titled("A", DOI, cites=(ARXIV,)), CitationRecord("pmid:9", DOI)])
    assert (catalogue.count_citations(), catalogue.count_papers()) == (0, 1)
    catalogue.write([titled("B", S2, ARXIV)])
    assert links(catalogue) == [(DOI, ARXIV)]
    assert catalogue.get_papers([S2])[S2].citation_count == 1
    assert catalogue.get_papers([DOI])[DOI].reference_count == 1


def test_a_record_that_joins_two_papers_merges_them(catalogue: Catalogue) -> None:
    catalogue.write([PaperRecord((DOI,), Fields("Known longest", year=2017)), titled("C", "pmid:5", cites=(ARXIV,))])
    catalogue.write([PaperRecord((ARXIV,), Fields("Preprint", "An abstract")), titled("D", "pmid:6", cites=(DOI,))])
    catalogue.write([LibraryRecord("reader", ARXIV), LibraryRecord("reader", DOI)])
    assert catalogue.count_papers() == 4
    assert catalogue.write([PaperRecord((ARXIV, DOI, S2))]) == [MERGED]
    paper = catalogue.get_papers([S2])[S2]
    assert (paper.paper_id, paper.aliases) == (DOI, (ARXIV, S2))
    assert (paper.title, paper.abstract, paper.year) == ("Known longest", "An abstract", 2017)
    assert paper.citation_count == 2
    assert links(catalogue) == [("pmid:5", DOI), ("pmid:6", DOI)]
    assert catalogue.count_papers() == 3
    assert len(list(catalogue.iter_library_entries())) == catalogue.count_library_entries() == 1


def test_papers_join_within_a_batch_too(catalogue: Catalogue) -> None:
    outcomes = catalogue.write(
        [titled("A", DOI), titled("B", ARXIV), titled("C", S2), titled("D", S2, ARXIV), titled("E", DOI, S2)]
    )
    assert outcomes == [STORED, STORED, STORED, MERGED, MERGED]
    ((_, paper),) = catalogue.iter_papers()
    assert (paper.paper_id, paper.aliases, paper.title) == (DOI, (ARXIV, S2), "E")


def test_how_a_stream_is_cut_makes_no_difference(catalogue_url: str, tmp_path: Path) -> None:
    records = [
        titled("A", ARXIV, cites=(S2, "pmid:1")),
        titled("B", S2),
        CitationRecord("pmid:1", ARXIV),
        CitationRecord("pmid:1", ARXIV),
        titled("C", "pmid:1", DOI),
        titled("D", ARXIV, DOI),
        LibraryRecord("r", S2),
        titled("D", ARXIV),
    ]
    with Catalogue.open(catalogue_url) as whole, Catalogue.open(f"sqlite:///{tmp_path / 'other.db'}") as single:
        assert whole.write(records) == [outcome for record in records for outcome in single.write([record])]
        assert whole.fingerprint() == single.fingerprint()


def test_the_id_of_a_paper_stays(catalogue: Catalogue) -> None:
    catalogue.write([titled("A", S2)])
    catalogue.write([titled("A", S2, DOI)])
    assert catalogue.get_papers([DOI])[DOI].paper_id == S2


def test_fields_are_merged_by_the_rule(catalogue: Catalogue) -> None:
    catalogue.write([PaperRecord((DOI,), Fields("Old", "A long abstract", ("X",), 2000, "V", ("k",)))])
    catalogue.write([PaperRecord((DOI,), Fields("New", "Short", (), None, "", ()))])
    paper = catalogue.get_papers([DOI])[DOI]
    assert (paper.title, paper.abstract, paper.authors) == ("New", "A long abstract", ("X",))
    assert (paper.year, paper.venue, paper.keywords) == (2000, "V", ("k",))


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


def test_two_that_open_at_once_make_one_schema(catalogue_url: str) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            Catalogue.open(catalogue_url).close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_the_migrations_build_the_tables_of_the_schema(catalogue: Catalogue) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with catalogue.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    script = ScriptDirectory(str(migrate.MIGRATIONS))
    assert script.get_current_head() == schema.REVISION
    assert {step.revision for step in script.walk_revisions()} == set(schema.REVISIONS)


def test_a_newer_catalogue_is_refused(catalogue_url: str) -> None:
    with Catalogue.open(catalogue_url) as catalogue, catalogue.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InvalidArgument, match="schema 9999"):
        Catalogue.open(catalogue_url)


@pytest.mark.parametrize(
    "tables",
    [
        ["orders (n INTEGER)"],
        ["papers (title TEXT)"],
        ["orders (n INTEGER)", "alembic_version (version_num VARCHAR(32))"],
        ["alembic_version (version_num VARCHAR(32))"],
    ],
)
def test_a_database_of_another_program_is_left_alone(catalogue_url: str, tables: list[str]) -> None:
    other = create_engine(parse_url(catalogue_url))
    with other.begin() as connection:
        for table in tables:
            connection.execute(sa.text(f"CREATE TABLE {table}"))
            if table.startswith("alembic"):
                connection.execute(sa.text(f"INSERT INTO alembic_version VALUES ('{schema.REVISION}')"))
    with pytest.raises(InvalidArgument, match="a database of its own"):
        Catalogue.open(catalogue_url)
    assert set(sa.inspect(other).get_table_names()) == {table.split()[0] for table in tables}
    other.dispose()
