"""BibTeX files, entry by entry.

Ids come from doi, eprint, pmid and url; with the local scheme the citation key stands in where there is none.
"""

import logging
import re
from collections.abc import Iterator
from functools import partial
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
from cocite.catalogue.ingest.latex import plain_text
from cocite.catalogue.ingest.source import MAX_LINE, Source
from cocite.catalogue.records import Fields, PaperRecord

_ENTRY = re.compile(rb"\s*@\s*([A-Za-z]+)\s*[{(]")
_NO_WORK = (b"comment", b"preamble")
_MAX_MACROS = 1 << 20  # bytes of @string definitions
_VENUES = ("journal", "journaltitle", "booktitle", "school", "institution", "publisher")
_YEAR = re.compile(r"[0-9]{4}")


def detect(source: Source, default_scheme: str | None) -> Format:
    """The format of a file; there is but one."""
    return Format(rows, partial(parse, default_scheme=default_scheme))


def rows(source: Source) -> Iterator[Row]:
    """One row an entry: the @string definitions so far and the entry's text.

    An entry begins at a line that starts with @name{ and ends where the next begins, so one that lacks a brace harms
    no other. What stands before the first entry is a comment in BibTeX; where no entry follows it is a bad row.
    """
    macros = b""
    start, kind, size = 1, b"", 0
    block: list[bytes] = []

    def finished() -> Row:
        return Row(start, (macros, b"\n".join(block))) if size <= MAX_LINE else Row(start, block[0], "entry too long")

    for line in source.lines():
        if line.problem:
            yield Row(line.number, line.data, line.problem)
        elif opening := _ENTRY.match(line.data):
            if kind == b"string" and len(macros) < _MAX_MACROS:
                macros += b"\n".join(block) + b"\n"
            elif kind and kind not in (*_NO_WORK, b"string"):
                yield finished()
            start, kind, block, size = line.number, opening.group(1).lower(), [line.data], len(line.data)
        else:
            size += len(line.data) + 1
            if size <= MAX_LINE:
                block.append(line.data)
    if kind and kind not in (*_NO_WORK, b"string"):
        yield finished()
    elif not kind and b"".join(block).strip():
        yield Row(1, block[0], "no BibTeX entry")


def parse(content: tuple[bytes, bytes], *, default_scheme: str | None) -> PaperRecord:
    """An entry."""
    key, values = _entry(content)
    warnings: list[str] = []
    year = _YEAR.search(values.get("year", "") or values.get("date", ""))
    fields = Fields(
        title=clean_text(plain_text(values.get("title", "")), "title", MAX_TITLE, warnings),
        abstract=clean_text(plain_text(values.get("abstract", "")), "abstract", MAX_ABSTRACT, warnings),
        authors=clean_names(_authors(values.get("author", "")), "author", warnings),
        year=clean_year(year.group() if year else values.get("year"), warnings),
        venue=clean_text(
            plain_text(next((values[name] for name in _VENUES if values.get(name)), "")), "venue", MAX_NAME, warnings
        ),
        keywords=clean_names(_keywords(values.get("keywords", "")), "keywords", warnings, MAX_KEYWORDS),
    )
    ids = list(_ids(values))
    if not ids and default_scheme is not None:
        ids = [f"{default_scheme}:{key}"]
    if not ids:
        raise BadRecord("no doi, eprint, pmid or url that is a paper id")
    return make_record(ids, fields, (), warnings)


def _entry(content: tuple[bytes, bytes]) -> tuple[str, dict[str, str]]:
    from bibtexparser.entrypoint import parse_string

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what fails comes back as a reason
    try:
        text = b"\n".join(content).decode("utf-8")
    except UnicodeDecodeError:
        raise BadRecord("not UTF-8") from None
    library: Any = parse_string(text)
    if len(library.entries) != 1:
        failed = library.failed_blocks
        raise BadRecord(f"not a BibTeX entry{': field given twice' if _duplicate(failed) else ''}")
    entry = library.entries[0]
    return entry.key, {field.key.lower(): str(field.value) for field in entry.fields}


def _duplicate(failed: list[Any]) -> bool:
    return any(hasattr(block, "duplicate_keys") for block in failed)


def _ids(values: dict[str, str]) -> Iterator[str]:
    if doi := _known(values.get("doi")):
        yield doi
    archive = (values.get("archiveprefix") or values.get("eprinttype") or "arxiv").strip().lower()
    if archive == "arxiv" and (eprint := values.get("eprint")):
        number = re.sub(r"(?i)^arxiv:", "", eprint.strip()).split(" ")[0]
        if found := _known(f"arxiv:{number}") or _known(number):
            yield found
    if pmid := values.get("pmid"):
        yield f"pmid:{pmid.strip()}"
    if found := _known(values.get("url")):
        yield found


def _known(value: str | None) -> str | None:
    return clean_id(value.replace("\\_", "_").replace("\\%", "%").replace("\\&", "&").strip("{} ")) if value else None


def _authors(value: str) -> list[str]:
    names = []
    for name in " ".join(value.split()).split(" and "):
        parts = [part.strip() for part in plain_text(name).split(",")]
        names.append(" ".join(reversed(parts)) if len(parts) == 2 else " ".join(parts))
    return [name for name in names if name != "others"]


def _keywords(value: str) -> list[str]:
    return re.split(r"[;,]", plain_text(value))
