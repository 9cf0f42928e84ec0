"""The catalogue: papers, references and readers' libraries in SQLite or PostgreSQL."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy import exc

from cocite.catalogue import migrate, queries, writer
from cocite.catalogue.arrivals import Arrival, last_arrival, linked_ids
from cocite.catalogue.chunks import chunked
from cocite.catalogue.engine import (
    DURABLE,
    WRITING,
    allow_long_statements,
    create_engine,
    empty_log,
    parse_url,
    prepare_to_write_often,
)
from cocite.catalogue.event_queries import SIGNALS
from cocite.catalogue.listing import ListingDay
from cocite.catalogue.records import Outcome, Record
from cocite.core.errors import Overloaded
from cocite.core.paper import Paper

LOOKUP_BATCH = 5000  # ids in one query
_STREAM_ROWS = 1000
_CITATION_ROWS = 65_536


class Catalogue:
    """One catalogue, safe to share between threads. Every method may raise Unavailable."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str, answer_s: float | None = None) -> Self:
        """Open the catalogue at a sqlite:/// or postgresql:// URL, creating it or bringing its schema up to date.

        answer_s bounds, in seconds, how long a PostgreSQL that is silent is waited for; leave it out for long work.
        Raises InvalidArgument for an address or file that is no catalogue, Unavailable when it does not answer.
        """
        catalogue = cls(create_engine(parse_url(url), answer_s))
        try:
            with catalogue.reading() as connection:
                current = migrate.is_current(connection)
            if not current:
                with catalogue.writing() as connection:
                    migrate.upgrade(connection)
        except BaseException:
            catalogue.close()
            raise
        return catalogue

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection in a transaction that only reads. Raises Overloaded when all connections stay in use."""
        with self._connection() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[sa.Connection]:
        """A connection in the one writing transaction; committed at the end, rolled back on an error.

        durable: the end waits until the disk has it, so that not even a power cut takes it back.
        """
        with self._connection() as connection:
            connection = connection.execution_options(**{WRITING: True, DURABLE: durable})
            with connection.begin():
                yield connection

    def forget_deleted(self) -> None:
        """Overwrite, as far as others allow it now, what earlier transactions deleted; see engine.empty_log."""
        with self._connection() as connection:
            empty_log(connection)

    def own_connection(self) -> sa.Connection:
        """A connection for one thread that keeps it, outside the pool; its transactions are durable writing ones.

        The caller closes it.
        """
        connection = self._connect()
        connection.detach()
        prepare_to_write_often(connection)
        return connection.execution_options(**{WRITING: True, DURABLE: True})

    def write(
        self, records: Sequence[Record], warnings: list[str] | None = None, today: date | None = None
    ) -> list[Outcome]:
        """Store the records in one transaction; one outcome each, and warnings as writer.write gives them."""
        with self.writing() as connection:
            return writer.write(connection, records, warnings, today)

    def get_papers(self, ids: Sequence[str]) -> dict[str, Paper]:
        """The papers known by these canonical ids or aliases; ids nobody knows are absent."""
        found: dict[str, Paper] = {}
        if not ids:
            return found
        with self.reading() as connection:
            for some in chunked(dict.fromkeys(ids), LOOKUP_BATCH):
                for row in connection.execute(queries.papers_by_identifier(connection, some)):
                    found[row.requested] = _paper(row)
        return found

    def count_papers(self) -> int:
        """Number of papers."""
        return self._scalar(queries.COUNT_PAPERS)

    def count_citations(self) -> int:
        """Number of distinct citations between two known papers, self-citations apart."""
        return self._scalar(queries.COUNT_CITATIONS)

    def count_library_entries(self) -> int:
        """Number of distinct pairs of a reader and a known paper."""
        return self._scalar(queries.COUNT_LIBRARY_ENTRIES)

    def iter_papers(self, *, counts: bool = True) -> Iterator[tuple[int, Paper]]:
        """Every paper with its key, by strictly ascending key, read page by page.

        No transaction stays open between pages, so a slow caller holds up nobody; papers that others write meanwhile
        may be missed. Without counts the two link counts are 0, which reads far faster.
        """
        after = -1
        while page := self._page(after, counts):
            for row in page:
                yield row.paper_key, _paper(row)
            after = page[-1].paper_key

    def iter_citations(self) -> Iterator[npt.NDArray[np.int64]]:
        """Citations between known papers in chunks of shape (k, 2): key of the citing, key of the cited paper.

        Distinct, without self-citations, ascending. Papers may have come in since iter_papers ended: a caller
        that needs both must pass over keys it does not know.
        """
        for rows in self._partitions(queries.ALL_CITATIONS, _CITATION_ROWS):
            yield np.array([tuple(row) for row in rows], dtype=np.int64)

    def iter_library_entries(self) -> Iterator[tuple[str, int]]:
        """Pairs of reader and key of a known paper; distinct, ascending."""
        for row in self._stream(queries.ALL_LIBRARY_ENTRIES, _STREAM_ROWS):
            yield row.reader, row.paper_key

    def iter_signals(self) -> Iterator[npt.NDArray[np.int64]]:
        """What readers did and neither undid nor dismissed later, as far as models learn from it (TRAINED_KINDS).

        Chunks of shape (k, 3): reader key, key of a known paper, number of an EventKind; distinct, ascending.
        """
        for rows in self._partitions(SIGNALS, _CITATION_ROWS):
            yield np.array([tuple(row) for row in rows], dtype=np.int64)

    def last_arrival(self) -> int:
        """The number of the paper that came or changed last, 0 when there is none; arrivals() goes on from there."""
        with self.reading() as connection:
            return last_arrival(connection)

    def arrivals(self, after: int, size: int) -> list[Arrival]:
        """The next papers that came or changed since the arrival numbered after, at most size, in their order.

        A paper that changed again since stands only in its last place.
        """
        with self.reading() as connection:
            rows = connection.execute(queries.page_of_arrivals(after, size)).all()
            keys = [row.paper_key for row in rows]
            cited = linked_ids(connection, keys, citing=False)
            citing = linked_ids(connection, keys, citing=True)
        return [
            Arrival(row.arrival, _paper(row), cited.get(row.paper_key, ()), citing.get(row.paper_key, ()))
            for row in rows
        ]

    def references(self, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Ids of the known papers that each paper cites, by the id or alias asked; unknown papers are absent.

        At most arrivals.MAX_LINKS of each.
        """
        found: dict[str, tuple[str, ...]] = {}
        with self.reading() as connection:
            for some in chunked(dict.fromkeys(ids), LOOKUP_BATCH):
                rows = connection.execute(queries.keys_by_identifier(connection, some))
                keys = {row.identifier: row.paper_key for row in rows}
                cited = linked_ids(connection, list(keys.values()), citing=False)
                found |= {name: cited.get(key, ()) for name, key in keys.items()}
        return found

    def listing_day(self, day: date | None = None, field: str = "") -> ListingDay | None:
        """What there is of new papers on a day, by default the last that has any; None when there is no such day.

        With a field, days before and after are looked for up to listing.NEAR_DAYS away.
        """
        with self.reading() as connection:
            if day is None:
                day = connection.execute(queries.last_listing_day(connection, field, None)).scalar()
            if day is None:
                return None
            total = connection.execute(queries.count_of_new_papers(connection, day, field)).scalar_one()
            previous = connection.execute(queries.last_listing_day(connection, field, day)).scalar()
            following = connection.execute(queries.first_listing_day(connection, field, day)).scalar()
        return ListingDay(day, total, previous, following)

    def fingerprint(self) -> str:
        """32 hex digits that change exactly when papers, citations, library entries or signals do. Reads all once."""
        digest = hashlib.sha256()
        for row in self._stream(queries.PAPER_CONTENT, _STREAM_ROWS):
            content = list(row)
            content[-1] = sorted(content[-1].split(" "))
            digest.update(json.dumps(content).encode())
        digest.update(b"citations")
        for chunk in self.iter_citations():
            digest.update(chunk.astype("<i8").tobytes())
        digest.update(b"libraries")
        for entry in self.iter_library_entries():
            digest.update(json.dumps(entry).encode())
        for chunk in self.iter_signals():
            digest.update(b"signals")
            digest.update(chunk.astype("<i8").tobytes())
        return digest.hexdigest()[:32]

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        with self._connect() as connection:
            yield connection

    def _connect(self) -> sa.Connection:
        try:
            return self._engine.connect()
        except exc.TimeoutError:
            raise Overloaded("all connections to the catalogue are in use", retry_after_s=1.0) from None

    def _scalar(self, query: sa.Select[Any]) -> int:
        with self.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def _page(self, after: int, counts: bool) -> Sequence[sa.Row[Any]]:
        with self.reading() as connection:
            allow_long_statements(connection)
            return connection.execute(queries.page_of_papers(after, _STREAM_ROWS, counts=counts)).all()

    def _partitions(self, query: sa.Select[Any], size: int) -> Iterator[Sequence[sa.Row[Any]]]:
        with self.reading() as connection:
            allow_long_statements(connection)
            result = connection.execution_options(yield_per=size).execute(query)
            yield from result.partitions()

    def _stream(self, query: sa.Select[Any], size: int) -> Iterator[sa.Row[Any]]:
        for rows in self._partitions(query, size):
            yield from rows


def _paper(row: sa.Row[Any]) -> Paper:
    aliases = sorted((row.identifiers or "").split(" "))
    return Paper(
        paper_id=row.paper_id,
        title=row.title,
        abstract=row.abstract,
        authors=row.authors,
        year=row.year,
        venue=row.venue,
        aliases=tuple(alias for alias in aliases if alias and alias != row.paper_id),
        keywords=row.keywords,
        fields=row.fields,
        citation_count=row.citation_count,
        reference_count=row.reference_count,
        listed_on=row.listed_on,
    )
