"""How two descriptions of one paper become one.

The rule, field by field: what is known wins over what is not; the longer abstract wins; of two known titles, years,
venues, author lists or keyword lists the more recently ingested wins. So a record ingested again changes nothing,
and a corrected record corrects.

The canonical paper_id is given once and stays. A new paper takes the id whose scheme stands first in
SCHEME_PREFERENCE. When a record shows two papers to be one, the one whose key is lowest (known longest) stays and
the other's ids become aliases of it.
"""

from collections.abc import Sequence

from cocite.catalogue.records import Fields

SCHEME_PREFERENCE = ("doi", "arxiv", "acl", "pmid", "openalex", "s2", "local")
_RANK = {scheme: rank for rank, scheme in enumerate(SCHEME_PREFERENCE)}


def merge(older: Fields, newer: Fields) -> Fields:
    """Fields of the paper that both describe."""
    return Fields(
        title=newer.title or older.title,
        abstract=newer.abstract if len(newer.abstract) >= len(older.abstract) else older.abstract,
        authors=newer.authors or older.authors,
        year=older.year if newer.year is None else newer.year,
        venue=newer.venue or older.venue,
        keywords=newer.keywords or older.keywords,
    )


def preferred_id(ids: Sequence[str]) -> str:
    """The canonical id of a new paper with these ids; the first listed of the best scheme."""
    return min(ids, key=lambda paper_id: _RANK[paper_id.partition(":")[0]])
