"""Opening a catalogue and building its tables, on SQLite and on PostgreSQL alike."""

import threading

import pytest
import sqlalchemy as sa
from alembic import command

from cocite.catalogue import event_batch, migrate, schema
from cocite.catalogue.engine import create_engine, parse_url
from cocite.catalogue.event_records import EventKind, NewEvent, ReaderName
from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.clock import DAY_MS
from cocite.core.errors import InvalidArgument
from support.catalogues import catalogue, catalogue_url, postgres_server, postgres_url

__all__ = ["catalogue", "catalogue_url", "postgres_server", "postgres_url"]  # fixtures

ANN, BEN = ReaderName(False, "ann"), ReaderName(False, "ben")


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


def test_a_catalogue_of_the_first_schema_is_brought_up_and_keeps_its_papers(catalogue_url: str) -> None:
    with Catalogue.open(catalogue_url) as catalogue:
        catalogue.write([PaperRecord(("local:a",), Fields(title="Kept", fields=("Physics",)))])
        with catalogue.writing() as connection:
            command.downgrade(migrate.config_of(connection), "0001")
    with Catalogue.open(catalogue_url) as catalogue:
        paper = catalogue.get_papers(["local:a"])["local:a"]
        assert (paper.title, paper.fields) == ("Kept", ())
        assert [arrival.paper.paper_id for arrival in catalogue.arrivals(0, 10)] == ["local:a"]


def test_days_of_readers_are_counted_from_their_events(catalogue_url: str) -> None:
    with Catalogue.open(catalogue_url) as catalogue:
        for day in (10, 11, 11, 13):
            with catalogue.writing() as connection:
                sent = [NewEvent(f"{day}", name, EventKind.VIEW, "s2:1") for name in (ANN, BEN)[: 1 + (day == 13)]]
                event_batch.record(connection, sent, day * DAY_MS)
        with catalogue.writing() as connection:
            command.downgrade(migrate.config_of(connection), "0004")
    with Catalogue.open(catalogue_url) as catalogue, catalogue.reading() as connection:
        found = connection.execute(sa.select(schema.readers.c.name, schema.readers.c.active_days))
        assert dict(row._tuple() for row in found) == {"ann": 3, "ben": 1}


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
