"""What is asked of readers' events; the same statements for both engines.

An event names an identifier. The paper behind it is found by joining, so papers that turn out to be one share what
readers did with either. The target of an event is that paper's key, or the key of the identifier itself while there
is no paper: the two are never the same for different things, see schema.py.
"""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from cocite.catalogue.bulk import one_of
from cocite.catalogue.event_records import TRAINED_KINDS, EventKind
from cocite.catalogue.schema import COUNTED, events, identifiers, papers, reader_papers, readers

TARGET = sa.func.coalesce(identifiers.c.paper_key, identifiers.c.identifier_key).label("target")
OF_EVENT = identifiers.c.identifier_key == events.c.identifier_key
OF_PAIR = identifiers.c.identifier_key == reader_papers.c.identifier_key
_paper_id = sa.func.coalesce(papers.c.paper_id, identifiers.c.identifier)


def events_after(sequence: int, limit: int) -> sa.Select[Any]:
    """The limit events with the lowest sequences above sequence, ascending, as StoredEvent has its fields."""
    columns = (
        events.c.sequence,
        events.c.reader_key,
        events.c.kind,
        events.c.undo,
        events.c.change,
        _paper_id.label("paper_id"),
        identifiers.c.paper_key,
        events.c.attribution_token,
        events.c.position,
        events.c.occurred_at,
        events.c.recorded_at,
    )
    joined = events.join(identifiers, OF_EVENT).outerjoin(papers, papers.c.paper_key == identifiers.c.paper_key)
    chosen = sa.select(*columns).select_from(joined).where(events.c.sequence > sequence)
    return chosen.order_by(events.c.sequence).limit(limit)


def papers_of_reader(reader_key: int, kinds: Collection[EventKind], limit: int, before: int | None) -> sa.Select[Any]:
    """Papers with which one of the kinds holds, last event first: paper_id, paper_key, bits of kinds, time, sequence.

    before: only those whose last event came before that sequence.
    """
    last = sa.func.max(reader_papers.c.sequence)
    bits = sa.func.sum(sa.literal(1).bitwise_lshift(reader_papers.c.kind).distinct())
    columns = (
        _paper_id.label("paper_id"),
        identifiers.c.paper_key,
        bits.label("kinds"),
        sa.func.max(reader_papers.c.last_at).label("last_at"),
        last.label("sequence"),
    )
    joined = reader_papers.join(identifiers, OF_PAIR).outerjoin(papers, papers.c.paper_key == identifiers.c.paper_key)
    holds = sa.and_(reader_papers.c.reader_key == reader_key, reader_papers.c.active, reader_papers.c.kind.in_(kinds))
    grouped = sa.select(*columns).select_from(joined).where(holds).group_by(_paper_id, identifiers.c.paper_key)
    return grouped.having(last < before if before is not None else sa.true()).order_by(last.desc()).limit(limit)


def readers_of_papers(connection: sa.Connection, keys: Sequence[int]) -> sa.Select[Any]:
    """Paper key, kind and number of distinct readers with whom it holds, of upvotes and saves."""
    joined = identifiers.join(reader_papers, OF_PAIR)
    number = sa.func.count(reader_papers.c.reader_key.distinct()).label("readers")
    chosen = sa.select(identifiers.c.paper_key, reader_papers.c.kind, number).select_from(joined)
    chosen = chosen.where(one_of(connection, identifiers.c.paper_key, keys), sa.text(COUNTED))
    return chosen.group_by(identifiers.c.paper_key, reader_papers.c.kind)


def voters_of_papers(connection: sa.Connection, keys: Sequence[int], most_days: int) -> sa.Select[Any]:
    """Paper key, is_session, active_days up to most_days, and number of readers like that who upvote the paper."""
    joined = identifiers.join(reader_papers, OF_PAIR)
    pairs = sa.select(identifiers.c.paper_key, reader_papers.c.reader_key).select_from(joined).distinct()
    upvoted = (sa.text(COUNTED), reader_papers.c.kind == EventKind.UPVOTE)
    votes = pairs.where(one_of(connection, identifiers.c.paper_key, keys), *upvoted).subquery()
    days = sa.case((readers.c.active_days < most_days, readers.c.active_days), else_=most_days).label("days")
    of = (votes.c.paper_key, readers.c.is_session, days)
    voters = votes.join(readers, readers.c.reader_key == votes.c.reader_key)
    return sa.select(*of, sa.func.count()).select_from(voters).group_by(*of).order_by(*of)


_dismissed, _dismissed_id = reader_papers.alias("dismissed"), identifiers.alias("dismissed_id")
_dismissals = (
    sa.select(_dismissed.c.reader_key, _dismissed_id.c.paper_key, sa.func.max(_dismissed.c.sequence).label("last"))
    .select_from(_dismissed.join(_dismissed_id, _dismissed_id.c.identifier_key == _dismissed.c.identifier_key))
    .where(_dismissed.c.active, _dismissed.c.kind == EventKind.DISMISS, _dismissed_id.c.paper_key.is_not(None))
    .group_by(_dismissed.c.reader_key, _dismissed_id.c.paper_key)
    .subquery("dismissals")
)
_of_same = sa.and_(
    _dismissals.c.reader_key == reader_papers.c.reader_key, _dismissals.c.paper_key == identifiers.c.paper_key
)

SIGNALS = (
    sa.select(reader_papers.c.reader_key, identifiers.c.paper_key, reader_papers.c.kind)
    .select_from(reader_papers.join(identifiers, OF_PAIR).outerjoin(_dismissals, _of_same))
    .where(reader_papers.c.active, reader_papers.c.kind.in_(TRAINED_KINDS), identifiers.c.paper_key.is_not(None))
    .where(sa.func.coalesce(_dismissals.c.last, 0) < reader_papers.c.sequence)
    .distinct()
    .order_by(reader_papers.c.reader_key, identifiers.c.paper_key, reader_papers.c.kind)
)
