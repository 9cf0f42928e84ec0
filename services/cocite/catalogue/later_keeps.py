"""What readers came to keep after they had done other things: what a ranking can be asked about in hindsight."""

import random
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cocite.catalogue.engine import allow_long_statements
from cocite.catalogue.event_queries import OF_EVENT
from cocite.catalogue.event_records import TRAINED_KINDS, EventKind
from cocite.catalogue.schema import events, identifiers, papers
from cocite.catalogue.store import Catalogue

_STREAM_ROWS = 5000


@dataclass(frozen=True, slots=True)
class LaterKeep:
    """A paper that a reader saved or upvoted, by an event of the log. recorded_at: milliseconds since 1970."""

    sequence: int
    reader_key: int
    paper_id: str
    recorded_at: int


def later_keeps(catalogue: Catalogue, most: int, seed: int) -> tuple[list[LaterKeep], int]:
    """An even sample of at most most keeps, in the order of the log, and how many there are. Raises Unavailable.

    Of each reader and paper the first alone, and only where the reader had opened or kept another paper before. Read
    as a stream, and sampled by Vitter's algorithm R (1985): memory is that of the sample.
    """
    chance = random.Random(seed)
    sample: list[LaterKeep] = []
    seen = 0
    with catalogue.reading() as connection:
        allow_long_statements(connection)
        for rows in connection.execution_options(yield_per=_STREAM_ROWS).execute(_KEEPS).partitions():
            for row in rows:
                seen += 1
                place = len(sample) if len(sample) < most else chance.randrange(seen)
                if place < most:
                    sample[place : place + 1] = [LaterKeep(*row)]
    return sorted(sample, key=lambda keep: keep.sequence), seen


_earlier = events.alias("earlier")


def _did_before(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    before = (_earlier.c.reader_key == events.c.reader_key, _earlier.c.sequence < events.c.sequence)
    return sa.exists(sa.select(sa.literal(1)).select_from(_earlier).where(*before, *conditions))


def _keeps() -> sa.Select[Any]:
    kinds = (EventKind.SAVE, EventKind.UPVOTE)
    same = _earlier.c.identifier_key == events.c.identifier_key
    joined = events.join(identifiers, OF_EVENT).join(papers, papers.c.paper_key == identifiers.c.paper_key)
    columns = (events.c.sequence, events.c.reader_key, papers.c.paper_id, events.c.recorded_at)
    return (
        sa.select(*columns)
        .select_from(joined)
        .where(events.c.kind.in_(kinds), sa.not_(events.c.undo))
        .where(sa.not_(_did_before(same, _earlier.c.kind.in_(kinds))))
        .where(_did_before(sa.not_(same), _earlier.c.kind.in_(TRAINED_KINDS)))
        .order_by(events.c.sequence)
    )


_KEEPS = _keeps()
