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
    clean_day,
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
_MACRO = re.compile(rb"""\s*@\s*string\s*[{(]\s*([^\s={}"(),#%]+)\s*=""", re.IGNORECASE)
_WORD = re.compile(rb"""[^\s={}"(),#%]+""")
_MAX_MACROS = 1 << 20  # bytes of @string definitions
_VENUES = ("journal", "journaltitle", "booktitle", "school", "institution", "publisher")
_ESCAPE = re.compile(r"\\([_%&#$~])|\\([A-Za-z]+)")
_CHARACTERS = {"textunderscore": "_", "textasciitilde": "~", "textless": "<", "textgreater": ">"}
_YEAR = re.compile(r"[0-9]{4}")


def detect(source: Source, default_scheme: str | None) -> Format:
    """The format of a file; there is but one."""
    return Format(rows, partial(parse, default_scheme=default_scheme))


def rows(source: Source) -> Iterator[Row]:
    """One row an entry: the @string definitions it may name, of those before it, and the entry's text.

    An entry begins at a line that starts with @name{ and ends where the next begins, so one that lacks a brace harms
    no other. What stands before the first entry is a comment in BibTeX; where no entry follows it is a bad row.
    """
    macros = _Macros()
    start, kind, size = 1, b"", 0
    block: list[bytes] = []

    def finished() -> Iterator[Row]:
        text = b"\n".join(block)
        if kind == b"string":
            macros.define(text)
        elif kind and kind not in _NO_WORK:
            too_long = size > MAX_LINE
            yield Row(start, block[0], "entry too long") if too_long else Row(start, (macros.named_in(text), text))

    for line in source.lines():
        if line.problem:
            yield Row(line.number, line.data, line.problem)
        elif opening := _ENTRY.match(line.data):
            yield from finished()
            start, kind, block, size = line.number, opening.group(1).lower(), [line.data], len(line.data)
        else:
            size += len(line.data) + 1
            if size <= MAX_LINE:
                block.append(line.data)
    yield from finished()
    if not kind and b"".join(block).strip():
        yield Row(1, block[0], "no BibTeX entry")


class _Macros:
    """@string definitions by name. An entry gets the few it names: parsing them all for each would be quadratic."""

    def __init__(self) -> None:
        self._definitions: dict[bytes, bytes] = {}
        self._size = 0

    def define(self, text: bytes) -> None:
        if (found := _MACRO.match(text)) and self._size + len(text) <= _MAX_MACROS:
            self._definitions[found.group(1).lower()] = text
            self._size += len(text)

    def named_in(self, text: bytes) -> bytes:
        words = dict.fromkeys(map(bytes.lower, _WORD.findall(text))) if self._definitions else ()
        return b"".join(self._definitions[word] + b"\n" for word in words if word in self._definitions)


def parse(content: tuple[bytes, bytes], *, default_scheme: str | None) -> PaperRecord:
    """An entry."""
    warnings: list[str] = []
    key, values = _entry(content, warnings)
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
        published_on=clean_day(values.get("date", "").partition("/")[0], "date", warnings),
    )
    ids = list(_ids(values))
    if not ids and default_scheme is not None:
        ids = [f"{default_scheme}:{key}"]
    if not ids:
        raise BadRecord("no doi, eprint, pmid or url that is a paper id")
    return make_record(ids, fields, (), warnings)


def _entry(content: tuple[bytes, bytes], warnings: list[str]) -> tuple[str, dict[str, str]]:
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
    enclosed_by = entry.parser_metadata.get("removed_enclosing", {})
    values = {}
    for field in entry.fields:
        value = str(field.value)
        if enclosed_by.get(field.key) == "no-enclosing" and "#" in value:
            warnings.append(f"{field.key.lower()} is put together by #, which is not read")
        else:
            values[field.key.lower()] = value
    return entry.key, values


def _duplicate(failed: list[Any]) -> bool:
    return any(hasattr(block, "duplicate_keys") for block in failed)


def _ids(values: dict[str, str]) -> Iterator[str]:
    if doi := _known(values.get("doi")):
        yield doi
    archive = (values.get("archiveprefix") or values.get("eprinttype") or "arxiv").strip().lower()
    if archive == "arxiv" and (eprint := values.get("eprint")):
        number = re.sub(r"(?i)^arxiv:", "", _without_tex(eprint).strip()).split(" ")[0]
        if found := _known(f"arxiv:{number}") or _known(number):
            yield found
    if pmid := _without_tex(values.get("pmid", "")).strip():
        yield f"pmid:{pmid}"
    if found := _known(values.get("url")):
        yield found


def _known(value: str | None) -> str | None:
    return clean_id(_without_tex(value)) if value else None


def _without_tex(value: str) -> str:
    """An id or URL without the escapes and braces that exporters put in: {\\_} is _ (no id holds a brace)."""
    text = _ESCAPE.sub(lambda found: found[1] or _CHARACTERS.get(found[2], ""), value)
    return text.replace("{", "").replace("}", "")


def _authors(value: str) -> list[str]:
    from bibtexparser.middlewares.names import split_multiple_persons_names

    names = []
    for name in split_multiple_persons_names(value):
        parts = [part.strip() for part in plain_text(" ".join(name.split())).split(",")]
        names.append(" ".join(reversed(parts)) if len(parts) == 2 else " ".join(parts))
    return [name for name in names if name != "others"]


def _keywords(value: str) -> list[str]:
    return re.split(r"[;,]", plain_text(value))
