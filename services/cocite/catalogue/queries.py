"""What the catalogue asks its database; the same statements for both engines."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from cocite.catalogue.bulk import one_of
from cocite.catalogue.listing import NEAR_DAYS
from cocite.catalogue.schema import citations, identifiers, library_entries, papers

_citing = identifiers.alias("citing")
_cited = identifiers.alias("cited")
_links = citations.join(_citing, _citing.c.identifier_key == citations.c.citing_key).join(
    _cited, _cited.c.identifier_key == citations.c.cited_key
)
_known_link = sa.and_(
    _citing.c.paper_key.is_not(None), _cited.c.paper_key.is_not(None), _citing.c.paper_key != _cited.c.paper_key
)


def _count_of_links(other: sa.Column[Any], own: sa.Column[Any]) -> sa.ScalarSelect[Any]:
    """How many papers stand on the other side of the links of a paper."""
    count = sa.select(sa.func.count(other.distinct())).select_from(_links)
    return count.where(_known_link, own == papers.c.paper_key).correlate(papers).scalar_subquery()


_identifiers_of_paper = (
    sa.select(sa.func.aggregate_strings(identifiers.c.identifier, " "))  # ids hold no spaces
    .where(identifiers.c.paper_key == papers.c.paper_key)
    .correlate(papers)
    .scalar_subquery()
)
# What was told of a paper, not when: the same records make the same content on any day.
_content = tuple(column for column in papers.c if column not in (papers.c.arrival, papers.c.listed_on))
_described = (*_content, _identifiers_of_paper.label("identifiers"))
_paper_columns = (
    *_described,
    papers.c.listed_on,
    _count_of_links(_citing.c.paper_key, _cited.c.paper_key).label("citation_count"),
    _count_of_links(_cited.c.paper_key, _citing.c.paper_key).label("reference_count"),
)


def papers_by_identifier(connection: sa.Connection, ids: Sequence[str]) -> sa.Select[Any]:
    """Papers with the identifier each was asked by, as column requested."""
    asked = identifiers.alias("asked")
    return (
        sa.select(asked.c.identifier.label("requested"), *_paper_columns)
        .select_from(asked.join(papers, papers.c.paper_key == asked.c.paper_key))
        .where(one_of(connection, asked.c.identifier, ids))
    )


def page_of_papers(after: int, size: int, *, counts: bool) -> sa.Select[Any]:
    """The size papers with the lowest keys above after, by ascending key; without counts the two counts are 0."""
    none = (sa.literal(0).label("citation_count"), sa.literal(0).label("reference_count"))
    columns = _paper_columns if counts else (*_described, papers.c.listed_on, *none)
    return sa.select(*columns).where(papers.c.paper_key > after).order_by(papers.c.paper_key).limit(size)


def page_of_arrivals(after: int, size: int) -> sa.Select[Any]:
    """The size papers with the lowest arrivals above after, by ascending arrival."""
    columns = (papers.c.arrival, *_paper_columns)
    return sa.select(*columns).where(papers.c.arrival > after).order_by(papers.c.arrival).limit(size)


def count_of_new_papers(connection: sa.Connection, day: date, field: str) -> sa.Select[Any]:
    """How many papers are new on a day."""
    new = sa.and_(papers.c.listed_on == day, of_field(connection, field))
    return sa.select(sa.func.count()).select_from(papers).where(new)


def last_listing_day(connection: sa.Connection, field: str, before: date | None) -> sa.Select[Any]:
    """The last day, of all or of those before a day, that has new papers; near that day where a field is asked for."""
    listed = papers.c.listed_on
    bounds: list[sa.ColumnElement[bool]] = [listed.is_not(None) if before is None else listed < before]
    if before is not None and field:
        bounds.append(listed >= before - timedelta(NEAR_DAYS))
    return sa.select(listed).where(*bounds, of_field(connection, field)).order_by(listed.desc()).limit(1)


def first_listing_day(connection: sa.Connection, field: str, after: date) -> sa.Select[Any]:
    """The first day after a day that has new papers; near that day where a field is asked for."""
    listed = papers.c.listed_on
    bounds = [listed > after, *([listed <= after + timedelta(NEAR_DAYS)] if field else [])]
    return sa.select(listed).where(*bounds, of_field(connection, field)).order_by(listed).limit(1)


def of_field(connection: sa.Connection, field: str) -> sa.ColumnElement[bool]:
    """Condition that one of a paper's fields of study has this name, whatever the case of its ASCII letters."""
    if not field:
        return sa.true()
    wanted = field.encode().lower().decode()  # bytes: of ASCII letters alone, which is what both databases do
    stored = sa.type_coerce(papers.c.fields, sa.Text)
    if connection.dialect.name == "postgresql":
        each = sa.func.jsonb_array_elements_text(sa.cast(stored, postgresql.JSONB)).table_valued("value")
        name: sa.ColumnElement[str] = sa.collate(each.c.value, "C")
    else:
        each = sa.func.json_each(stored).table_valued("value")
        name = each.c.value
    return sa.exists(sa.select(sa.literal(1)).select_from(each).where(sa.func.lower(name) == wanted))


def keys_by_identifier(connection: sa.Connection, ids: Sequence[str]) -> sa.Select[Any]:
    """Identifier and key of each known paper among ids."""
    known = identifiers.c.paper_key.is_not(None)
    columns = sa.select(identifiers.c.identifier, identifiers.c.paper_key)
    return columns.where(known, one_of(connection, identifiers.c.identifier, ids))


def linked_papers(connection: sa.Connection, keys: Sequence[int], *, citing: bool, most: int) -> sa.Select[Any]:
    """Key of a paper among keys and id of a known paper that it cites, or that cites it; most for each, by key."""
    own, other = (_cited, _citing) if citing else (_citing, _cited)
    pairs = sa.select(own.c.paper_key.label("own"), other.c.paper_key.label("other")).select_from(_links)
    distinct = pairs.where(_known_link, one_of(connection, own.c.paper_key, keys)).distinct().subquery()
    place = sa.func.row_number().over(partition_by=distinct.c.own, order_by=distinct.c.other)
    placed = sa.select(distinct.c.own, distinct.c.other, place.label("place")).subquery()
    linked = placed.join(papers, papers.c.paper_key == placed.c.other)
    chosen = sa.select(placed.c.own, papers.c.paper_id).select_from(linked).where(placed.c.place <= most)
    return chosen.order_by(placed.c.own, placed.c.place)


_library = library_entries.join(identifiers, identifiers.c.identifier_key == library_entries.c.identifier_key)

ALL_CITATIONS = (
    sa.select(_citing.c.paper_key, _cited.c.paper_key)
    .select_from(_links)
    .where(_known_link)
    .distinct()
    .order_by(_citing.c.paper_key, _cited.c.paper_key)
)
ALL_LIBRARY_ENTRIES = (
    sa.select(library_entries.c.reader, identifiers.c.paper_key)
    .select_from(_library)
    .where(identifiers.c.paper_key.is_not(None))
    .distinct()
    .order_by(library_entries.c.reader, identifiers.c.paper_key)
)
PAPER_CONTENT = sa.select(*_described).order_by(papers.c.paper_key)
COUNT_PAPERS = sa.select(sa.func.count()).select_from(papers)
COUNT_CITATIONS = sa.select(sa.func.count()).select_from(ALL_CITATIONS.order_by(None).subquery())
COUNT_LIBRARY_ENTRIES = sa.select(sa.func.count()).select_from(ALL_LIBRARY_ENTRIES.order_by(None).subquery())
