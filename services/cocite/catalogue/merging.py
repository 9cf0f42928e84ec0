"""How two descriptions of one paper become one.

The rule, field by field: what is known wins over what is not; the longer abstract wins; of two days the earlier; of
two known titles, years, venues, lists of authors, keywords or fields the more recently ingested wins. So a corrected
record corrects, and records ingested again in the same order leave everything as it was.

The canonical paper_id is given once and stays. A new paper takes the id whose scheme stands first in
SCHEME_PREFERENCE. When a record shows two papers to be one, the one whose key is lowest stays and the other's ids
become aliases of it. A paper's key is that of its id, and ids get theirs when they are first seen, be it in a
reference: of two papers the one cited first may stay, though the other was described first.
"""

from collections.abc import Collection, Iterable, Sequence

from cocite.catalogue.records import Fields

SCHEME_PREFERENCE = ("doi", "arxiv", "acl", "pmid", "openalex", "s2", "local")
S2_HASH = 40  # hex digits
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
        fields=newer.fields or older.fields,
        published_on=min(filter(None, (older.published_on, newer.published_on)), default=None),
    )


def preferred_id(ids: Sequence[str]) -> str:
    """The canonical id of a new paper with these ids; the first listed of the best scheme."""
    return min(ids, key=lambda paper_id: _RANK[paper_id.partition(":")[0]])


def schemes_at_odds(told: Collection[str], known: Iterable[Collection[str]]) -> list[str]:
    """Schemes in which what becomes one paper had different ids: a sign that one of the ids is wrong.

    told: the ids of the record that joins; known: the ids of each paper it joins. Ids that the record itself gives
    side by side are not at odds.
    """
    groups = [_by_scheme(ids) for ids in (told, *known)]
    odd = []
    for scheme in dict.fromkeys(scheme for group in groups for scheme in group):
        first, *others = [group[scheme] for group in groups if scheme in group]
        if any(first.isdisjoint(names) for names in others):
            odd.append(scheme)
    return sorted(odd)


def _by_scheme(ids: Collection[str]) -> dict[str, set[str]]:
    grouped: dict[str, set[str]] = {}
    for paper_id in ids:
        scheme, _, value = paper_id.partition(":")
        if scheme == "s2" and len(value) == S2_HASH:
            scheme = "s2 hash"  # stands beside a number, not against it
        grouped.setdefault(scheme, set()).add(paper_id)
    return grouped
