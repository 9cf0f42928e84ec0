"""OpenAlex works: JSON lines (snapshot), pages of the API ("results"), and the CSV export."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import orjson

from cocite.catalogue.ingest import openalex_csv
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
    clean_id,
    clean_names,
    clean_text,
    clean_year,
    make_record,
)
from cocite.catalogue.ingest.format import Format, Row, line_rows, parse_json
from cocite.catalogue.ingest.source import MAX_LINE, Source
from cocite.catalogue.records import Fields, PaperRecord
from cocite.core.errors import InvalidArgument

MAX_PAGE = 4 * MAX_LINE  # bytes of a JSON document that stands on more than one line
_CONCEPTS = 10


def detect(source: Source, default_scheme: str | None) -> Format:
    """The format of a file, by its first line: JSON lines, pages of results, one JSON document, or CSV."""
    first = next(line_rows(source), None)
    if first is None or first.problem:
        return Format(line_rows, parse)
    head = first.content.lstrip()
    if not head.startswith((b"{", b"[")):
        return openalex_csv.FORMAT if b"," in head else Format(line_rows, parse)
    try:
        value = orjson.loads(head)
    except orjson.JSONDecodeError:
        return Format(_document_rows if len(head.rstrip()) < 64 else line_rows, parse)
    pages = isinstance(value, list) or (isinstance(value, dict) and "results" in value)
    return Format(_page_rows if pages else line_rows, parse)


def _page_rows(source: Source) -> Iterator[Row]:
    """Works of pages that stand on one line each."""
    for row in line_rows(source):
        if row.problem:
            yield row
        else:
            yield from _works_of(row.line, row.content)


def _document_rows(source: Source) -> Iterator[Row]:
    """Works of one page that is spread over lines."""
    parts, size = [], 0
    for line in source.lines():
        size += len(line.data) + 1
        if line.problem or size > MAX_PAGE:
            raise InvalidArgument(
                f"{source.path} is one JSON document over {MAX_PAGE >> 20} MiB",
                hint="give the works one on a line",
                field="paths",
            )
        parts.append(line.data)
    yield from _works_of(1, b"\n".join(parts))


def _works_of(line: int, data: bytes) -> Iterator[Row]:
    try:
        page = orjson.loads(data)
    except orjson.JSONDecodeError:
        yield Row(line, data, "not JSON")
        return
    works = page.get("results") if isinstance(page, dict) else page
    if not isinstance(works, list):
        yield Row(line, data, "results is not a list")
        return
    for work in works:
        yield Row(line, work)


def parse(content: Any) -> PaperRecord:
    """A work, as a line of JSON or parsed already."""
    work = parse_json(content) if isinstance(content, bytes) else content
    if not isinstance(work, dict):
        raise BadRecord("not a JSON object")
    warnings: list[str] = []
    abstract = work.get("abstract") or _plain_abstract(work.get("abstract_inverted_index"), warnings)
    fields = Fields(
        title=clean_text(work.get("title") or work.get("display_name"), "title", MAX_TITLE, warnings),
        abstract=clean_text(abstract, "abstract", MAX_ABSTRACT, warnings),
        authors=clean_names(_authors(work), "authorships", warnings),
        year=clean_year(work.get("publication_year"), warnings),
        venue=clean_text(_venue(work), "primary_location.source.display_name", MAX_NAME, warnings),
        keywords=clean_names(_keywords(work), "keywords", warnings, MAX_KEYWORDS),
        fields=clean_names(_fields(work), "fields", warnings, MAX_FIELDS),
        published_on=clean_day(work.get("publication_date"), "publication_date", warnings),
    )
    ids = as_dict(work.get("ids"), "ids")
    named = [work.get("id"), work.get("doi"), ids.get("openalex"), ids.get("doi"), _pmid(ids.get("pmid"))]
    references = as_list(work.get("referenced_works"), "referenced_works")
    return make_record(chain(named, _arxiv_ids(work)), fields, references, warnings)


def _plain_abstract(index: Any, warnings: list[str]) -> str:
    """Text of an inverted index: word to the list of its places."""
    places = []
    for word, positions in as_dict(index, "abstract_inverted_index").items():
        if not isinstance(positions, list) or not all(isinstance(p, int) for p in positions):
            warnings.append("abstract_inverted_index is not readable")
            return ""
        places += [(position, word) for position in positions]
    return " ".join(word for _, word in sorted(places))


def _authors(work: dict[str, Any]) -> list[Any]:
    authorships = as_list(work.get("authorships"), "authorships")
    return [as_dict(as_dict(a, "authorships").get("author"), "author").get("display_name") for a in authorships]


def _venue(work: dict[str, Any]) -> Any:
    location = as_dict(work.get("primary_location") or work.get("host_venue"), "primary_location")
    return as_dict(location.get("source"), "source").get("display_name") or location.get("display_name")


def _keywords(work: dict[str, Any]) -> list[Any]:
    given = as_list(work.get("keywords"), "keywords") or as_list(work.get("concepts"), "concepts")[:_CONCEPTS]
    return [(k.get("display_name") or k.get("keyword")) if isinstance(k, dict) else k for k in given]


def _fields(work: dict[str, Any]) -> list[Any]:
    """Fields of the topics; of works recorded before there were topics, the concepts of level 0."""
    topics = [as_dict(topic, "topics") for topic in as_list(work.get("topics"), "topics")]
    names = [as_dict(topic.get("field"), "field").get("display_name") for topic in topics]
    concepts = [c for c in as_list(work.get("concepts"), "concepts") if isinstance(c, dict)]
    return names or [concept.get("display_name") for concept in concepts if concept.get("level") == 0]


def _pmid(value: Any) -> Any:
    return f"pmid:{value}" if isinstance(value, int) or (isinstance(value, str) and value.isdigit()) else value


def _arxiv_ids(work: dict[str, Any]) -> Iterator[str]:
    """arXiv numbers among the places where the work can be read: one work, whether as preprint or published."""
    for location in as_list(work.get("locations"), "locations"):
        url = location.get("landing_page_url") if isinstance(location, dict) else None
        if isinstance(url, str) and (found := clean_id(url)) and found.startswith("arxiv:"):
            yield found
