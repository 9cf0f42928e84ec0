"""Papers by the day on which they were new, by id and day alone."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from cocite.catalogue.queries import of_field
from cocite.catalogue.schema import papers
from cocite.catalogue.store import Catalogue


@dataclass(frozen=True, slots=True)
class RecentPaper:
    """A paper and the day on which it was new."""

    paper_key: int
    paper_id: str
    day: date


def recent_papers(
    catalogue: Catalogue, since: date, limit: int, until: date | None = None, field: str = ""
) -> list[RecentPaper]:
    """At most limit papers that are new on the day since or later, the last ones first. Raises Unavailable.

    until: only those of this day or before. field: only those of this field of study, whole name, whatever the case of
    ASCII letters; all when "".
    """
    columns = (papers.c.paper_key, papers.c.paper_id, papers.c.listed_on)
    to_the_end = sa.true() if until is None else papers.c.listed_on <= until
    with catalogue.reading() as connection:
        chosen = sa.select(*columns).where(papers.c.listed_on >= since, to_the_end, of_field(connection, field))
        latest = chosen.order_by(papers.c.listed_on.desc(), papers.c.paper_key.desc()).limit(limit)
        return [RecentPaper(*row) for row in connection.execute(latest)]
