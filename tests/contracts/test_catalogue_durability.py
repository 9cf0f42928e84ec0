"""That what must last is on disk when it is acknowledged, as far as the databases tell of themselves."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from cocite.catalogue import event_batch, events
from cocite.catalogue.events import EventKind, EventLog, NewEvent, ReaderName
from cocite.catalogue.readers import Readers
from cocite.catalogue.store import Catalogue
from support.catalogues import catalogue, catalogue_url, postgres_server, postgres_url

__all__ = ["catalogue", "catalogue_url", "postgres_server", "postgres_url"]  # fixtures

EVENT = NewEvent("e1", ReaderName(False, "ann"), EventKind.SAVE, "s2:1")
NORMAL, FULL = 1, 2  # PRAGMA synchronous


def setting(connection: sa.Connection) -> int | str:
    """How the transaction under way will be committed."""
    name = "PRAGMA synchronous" if connection.dialect.name == "sqlite" else "SHOW synchronous_commit"
    found: int | str = connection.exec_driver_sql(name).scalar_one()
    return found


@contextmanager
def careless_server(catalogue: Catalogue) -> Iterator[None]:
    """PostgreSQL configured to acknowledge before the disk has it; SQLite's pool is NORMAL anyway."""
    if catalogue._engine.dialect.name == "sqlite":
        yield
        return
    with catalogue.writing() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar_one()
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    catalogue._engine.dispose()  # the setting is for new connections
    yield


def test_events_are_committed_to_the_disk(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    record = event_batch.record

    def watched(connection: sa.Connection, *rest: object) -> object:
        seen.append(setting(connection))
        return record(connection, *rest)  # type: ignore[arg-type]  # passed on as they are

    monkeypatch.setattr(events.event_batch, "record", watched)
    with careless_server(catalogue), EventLog(catalogue) as log:
        log.append([EVENT])
    assert seen in ([FULL], ["on"])


def test_only_what_is_asked_to_last_waits_for_the_disk(catalogue: Catalogue) -> None:
    with careless_server(catalogue):
        seen = []
        for durable in (True, False, True):  # over one pooled connection
            with catalogue.writing(durable=durable) as connection:
                seen.append(setting(connection))
    assert seen in ([FULL, NORMAL, FULL], ["on", "off", "on"])


def test_sqlite_leaves_nothing_of_a_deleted_reader_in_its_files(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    secret = "nobody-should-know-this-name"

    def found() -> int:
        return sum(file.read_bytes().count(secret.encode()) for file in tmp_path.iterdir())

    with Catalogue.open(f"sqlite:///{path}") as catalogue, EventLog(catalogue) as log:
        reader = ReaderName(False, secret)
        for number in range(50):
            log.append([NewEvent(f"{secret}-{number}", reader, EventKind.SAVE, f"s2:{number}", False, secret)])
        assert found() > 50
        assert Readers(catalogue).delete(reader) == 50
        assert found() == 0
        with sqlite3.connect(path) as connection:
            assert connection.execute("SELECT count(*) FROM identifiers").fetchone() == (50,)
