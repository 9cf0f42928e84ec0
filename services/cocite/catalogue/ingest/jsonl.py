"""Our own format.

papers.jsonl: one object a line with id (or ids, a list), title, abstract, year, published (a date), venue, authors,
keywords or tags, and fields (of study), and, if there are any, aliases (other ids) and references (ids).
citations.tsv: header citing_id TAB cited_id. libraries.tsv: header reader_id TAB paper_id. Files are told apart by
their first line.
"""

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any

from cocite.catalogue.ingest.cleaning import (
    MAX_ABSTRACT,
    MAX_FIELDS,
    MAX_KEYWORDS,
    MAX_NAME,
    MAX_READER,
    MAX_TITLE,
    BadRecord,
    as_list,
    clean_day,
    clean_names,
    clean_text,
    clean_year,
    make_record,
    require_id,
)
from cocite.catalogue.ingest.format import Format, Row, line_rows, parse_json
from cocite.catalogue.ingest.source import Source
from cocite.catalogue.records import CitationRecord, Fields, LibraryRecord, PaperRecord
from cocite.core.errors import InvalidArgument

CITATIONS_HEADER = ["citing_id", "cited_id"]
LIBRARIES_HEADER = ["reader_id", "paper_id"]


def detect(source: Source, default_scheme: str | None) -> Format:
    """The format of a file, by its first line. Raises InvalidArgument for a table with another header."""
    first = next(line_rows(source), None)
    head = b"" if first is None else first.content.strip()
    columns = head.decode("utf-8", "replace").lower().split("\t")
    if columns == CITATIONS_HEADER:
        return Format(_table_rows, partial(parse_citation, default_scheme=default_scheme))
    if columns == LIBRARIES_HEADER:
        return Format(_table_rows, partial(parse_library_entry, default_scheme=default_scheme))
    if len(columns) > 1 and not head.startswith(b"{"):
        raise InvalidArgument(
            f"{source.path} is a table whose header is neither {' '.join(CITATIONS_HEADER)} "
            f"nor {' '.join(LIBRARIES_HEADER)}",
            hint="put that header on the first line, columns parted by a tab",
            field="paths",
        )
    return Format(line_rows, partial(parse_paper, default_scheme=default_scheme))


def parse_paper(data: bytes, *, default_scheme: str | None) -> PaperRecord:
    """A line of papers.jsonl."""
    value = parse_json(data)
    warnings: list[str] = []
    fields = Fields(
        title=clean_text(value.get("title"), "title", MAX_TITLE, warnings),
        abstract=clean_text(value.get("abstract"), "abstract", MAX_ABSTRACT, warnings),
        authors=clean_names(value.get("authors"), "authors", warnings),
        year=clean_year(value.get("year"), warnings),
        venue=clean_text(value.get("venue"), "venue", MAX_NAME, warnings),
        keywords=clean_names(_keywords(value), "keywords", warnings, MAX_KEYWORDS),
        fields=clean_names(value.get("fields"), "fields", warnings, MAX_FIELDS),
        published_on=clean_day(value.get("published") or value.get("date"), "published", warnings),
    )
    ids = chain([value.get("id")], as_list(value.get("ids"), "ids"), as_list(value.get("aliases"), "aliases"))
    return make_record(ids, fields, as_list(value.get("references"), "references"), warnings, default_scheme)


def parse_citation(data: bytes, *, default_scheme: str | None) -> CitationRecord:
    """A line of citations.tsv."""
    citing, cited = _two_columns(data)
    source = require_id(citing, "citing_id", default_scheme)
    target = require_id(cited, "cited_id", default_scheme)
    if source == target:
        raise BadRecord("self-citation")
    return CitationRecord(source, target)


def parse_library_entry(data: bytes, *, default_scheme: str | None) -> LibraryRecord:
    """A line of libraries.tsv."""
    reader, paper_id = _two_columns(data)
    reader = reader.strip()
    if not reader or len(reader) > MAX_READER or not reader.isprintable():
        raise BadRecord(f"reader_id is not 1 to {MAX_READER} printable characters")
    return LibraryRecord(reader, require_id(paper_id, "paper_id", default_scheme))


def _keywords(value: dict[str, Any]) -> Any:
    given = value.get("keywords") or value.get("tags")
    return given.replace(",", ";") if isinstance(given, str) and ";" not in given else given


def _table_rows(source: Source) -> Iterator[Row]:
    rows = line_rows(source)
    next(rows, None)  # the header
    return rows


def _two_columns(data: bytes) -> tuple[str, str]:
    try:
        first, second = data.decode("utf-8").split("\t")
    except UnicodeDecodeError:
        raise BadRecord("not UTF-8") from None
    except ValueError:
        raise BadRecord("not two columns") from None
    return first, second
