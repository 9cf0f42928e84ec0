"""Where an unfinished run stands, kept in the catalogue and written in the same transaction as the records."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from cocite.catalogue.ingest.summary import Summary
from cocite.catalogue.schema import ingest_progress

_KEPT = timedelta(days=30)  # a run that nobody resumed for so long is forgotten


@dataclass(slots=True)
class Checkpoint:
    """The run is done with file_count files and row_count rows of the next.

    rejects_size and rejects_digest tell the list of rejected records as it was then (RejectsFile.sync).
    """

    file_count: int = 0
    row_count: int = 0
    rejects_size: int = 0
    rejects_digest: str = ""
    summary: Summary = field(default_factory=Summary)


def load(connection: sa.Connection, source: str) -> Checkpoint | None:
    """The checkpoint of the run over this source, if it was cut off."""
    value = load_state(connection, source)
    return None if value is None else Checkpoint(**{**value, "summary": Summary.from_json(value["summary"])})


def save(connection: sa.Connection, source: str, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint of this source."""
    state = {
        "file_count": checkpoint.file_count,
        "row_count": checkpoint.row_count,
        "rejects_size": checkpoint.rejects_size,
        "rejects_digest": checkpoint.rejects_digest,
        "summary": checkpoint.summary.to_json(),
    }
    save_state(connection, source, state)


def load_state(connection: sa.Connection, source: str) -> dict[str, Any] | None:
    """What was saved of a source."""
    query = sa.select(ingest_progress.c.state).where(ingest_progress.c.source == source)
    state = connection.execute(query).scalar()
    return None if state is None else dict(orjson.loads(state))


def save_state(connection: sa.Connection, source: str, state: dict[str, Any]) -> None:
    """Replace what was saved of a source."""
    clear(connection, source)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    row = {"source": source, "state": orjson.dumps(state).decode(), "updated_at": now}
    connection.execute(sa.insert(ingest_progress), row)


def clear(connection: sa.Connection, source: str) -> None:
    """Forget the checkpoint of this source, and those that are too old."""
    horizon = (datetime.now(UTC) - _KEPT).isoformat(timespec="seconds")
    stale = sa.or_(ingest_progress.c.source == source, ingest_progress.c.updated_at < horizon)
    connection.execute(sa.delete(ingest_progress).where(stale))
