"""The CSV export of OpenAlex: one work a row, nested fields as dotted columns, lists parted by "|"."""

import csv
from collections import deque
from collections.abc import Iterator
from typing import Any

from cocite.catalogue.ingest.cleaning import (
    MAX_ABSTRACT,
    MAX_FIELDS,
    MAX_KEYWORDS,
    MAX_NAME,
    MAX_TITLE,
    BadRecord,
    clean_day,
    clean_id,
    clean_names,
    clean_text,
    clean_year,
    make_record,
)
from cocite.catalogue.ingest.format import Format, Row
from cocite.catalogue.ingest.source import MAX_LINE, Line, Source
from cocite.catalogue.records import Fields, PaperRecord
from cocite.core.errors import InvalidArgument

_ID_COLUMNS = ("id", "doi", "ids.openalex", "ids.doi", "ids.pmid")
_CONCEPTS = 10
_MAX_ROW_LINES = 1000


def rows(source: Source) -> Iterator[Row]:
    """One row a work; a work may span lines. Of a bad row that spans lines the first is rejected and reading goes on
    at the second, so that a quote that is never closed harms no other work.

    Raises InvalidArgument when the header has no column of ids, or is that of a list of merged ids.
    """
    lines = _Lines(source)
    csv.field_size_limit(MAX_LINE)  # the module's own limit is one for the whole process, and too low for abstracts
    reader = csv.reader(lines, strict=True)
    header = _header(source, reader)
    while True:
        lines.taken.clear()
        try:
            cells = next(reader)
            problem = "" if len(cells) in (0, len(header)) else f"not {len(header)} columns"
        except StopIteration:
            break
        except csv.Error as error:
            cells, problem = [], f"not CSV: {error}"
        yield from lines.bad
        lines.bad.clear()
        start = lines.taken[0]
        if problem:
            lines.give_again()
            reader = csv.reader(lines, strict=True)
            yield Row(start.number, start.data, problem)
        elif cells:
            yield Row(start.number, dict(zip(header, cells, strict=True)))
    yield from lines.bad


def _header(source: Source, reader: Iterator[list[str]]) -> list[str]:
    try:
        header = next(reader, [])
    except csv.Error:
        header = []
    if "merge_into_id" in header:
        raise InvalidArgument(
            f"{source.path} lists ids that OpenAlex merged, not works", hint="name the files of works", field="paths"
        )
    if not any(name in _ID_COLUMNS for name in header):
        raise InvalidArgument(
            f"{source.path} is neither JSON nor a CSV export of OpenAlex: no column {' or '.join(_ID_COLUMNS)}",
            field="paths",
        )
    return header


class _Lines:
    """Lines of a source as csv takes them; those taken for a row can be given again. Lines with a problem go to bad."""

    def __init__(self, source: Source) -> None:
        self._lines = source.lines()
        self._again: deque[Line] = deque()
        self.taken: list[Line] = []
        self.bad: list[Row] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) == _MAX_ROW_LINES:
            raise csv.Error(f"over {_MAX_ROW_LINES} lines")
        line = self._again.popleft() if self._again else next(self._lines)
        while line.problem:
            self.bad.append(Row(line.number, line.data, line.problem))
            line = next(self._lines)
        self.taken.append(line)
        return line.data.decode("utf-8", "surrogateescape") + "\n"

    def give_again(self) -> None:
        """Let what was taken come again, but for the first line."""
        self._again.extendleft(reversed(self.taken[1:]))


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
        fields=clean_names(_fields(work), "fields", warnings, MAX_FIELDS),
        published_on=clean_day(work.get("publication_date"), "publication_date", warnings),
    )
    ids: list[Any] = [work.get(name) for name in _ID_COLUMNS]
    places = map(clean_id, _split(work, "locations.landing_page_url"))
    ids += [place for place in places if place and place.startswith("arxiv:")]
    return make_record(ids, fields, _split(work, "referenced_works"), warnings)


def _fields(work: dict[str, str]) -> list[str]:
    """Fields of the topics; of exports made before there were topics, the concepts of level 0."""
    levels = zip(_split(work, "concepts.display_name"), _split(work, "concepts.level"), strict=False)
    return _split(work, "topics.field.display_name") or [name for name, level in levels if level == "0"]


def _split(work: dict[str, str], column: str) -> list[str]:
    return [part for part in work.get(column, "").split("|") if part.strip()]


FORMAT = Format(rows, parse)
