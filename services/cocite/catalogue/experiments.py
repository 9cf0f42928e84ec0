"""Experiments on the ranking of feeds, and what readers did with the items they were shown in them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cocite.catalogue.engine import allow_long_statements
from cocite.catalogue.event_queries import OF_EVENT
from cocite.catalogue.event_records import EventKind
from cocite.catalogue.schema import events, experiments, identifiers, papers, reader_papers
from cocite.catalogue.store import Catalogue
from cocite.core.clock import now_ms
from cocite.core.errors import InvalidArgument, NotFound

_STREAM_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Experiment:
    """Two rankings, by their names, that are shown interleaved. Times are milliseconds since 1970."""

    key: int
    name: str
    ranking_a: str
    ranking_b: str
    started_at: int
    stopped_at: int | None

    @property
    def running(self) -> bool:
        """Whether readers are shown it."""
        return self.stopped_at is None


@dataclass(frozen=True, slots=True)
class TokenEvent:
    """An event that came with an attribution token, on a paper that is known by paper_id now.

    holds: whether the reader has not taken it back since.
    """

    sequence: int
    reader_key: int
    kind: EventKind
    paper_id: str
    token: str
    recorded_at: int
    holds: bool


class Experiments:
    """The experiments of a catalogue; at most one runs. Thread-safe. Every method may raise Unavailable."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def start(self, name: str, ranking_a: str, ranking_b: str) -> Experiment:
        """Begin an experiment. Raises InvalidArgument while another runs, and for a name that there was before."""
        with self._catalogue.writing(durable=True) as connection:
            if running := _one(connection, experiments.c.stopped_at.is_(None)):
                raise InvalidArgument(
                    f"experiment {running.name} is running, and a feed bears one at a time",
                    hint=f"end it with `cocite experiment stop {running.name}`",
                )
            if _one(connection, experiments.c.name == name):
                raise InvalidArgument(f"there was an experiment {name} before", hint="take another name", field="name")
            values = {"name": name, "ranking_a": ranking_a, "ranking_b": ranking_b, "started_at": now_ms()}
            row = connection.execute(sa.insert(experiments).values(values).returning(*experiments.c)).one()
        return Experiment(*row)

    def stop(self, name: str) -> Experiment:
        """End an experiment. Raises NotFound where none of this name runs."""
        runs = sa.and_(experiments.c.name == name, experiments.c.stopped_at.is_(None))
        change = sa.update(experiments).where(runs).values(stopped_at=now_ms()).returning(*experiments.c)
        with self._catalogue.writing(durable=True) as connection:
            row = connection.execute(change).one_or_none()
        if row is None:
            raise NotFound(f"no experiment {name} is running", hint="`cocite experiment list` tells which there are")
        return Experiment(*row)

    def running(self) -> Experiment | None:
        """The one that runs."""
        with self._catalogue.reading() as connection:
            return _one(connection, experiments.c.stopped_at.is_(None))

    def get(self, name: str) -> Experiment:
        """The one of this name. Raises NotFound."""
        with self._catalogue.reading() as connection:
            found = _one(connection, experiments.c.name == name)
        if found is None:
            raise NotFound(f"there is no experiment {name}", hint="`cocite experiment list` tells which there are")
        return found

    def all(self) -> list[Experiment]:
        """Every one, the last first."""
        with self._catalogue.reading() as connection:
            rows = connection.execute(sa.select(experiments).order_by(experiments.c.experiment_key.desc()))
            return [Experiment(*row) for row in rows]

    def token_events(self, since: int, kinds: Collection[EventKind]) -> Iterator[TokenEvent]:
        """Events of these kinds recorded since a time that came with a token, in the order of their coming.

        Read as a stream; those that take something back are left out.
        """
        with self._catalogue.reading() as connection:
            allow_long_statements(connection)
            query = _token_events(since, kinds)
            for rows in connection.execution_options(yield_per=_STREAM_ROWS).execute(query).partitions():
                for row in rows:
                    yield TokenEvent(row[0], row[1], EventKind(row[2]), *row[3:])


def _token_events(since: int, kinds: Collection[EventKind]) -> sa.Select[Any]:
    held = sa.and_(
        reader_papers.c.reader_key == events.c.reader_key,
        reader_papers.c.identifier_key == events.c.identifier_key,
        reader_papers.c.kind == events.c.kind,
    )
    joined = events.join(identifiers, OF_EVENT).join(papers, papers.c.paper_key == identifiers.c.paper_key)
    columns = (
        events.c.sequence,
        events.c.reader_key,
        events.c.kind,
        papers.c.paper_id,
        events.c.attribution_token,
        events.c.recorded_at,
        # the row may be that of another id since two papers turned out to be one; then nobody knows better
        sa.func.coalesce(reader_papers.c.active, sa.true()),
    )
    chosen = sa.select(*columns).select_from(joined.outerjoin(reader_papers, held))
    wanted = (events.c.recorded_at >= since, events.c.kind.in_(kinds), sa.not_(events.c.undo))
    return chosen.where(*wanted, events.c.attribution_token != "").order_by(events.c.sequence)


def _one(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Experiment | None:
    row = connection.execute(sa.select(experiments).where(condition)).first()
    return None if row is None else Experiment(*row)
