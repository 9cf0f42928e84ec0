"""Writes one batch of records inside a transaction: a few bulk statements however many records."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from cocite.catalogue import listing, schema
from cocite.catalogue.arrivals import last_arrival, stamp
from cocite.catalogue.bulk import insert_new, one_of
from cocite.catalogue.chunks import chunked
from cocite.catalogue.merging import merge, preferred_id, schemes_at_odds
from cocite.catalogue.records import CitationRecord, Fields, LibraryRecord, Outcome, PaperRecord, Record

_LOOKUP = 10_000  # values in one query
_FIELDS = ("title", "abstract", "authors", "year", "venue", "keywords", "fields")
_COLUMNS = (*_FIELDS, "listed_on")  # the day of what is stored is the one it is listed on

Pair = tuple[int, int]
Entry = tuple[str, int]


def write(
    connection: sa.Connection, records: Sequence[Record], warnings: list[str] | None = None, today: date | None = None
) -> list[Outcome]:
    """Apply the records in order; one outcome each. The transaction must be a writing one (Catalogue.writing).

    warnings gets one for each record and scheme in which papers with different ids became one (schemes_at_odds). today
    is the day on which the records come, by default that of now in UTC. The result does not depend on how a stream of
    records is cut into batches.
    """
    batch = _Batch(connection, [] if warnings is None else warnings, today or datetime.now(UTC).date())
    batch.load(records)
    outcomes = []
    for position, record in enumerate(records):
        outcome = Outcome.UNCHANGED
        if isinstance(record, PaperRecord):
            outcome = batch.paper(record)
            batch.cite(position, preferred_id(record.ids), record.references)
        elif isinstance(record, CitationRecord):
            batch.cite(position, record.citing, [record.cited])
        else:
            batch.keep(position, record)
        outcomes.append(outcome)
    for position in batch.flush():  # these told a citation or a library entry that was not known
        if outcomes[position] is Outcome.UNCHANGED:
            outcomes[position] = Outcome.MERGED if isinstance(records[position], PaperRecord) else Outcome.STORED
    return outcomes


class _Batch:
    """The part of the catalogue that a batch touches, in memory, and what is to be written back."""

    def __init__(self, connection: sa.Connection, warnings: list[str], today: date) -> None:
        self._connection = connection
        self._warnings = warnings
        self._today = today
        self._key_of: dict[str, int] = {}  # identifier -> identifier key
        self._paper_of: dict[int, int | None] = {}  # identifier key -> paper key
        self._fields: dict[int, Fields] = {}  # paper key -> fields
        self._ids_of: dict[int, set[str]] = {}  # paper key -> identifiers, of papers that may get more of them
        self._new_identifiers: dict[int, str] = {}
        self._moved: set[int] = set()  # identifier keys whose paper key changed
        self._new_papers: dict[int, str] = {}  # paper key -> paper_id
        self._changed: set[int] = set()  # paper keys
        self._joined: dict[int, int] = {}  # paper key -> paper key it was merged into
        self._pairs: dict[Pair, int] = {}  # citation -> record that first told it
        self._entries: dict[Entry, int] = {}
        self._last_arrival = last_arrival(connection)  # now: a paper that is joined away takes its number with it

    def load(self, records: Sequence[Record]) -> None:
        """Read what is known of the ids in the records; give keys to those that are new, in order of appearance."""
        names = list(dict.fromkeys(name for record in records for name in _ids_of(record)))
        table = schema.identifiers.c
        for chunk in chunked(names, _LOOKUP):
            query = sa.select(table.identifier, table.identifier_key, table.paper_key)
            for name, key, paper in self._connection.execute(
                query.where(one_of(self._connection, table.identifier, chunk))
            ):
                self._key_of[name] = key
                self._paper_of[key] = paper
        last = self._connection.execute(sa.select(sa.func.coalesce(sa.func.max(table.identifier_key), 0))).scalar_one()
        for key, name in enumerate((name for name in names if name not in self._key_of), last + 1):
            self._new_identifiers[key] = name
            self._paper_of[key] = None
            self._key_of[name] = key
        told = [{self._paper_of[self._key_of[name]] for name in r.ids} for r in records if isinstance(r, PaperRecord)]
        self._load_fields({key for papers in told for key in papers if key is not None})
        self._load_ids({key for papers in told if len(papers) > 1 for key in papers if key is not None})

    def _load_fields(self, papers: set[int]) -> None:
        rows = schema.papers.c
        columns = [rows[name] for name in _COLUMNS]
        for keys in chunked(sorted(papers), _LOOKUP):
            query = sa.select(rows.paper_key, *columns).where(one_of(self._connection, rows.paper_key, keys))
            for key, *values in self._connection.execute(query):
                self._fields[key] = Fields(*values)

    def _load_ids(self, papers: set[int]) -> None:
        rows = schema.identifiers.c
        for keys in chunked(sorted(papers), _LOOKUP):
            query = sa.select(rows.paper_key, rows.identifier).where(one_of(self._connection, rows.paper_key, keys))
            for key, name in self._connection.execute(query):
                self._ids_of.setdefault(key, set()).add(name)

    def paper(self, record: PaperRecord) -> Outcome:
        """Store a paper, or merge it into the one or several it shares ids with."""
        keys = [self._key_of[name] for name in record.ids]
        told = listing.until(record.fields, self._today)
        known = sorted({paper for key in keys if (paper := self._paper(key)) is not None})
        if known:
            paper = known[0]
            before = self._fields[paper]
            self._fields[paper] = listing.of_known(merge(self._join(paper, known[1:]), told), told)
            changed = self._fields[paper] != before
            if changed:
                self._changed.add(paper)
        else:
            paper_id = preferred_id(record.ids)
            paper = self._key_of[paper_id]
            self._new_papers[paper] = paper_id
            self._fields[paper] = listing.of_new(told, self._today)
            changed = False
        attached = [key for key in keys if self._paper(key) != paper]
        if attached or len(known) > 1:
            joined = [self._ids_of.pop(key) for key in known]
            odd = schemes_at_odds(record.ids, joined)
            self._warnings += [f"joined with a paper that has another {scheme} id" for scheme in odd]
            self._ids_of[paper] = set(record.ids).union(*joined)
        for key in attached:
            self._paper_of[key] = paper
        self._moved.update(attached)
        if not known:
            return Outcome.STORED
        return Outcome.MERGED if changed or attached or len(known) > 1 else Outcome.UNCHANGED

    def cite(self, position: int, citing: str, cited: Iterable[str]) -> None:
        """Note the citations that the record at position tells; flush finds out which are new."""
        source = self._key_of[citing]
        for name in cited:
            self._pairs.setdefault((source, self._key_of[name]), position)

    def keep(self, position: int, record: LibraryRecord) -> None:
        """Note the library entry that the record at position tells."""
        self._entries.setdefault((record.reader, self._key_of[record.paper_id]), position)

    def flush(self) -> Iterator[int]:
        """Write everything back. Gives the position of each record that told a new citation or library entry."""
        self._write_papers()
        self._write_identifiers()
        self._delete_joined()
        citations, entries = schema.citations, schema.library_entries
        pairs = list(self._pairs)
        new = insert_new(self._connection, citations, citations.c.citing_key, citations.c.cited_key, pairs)
        self._stamp({row.citing_key for row in new})
        for row in new:
            yield self._pairs[row.citing_key, row.cited_key]
        kept = list(self._entries)
        for row in insert_new(self._connection, entries, entries.c.reader, entries.c.identifier_key, kept):
            yield self._entries[row.reader, row.identifier_key]

    def _stamp(self, citing: Iterable[int]) -> None:
        """Note as arrived the papers that came, changed, got an id or, with an identifier in citing, a reference."""
        told = {paper for key in (*citing, *self._moved) if (paper := self._paper(key)) is not None}
        grown = {self._survivor(paper) for paper in self._joined}
        stamp(self._connection, told | grown | self._changed | self._new_papers.keys(), self._last_arrival)

    def _paper(self, identifier_key: int) -> int | None:
        paper = self._paper_of[identifier_key]
        return None if paper is None else self._survivor(paper)

    def _survivor(self, paper: int) -> int:
        while paper in self._joined:
            paper = self._joined[paper]
        return paper

    def _join(self, paper: int, others: Sequence[int]) -> Fields:
        """Fields of the paper once the others are folded into it; its own fields count as the more recent."""
        fields = self._fields[paper]
        for other in others:
            fields = merge(self._fields.pop(other), fields)
            self._joined[other] = paper
            self._changed.discard(other)
            self._new_papers.pop(other, None)
        return fields

    def _write_papers(self) -> None:
        rows = [
            {"paper_key": key, "paper_id": paper_id, **_row(self._fields[key])}
            for key, paper_id in self._new_papers.items()
        ]
        if rows:
            self._connection.execute(sa.insert(schema.papers), rows)
        updates = [{"at": key, **_row(self._fields[key])} for key in self._changed if key not in self._new_papers]
        if updates:
            where = schema.papers.c.paper_key == sa.bindparam("at")
            values: dict[str, Any] = {name: sa.bindparam(name) for name in _COLUMNS}
            self._connection.execute(sa.update(schema.papers).where(where).values(**values), updates)

    def _write_identifiers(self) -> None:
        rows = [
            {"identifier_key": key, "identifier": name, "paper_key": self._paper(key)}
            for key, name in self._new_identifiers.items()
        ]
        if rows:
            self._connection.execute(sa.insert(schema.identifiers), rows)
        moves = [{"at": key, "to": self._paper(key)} for key in self._moved if key not in self._new_identifiers]
        if moves:
            table = schema.identifiers
            where = table.c.identifier_key == sa.bindparam("at")
            self._connection.execute(sa.update(table).where(where).values(paper_key=sa.bindparam("to")), moves)

    def _delete_joined(self) -> None:
        table = schema.identifiers
        for paper in sorted(self._joined):
            into = self._survivor(paper)
            self._connection.execute(sa.update(table).where(table.c.paper_key == paper).values(paper_key=into))
            self._connection.execute(sa.delete(schema.papers).where(schema.papers.c.paper_key == paper))


def _row(fields: Fields) -> dict[str, object]:
    return {**{name: getattr(fields, name) for name in _FIELDS}, "listed_on": fields.published_on}


def _ids_of(record: Record) -> Iterable[str]:
    if isinstance(record, PaperRecord):
        return (*record.ids, *record.references)
    return (record.citing, record.cited) if isinstance(record, CitationRecord) else (record.paper_id,)
