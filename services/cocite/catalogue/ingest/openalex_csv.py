"""The CSV export of OpenAlex: one work a row, nested fields as dotted columns, lists parted by "|"."""

import csv
from collections.abc import Iterator
from typing import Any

from cocite.catalogue.ingest.cleaning import (
    MAX_ABSTRACT,
    MAX_KEYWORDS,
    MAX_NAME,
    MAX_TITLE,
    BadRecord,
    clean_id,
    clean_names,
    clean_text,
    clean_year,
    make_record,
)
from cocite.catalogue.ingest.format import Format, Row
from cocite.catalogue.ingest.source import MAX_LINE, Source
from cocite.catalogue.records import Fields, PaperRecord
from cocite.core.errors import InvalidArgument

_ID_COLUMNS = ("id", "doi", "ids.openalex", "ids.doi", "ids.pmid")
_CONCEPTS = 10


def rows(source: Source) -> Iterator[Row]:
    """One row a work; a work may span lines. Raises InvalidArgument when the header has no column of ids."""
    bad: list[Row] = []
    number = 0

    def text_lines() -> Iterator[str]:
        nonlocal number
        for line in source.lines():
            number = line.number
            if line.problem:
                bad.append(Row(line.number, line.data, line.problem))
            else:
                yield line.data.decode("utf-8", "surrogateescape") + "\n"

    csv.field_size_limit(MAX_LINE)  # the module's own limit is one for the whole process, and too low for abstracts
    reader = csv.reader(text_lines())
    header = next(reader, [])
    if not any(name in _ID_COLUMNS for name in header):
        raise InvalidArgument(
            f"{source.path} is neither JSON nor a CSV export of OpenAlex: no column {' or '.join(_ID_COLUMNS)}",
            field="paths",
        )
    while True:
        start = number + 1
        try:
            cells = next(reader)
            problem = "" if len(cells) == len(header) else f"not {len(header)} columns"
        except StopIteration:
            break
        except csv.Error as error:
            cells, problem = [], f"not CSV: {error}"
        yield from bad
        bad.clear()
        if cells or problem:
            yield Row(start, ",".join(cells) if problem else dict(zip(header, cells, strict=True)), problem)
    yield from bad


def parse(work: dict[str, str]) -> PaperRecord:
    """A row by column name."""
    if any("\ud800" <= char <= "\udfff" for cell in work.values() if not cell.isascii() for char in cell):
        raise BadRecord("not UTF-8")
    warnings: list[str] = []
    keywords = _split(work, "keywords.display_name") or _split(work, "concepts.display_name")[:_CONCEPTS]
    fields = Fields(
        title=clean_text(work.get("title") or work.get("display_name"), "title", MAX_TITLE, warnings),
        abstract=clean_text(work.get("abstract"), "abstract", MAX_ABSTRACT, warnings),
        authors=clean_names(_split(work, "authorships.author.display_name"), "authors", warnings),
        year=clean_year(work.get("publication_year"), warnings),
        venue=clean_text(work.get("primary_location.source.display_name"), "venue", MAX_NAME, warnings),
        keywords=clean_names(keywords, "keywords", warnings, MAX_KEYWORDS),
    )
    ids: list[Any] = [work.get(name) for name in _ID_COLUMNS]
    places = map(clean_id, _split(work, "locations.landing_page_url"))
    ids += [place for place in places if place and place.startswith("arxiv:")]
    return make_record(ids, fields, _split(work, "referenced_works"), warnings)


def _split(work: dict[str, str], column: str) -> list[str]:
    return [part for part in work.get(column, "").split("|") if part.strip()]


FORMAT = Format(rows, parse)
