"""What an importer is: rows out of a file, and a record out of a row."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from cocite.catalogue.ingest.cleaning import BadRecord
from cocite.catalogue.ingest.source import Source
from cocite.catalogue.records import Record

RAW_SHOWN = 2_000  # characters of a rejected row that are kept
_PART = 256  # bytes that a part which is no text is taken for


@dataclass(frozen=True, slots=True)
class Row:
    """One record as it stands in the file. line counts from 1.

    content is what the format's parse takes: bytes, a mapping, or a tuple whose last part is the row's own text.

    With a problem the row cannot be parsed and is rejected for that reason.
    """

    line: int
    content: Any
    problem: str = ""

    @property
    def size(self) -> int:
        """About how many bytes it takes up."""
        content = self.content
        if isinstance(content, bytes | str):
            return len(content)
        parts = content.values() if isinstance(content, dict) else content if isinstance(content, tuple) else ()
        return _PART + sum(len(part) if isinstance(part, bytes | str) else _PART for part in parts)

    @property
    def raw(self) -> str:
        """The head of it, for people."""
        content = self.content[-1] if isinstance(self.content, tuple) else self.content
        if isinstance(content, bytes):
            return content[: 4 * RAW_SHOWN].decode("utf-8", "replace")[:RAW_SHOWN]
        try:
            text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        except RecursionError:  # what can be read may be nested too deeply to be written
            text = "nested too deeply to be shown"
        return text[:RAW_SHOWN].encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class Format:
    """How one file is read. rows yields one Row a record; parse makes the record or raises BadRecord."""

    rows: Callable[[Source], Iterator[Row]]
    parse: Callable[[Any], Record]


def line_rows(source: Source) -> Iterator[Row]:
    """One row a line; empty lines are no records."""
    for line in source.lines():
        if line.problem or line.data.strip():
            yield Row(line.number, line.data, line.problem)


def parse_json(data: bytes) -> dict[str, Any]:
    """The object in a line of JSON. Raises BadRecord."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            raise BadRecord("not UTF-8") from None
        raise BadRecord("not JSON") from error
    if not isinstance(value, dict):
        raise BadRecord("not a JSON object")
    return value
