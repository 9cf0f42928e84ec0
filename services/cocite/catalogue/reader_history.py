"""What one reader did lately, as it stood after any event of the log."""

from dataclasses import dataclass

import sqlalchemy as sa

from cocite.catalogue.event_records import EventKind
from cocite.catalogue.schema import events, identifiers, papers
from cocite.catalogue.store import Catalogue

MOST_ACTS, MOST_VIEWS = 2000, 2000  # the latest; what lies before is let be


@dataclass(frozen=True, slots=True)
class Act:
    """An event of the reader on a paper that the catalogue has, under the paper's own id."""

    sequence: int
    kind: EventKind
    undo: bool
    paper_id: str


def reader_history(catalogue: Catalogue, reader_key: int, until: int) -> list[Act]:
    """The reader's latest MOST_ACTS acts and MOST_VIEWS views up to the event of sequence until, first one first.

    Raises Unavailable.
    """
    with catalogue.reading() as connection:
        rows = [
            *connection.execute(_latest(reader_key, until, events.c.kind != EventKind.VIEW, MOST_ACTS)),
            *connection.execute(_latest(reader_key, until, events.c.kind == EventKind.VIEW, MOST_VIEWS)),
        ]
    return [Act(row[0], EventKind(row[1]), row[2], row[3]) for row in sorted(rows, key=lambda row: row[0])]


def _latest(
    reader_key: int, until: int, of_kind: sa.ColumnElement[bool], limit: int
) -> sa.Select[tuple[int, int, bool, str]]:
    joined = events.join(identifiers, identifiers.c.identifier_key == events.c.identifier_key).join(
        papers, papers.c.paper_key == identifiers.c.paper_key
    )
    columns = (events.c.sequence, events.c.kind, events.c.undo, papers.c.paper_id)
    chosen = sa.select(*columns).select_from(joined).where(events.c.reader_key == reader_key, of_kind)
    return chosen.where(events.c.sequence <= until).order_by(events.c.sequence.desc()).limit(limit)
