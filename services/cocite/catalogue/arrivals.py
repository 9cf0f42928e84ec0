"""Papers in the order in which they came or changed, for whoever follows the catalogue without reading all of it.

Each writing transaction gives the papers that it brings or changes numbers above all that were given before. Writers
take turns, so numbers become visible in their order: whoever has read up to one has missed nothing below it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cocite.catalogue import queries
from cocite.catalogue.schema import papers
from cocite.core.paper import Paper

MAX_LINKS = 1000  # references, and citing papers, told of one paper


@dataclass(frozen=True, slots=True)
class Arrival:
    """A paper that came or changed; number says when. Ids of known papers that it cites, and that cite it.

    At most MAX_LINKS of either, first ingested first, without the paper itself.
    """

    number: int
    paper: Paper
    reference_ids: tuple[str, ...]
    citing_ids: tuple[str, ...]


def last_arrival(connection: sa.Connection) -> int:
    """The highest number given, 0 when there is no paper."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(papers.c.arrival), 0))).scalar_one())


def linked_ids(connection: sa.Connection, keys: Sequence[int], *, citing: bool) -> dict[int, tuple[str, ...]]:
    """Ids of the papers that each of the papers with these keys cites, or that cite it, where there are any."""
    found: dict[int, list[str]] = {}
    if not keys:
        return {}
    for key, paper_id in connection.execute(queries.linked_papers(connection, keys, citing=citing, most=MAX_LINKS)):
        found.setdefault(key, []).append(paper_id)
    return {key: tuple(ids) for key, ids in found.items()}


def stamp(connection: sa.Connection, keys: Iterable[int], last: int) -> None:
    """Give the papers with these keys numbers above last, in the order of their keys."""
    numbers = [{"at": key, "number": number} for number, key in enumerate(sorted(keys), last + 1)]
    if numbers:
        where = papers.c.paper_key == sa.bindparam("at")
        connection.execute(sa.update(papers).where(where).values(arrival=sa.bindparam("number")), numbers)
