"""A paper as the API of Semantic Scholar tells it, as far as we hold it.

Fields that only Semantic Scholar holds may be asked for; they are null, as there for what it does not know of a paper.
So are references but where one paper is asked for.

Names and shapes: https://api.semanticscholar.org/api-docs/graph (paper data).
"""

from collections.abc import Callable, Mapping
from typing import Any

from cocite.core.errors import InvalidArgument
from cocite.gateway.landing_pages import landing_page
from cocite.v1.paper_pb2 import Paper

SOURCE = "cocite"  # of fields of study
_ALWAYS = "paperId"
_BY_DEFAULT = (_ALWAYS, "title")
_EXTERNAL = {"doi": "DOI", "arxiv": "ArXiv", "pmid": "PubMed", "acl": "ACL", "openalex": "OpenAlex", "local": "Local"}
_HELD_BY_THEM = {
    *("citationStyles", "citations", "embedding", "influentialCitationCount", "isOpenAccess", "matchScore"),
    *("openAccessPdf", "publicationDate", "publicationTypes", "publicationVenue", "textAvailability", "tldr"),
}
_FULL = frozenset({"abstract", "externalIds", "corpusId"})  # what the basic view lacks


def _external_ids(paper: Paper) -> dict[str, Any]:
    ids: dict[str, Any] = {}
    for each in (paper.paper_id, *paper.aliases):
        scheme, _, value = each.partition(":")
        if scheme == "s2" and value.isdecimal():
            ids.setdefault("CorpusId", int(value))
        elif scheme in _EXTERNAL:
            ids.setdefault(_EXTERNAL[scheme], value)
    return ids


_TOLD: Mapping[str, Callable[[Paper], Any]] = {
    _ALWAYS: lambda paper: paper.paper_id,
    "corpusId": lambda paper: _external_ids(paper).get("CorpusId"),
    "externalIds": _external_ids,
    "url": lambda paper: landing_page(paper.paper_id),
    "title": lambda paper: paper.title,
    "abstract": lambda paper: paper.abstract or None,
    "venue": lambda paper: paper.venue,
    "year": lambda paper: paper.year if paper.HasField("year") else None,
    "referenceCount": lambda paper: paper.reference_count,
    "citationCount": lambda paper: paper.citation_count,
    "fieldsOfStudy": lambda paper: list(paper.fields) or None,
    "s2FieldsOfStudy": lambda paper: [{"category": each, "source": SOURCE} for each in paper.fields],
    "journal": lambda paper: {"name": paper.venue} if paper.venue else None,
    "authors": lambda paper: [{"authorId": None, "name": name} for name in paper.authors],
}


class Fields:
    """The fields of a request, "title,year,authors.name"; paperId and title where it names none.

    Raises InvalidArgument for a field that neither API knows.
    """

    def __init__(self, text: str) -> None:
        asked = [each.strip() for each in text.split(",") if each.strip()]
        whole = {each.partition(".")[0] for each in asked}
        nested = [each for each in asked if each.startswith("references.references")]
        unknown = sorted(whole - _TOLD.keys() - _HELD_BY_THEM - {"references"}) or [each[:100] for each in nested[:1]]
        if unknown:
            raise InvalidArgument(f"Unrecognized or unsupported fields: [{', '.join(unknown)}]", field="fields")
        told = {_ALWAYS, *whole} if asked else set(_BY_DEFAULT)
        self._names = [name for name in _TOLD if name in told]
        self._not_held = [*sorted(whole & {*_HELD_BY_THEM, "references"})]
        self.references = (
            Fields(",".join(each.removeprefix("references.") for each in asked if each.startswith("references.")))
            if "references" in whole
            else None
        )

    @property
    def full(self) -> bool:
        """Whether the full view is needed."""
        return not _FULL.isdisjoint(self._names)

    def of(self, paper: Paper) -> dict[str, Any]:
        """What the fields say of a paper."""
        return {name: _TOLD[name](paper) for name in self._names} | dict.fromkeys(self._not_held)
