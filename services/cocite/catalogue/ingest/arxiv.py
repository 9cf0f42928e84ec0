"""arXiv: the metadata snapshot, one JSON object a line (id, title, abstract, authors, doi, journal-ref, versions)."""

import re
from typing import Any

from cocite.catalogue.ingest.cleaning import (
    MAX_ABSTRACT,
    MAX_FIELDS,
    MAX_KEYWORDS,
    MAX_NAME,
    MAX_TITLE,
    BadRecord,
    as_list,
    clean_day,
    clean_id,
    clean_names,
    clean_text,
    clean_year,
    make_record,
)
from cocite.catalogue.ingest.format import Format, line_rows, parse_json
from cocite.catalogue.ingest.latex import plain_text
from cocite.catalogue.ingest.source import Source
from cocite.catalogue.records import Fields, PaperRecord

_YEAR = re.compile(r"\b(1[89]|20)[0-9]{2}\b")
_VOLUME = re.compile(r"\b(?:vol|volume|no)\.?$", re.IGNORECASE)
_AUTHOR_BREAK = re.compile(r", and | and |,")
_AFFILIATION = re.compile(r" ?\([^()]*(?:\([^()]*\)[^()]*)*\)")


def detect(source: Source, default_scheme: str | None) -> Format:
    """The format of a file; there is but one."""
    return Format(line_rows, parse)


def parse(data: bytes) -> PaperRecord:
    """A line of the snapshot. Categories are keywords and fields; the year is that of the first version."""
    return parse_metadata(parse_json(data))


def parse_metadata(value: dict[str, Any]) -> PaperRecord:
    """A line of the snapshot that is read already."""
    paper_id = value.get("id")
    if paper_id in (None, ""):
        raise BadRecord("id is missing")
    canonical = clean_id(f"arxiv:{paper_id}")
    if canonical is None or not canonical.startswith("arxiv:"):
        raise BadRecord("id is not an arXiv number")
    warnings: list[str] = []
    categories = _text(value, "categories").split()
    fields = Fields(
        title=clean_text(_text(value, "title"), "title", MAX_TITLE, warnings),
        abstract=clean_text(_text(value, "abstract"), "abstract", MAX_ABSTRACT, warnings),
        authors=clean_names(_authors(value), "authors", warnings),
        year=clean_year(_year(value), warnings),
        venue=clean_text(_journal(_text(value, "journal-ref")), "journal-ref", MAX_NAME, warnings),
        keywords=clean_names(categories, "categories", warnings, MAX_KEYWORDS),
        fields=clean_names(categories, "categories", warnings, MAX_FIELDS),
        published_on=clean_day(_first_version(value), "created", warnings),
    )
    dois = _text(value, "doi").replace(",", " ").split()
    return make_record([canonical, *dois[:1]], fields, (), warnings)  # further DOIs are errata and other works


def _text(value: dict[str, Any], name: str) -> str:
    text = value.get(name)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise BadRecord(f"{name} is not text")
    return plain_text(text) if name in ("title", "abstract", "journal-ref") else text


def _authors(value: dict[str, Any]) -> list[str]:
    parsed = as_list(value.get("authors_parsed"), "authors_parsed")
    if parsed:
        names = [[part for part in name if isinstance(part, str)] for name in parsed if isinstance(name, list)]
        return [plain_text(" ".join([*name[1:2], *name[:1], *name[2:3]])) for name in names]
    listed = " ".join(_text(value, "authors").split())
    return _AUTHOR_BREAK.split(plain_text(_AFFILIATION.sub("", listed)))


def _journal(reference: str) -> str:
    """The name that a journal reference begins with: what stands before the volume."""
    name = re.split("[0-9]", reference, maxsplit=1)[0].rstrip(" ,;:(\n")
    return _VOLUME.sub("", name).rstrip(" ,;:(\n")


def _first_version(value: dict[str, Any]) -> Any:
    """When the first version came."""
    versions = as_list(value.get("versions"), "versions")
    return versions[0].get("created") if versions and isinstance(versions[0], dict) else None


def _year(value: dict[str, Any]) -> str | None:
    for date in (_first_version(value), value.get("update_date")):
        if isinstance(date, str) and (found := _YEAR.search(date)):
            return found.group()
    return None
