"""Connections to the two databases, set up alike: SQLite for one machine, PostgreSQL where it is shared."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc

from cocite.core.errors import CociteError, CorruptData, InvalidArgument, Unavailable

BUSY_TIMEOUT_MS = 30_000
CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_MS = 30_000
POOL_SIZE = 16
POOL_TIMEOUT_S = 5.0
WRITING = "cocite_writing"
DURABLE = "cocite_durable"
_WRITE_LOCK = 0x636F63697465  # PostgreSQL advisory lock that all writers of a catalogue take
_PAGES_A_CHECKPOINT = 8192  # of 4 KiB: the log grows to 32 MiB, or more while somebody reads for long
_EMPTYING_MS = 500  # that writers may be kept waiting for it
_WRITER_CACHE_KIB = 32_768
_COMMIT_TO_DISK = (  # leaves settings that wait for more than the own disk as they are
    "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"
)


def parse_url(url: str) -> sa.URL:
    """SQLAlchemy URL of a catalogue; postgresql:// means psycopg 3. Raises InvalidArgument on any other kind."""
    hint = "write it as sqlite:///path/to/catalogue.db or postgresql://user@host/database"
    try:
        parsed = sa.make_url(url)
    except (exc.ArgumentError, ValueError):
        raise InvalidArgument("the catalogue address is not a database URL", hint=hint, field="catalogue_url") from None
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise InvalidArgument(f"a catalogue cannot live on {parsed.drivername}", hint=hint, field="catalogue_url")
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        raise InvalidArgument("a SQLite catalogue needs a file", hint=hint, field="catalogue_url")
    return parsed


def create_engine(url: sa.URL, answer_s: float | None = None) -> sa.Engine:
    """Engine of a catalogue. Its failures come out as Unavailable, InvalidArgument or CorruptData.

    answer_s: longest wait for a PostgreSQL server that is silent, in seconds; None for as long as it keeps its own
    statement_timeout.
    """
    if url.drivername.startswith("sqlite"):
        assert url.database is not None  # parse_url
        directory = Path(url.database).parent
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidArgument(f"{directory} cannot be created: {error.strerror}", field="catalogue_url") from error
        engine = sa.create_engine(url, pool_size=POOL_SIZE, max_overflow=0, pool_timeout=POOL_TIMEOUT_S)
        event.listen(engine, "connect", _set_up_sqlite)
    else:
        engine = sa.create_engine(
            url,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_S,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS}",
                "tcp_user_timeout": 2 * STATEMENT_TIMEOUT_MS,
            },
        )
        if answer_s is not None:
            from cocite.catalogue.impatient import connection_class

            kind = connection_class(answer_s)
            event.listen(engine, "do_connect", lambda _dialect, _record, args, kwargs: kind.connect(*args, **kwargs))
    event.listen(engine, "begin", _begin)
    event.listen(engine, "handle_error", _translate, retval=True)
    return engine


def allow_long_statements(connection: sa.Connection) -> None:
    """Let the statements of this transaction run up to an hour: whole-catalogue reads, large batches."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET LOCAL statement_timeout = '1h'"))


def prepare_to_write_often(connection: sa.Connection) -> None:
    """Make a connection that keeps one row or a few in each of many transactions cheap."""
    raw = connection.connection.driver_connection
    if isinstance(raw, sqlite3.Connection):
        # A page that many transactions change is copied from the log into the file once a checkpoint, not each time.
        raw.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_A_CHECKPOINT}")
        raw.execute(f"PRAGMA cache_size = {-_WRITER_CACHE_KIB}")


def empty_log(connection: sa.Connection) -> None:
    """Let what was deleted vanish from SQLite's write-ahead log too, where older states of pages lie.

    For a connection without a transaction. When others keep reading or writing, the log stays for now: it is
    overwritten as it is used again, and goes when the catalogue is closed.
    """
    raw = connection.connection.driver_connection
    if isinstance(raw, sqlite3.Connection):
        raw.execute(f"PRAGMA busy_timeout = {_EMPTYING_MS}")
        with suppress(sqlite3.OperationalError):
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        raw.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # _begin opens the transactions; sqlite3's own rules would start them late
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # what was deleted is overwritten, not only forgotten


def _begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    writing, durable = options.get(WRITING, False), options.get(DURABLE, False)
    if not writing:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
    elif connection.dialect.name == "sqlite":
        # With WAL both modes keep the file whole, and a killed process loses nothing. NORMAL leaves the last commits to
        # the operating system, so a power cut takes them; FULL waits at each commit until the disk has them.
        connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        # IMMEDIATE: a transaction that reads first and writes later would fail when another writer came between.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        if durable:  # short transactions that somebody waits for keep the short statement_timeout
            connection.exec_driver_sql(_COMMIT_TO_DISK)
        else:
            connection.exec_driver_sql("SET LOCAL statement_timeout = '1h'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")


def _translate(context: Any) -> CociteError | None:
    error = context.original_exception
    with suppress(Exception):
        if isinstance(error, sqlite3.DatabaseError) and "not a database" in str(error):
            return InvalidArgument("the catalogue file is not a SQLite database", field="catalogue_url")
        if isinstance(error, sqlite3.DatabaseError) and "malformed" in str(error):
            return CorruptData("the catalogue file is damaged", hint="restore it from a backup")
    if isinstance(context.sqlalchemy_exception, exc.OperationalError | exc.InterfaceError):
        said = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        return Unavailable(f"the catalogue does not answer: {said}", retry_after_s=1.0)
    return None
