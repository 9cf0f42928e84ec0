"""Semantic Scholar: the papers, abstracts and citations data sets (JSON lines), and papers as its Graph API gives them.

Records are told apart by their fields, so one file may hold all of them. An abstracts record is a paper of which only
the abstract is known; it merges into the paper by its corpus id.
"""

from itertools import chain
from typing import Any

from cocite.catalogue.ingest.cleaning import (
    MAX_ABSTRACT,
    MAX_FIELDS,
    MAX_KEYWORDS,
    MAX_NAME,
    MAX_TITLE,
    BadRecord,
    as_dict,
    as_list,
    clean_day,
    clean_names,
    clean_text,
    clean_year,
    make_record,
    require_id,
)
from cocite.catalogue.ingest.format import Format, line_rows, parse_json
from cocite.catalogue.ingest.source import Source
from cocite.catalogue.records import CitationRecord, Fields, Record

_EXTERNAL = {"doi": "doi", "arxiv": "arxiv", "acl": "acl", "pubmed": "pmid", "corpusid": "s2"}


def detect(source: Source, default_scheme: str | None) -> Format:
    """The format of a file; there is but one."""
    return Format(line_rows, parse)


def parse(data: bytes) -> Record:
    """A line of any of the data sets."""
    value = {name.lower(): item for name, item in parse_json(data).items()}
    if "citingcorpusid" in value or "citedcorpusid" in value:
        return _citation(value)
    if "corpusid" not in value and "paperid" not in value:
        raise BadRecord("corpusid is missing")
    warnings: list[str] = []
    studied = _fields_of_study(value)
    fields = Fields(
        title=clean_text(value.get("title"), "title", MAX_TITLE, warnings),
        abstract=clean_text(value.get("abstract"), "abstract", MAX_ABSTRACT, warnings),
        authors=clean_names(list(map(_name, as_list(value.get("authors"), "authors"))), "authors", warnings),
        year=clean_year(value.get("year"), warnings),
        venue=clean_text(value.get("venue") or _journal(value), "venue", MAX_NAME, warnings),
        keywords=clean_names(studied, "s2fieldsofstudy", warnings, MAX_KEYWORDS),
        fields=clean_names(studied, "s2fieldsofstudy", warnings, MAX_FIELDS),
        published_on=clean_day(value.get("publicationdate"), "publicationdate", warnings),
    )
    external = as_dict(value.get("externalids"), "externalids")
    ids = chain(
        [_s2(value.get("corpusid")), _s2(value.get("paperid"))],
        (f"{_EXTERNAL[kind.lower()]}:{name}" for kind, name in external.items() if name and kind.lower() in _EXTERNAL),
    )
    return make_record(ids, fields, map(_reference, as_list(value.get("references"), "references")), warnings)


def _citation(value: dict[str, Any]) -> CitationRecord:
    citing = require_id(_s2(value.get("citingcorpusid")), "citingcorpusid")
    cited = require_id(_s2(value.get("citedcorpusid")), "citedcorpusid")
    if citing == cited:
        raise BadRecord("self-citation")
    return CitationRecord(citing, cited)


def _s2(value: Any) -> str | None:
    return None if value in (None, "") else f"s2:{value}"


def _name(author: Any) -> Any:
    return author.get("name") if isinstance(author, dict) else author


def _journal(value: dict[str, Any]) -> Any:
    return as_dict(value.get("journal"), "journal").get("name")


def _fields_of_study(value: dict[str, Any]) -> list[Any]:
    studies = as_list(value.get("s2fieldsofstudy"), "s2fieldsofstudy")
    return [study.get("category") if isinstance(study, dict) else study for study in studies]


def _reference(value: Any) -> Any:
    if not isinstance(value, dict):
        return value if not isinstance(value, int) else f"s2:{value}"
    low = {name.lower(): item for name, item in value.items()}
    return _s2(low.get("corpusid")) or _s2(low.get("paperid"))
