"""Bytes read as a file of records is, by the importers."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from cocite.catalogue.ingest.format import Format
from cocite.catalogue.ingest.source import Source
from cocite.catalogue.ingest.taking import parse_row
from cocite.core.errors import InvalidArgument
from cocite.core.ids import normalise_id

Detect = Callable[[Source, str | None], Format]


def source_of(data: bytes) -> Source:
    """A file of these bytes."""
    raw: Any = io.BytesIO(data)  # which only tells how far the reading has come
    return Source(Path("fuzzed"), raw, io.BufferedReader(io.BytesIO(data)))


def take_all(data: bytes, detect: Detect, scheme: str | None) -> int:
    """How many rows became records; all of them are what the catalogue holds, and rejected ones can be listed."""
    taken = 0
    try:
        form = detect(source_of(data), scheme)
        for row in form.rows(source_of(data)):
            assert row.size >= 0
            record = parse_row(form.parse, row)
            if isinstance(record, str):
                orjson.dumps({"reason": record, "raw": row.raw})
                continue
            taken += 1
            for name in getattr(record, "ids", ()):
                assert normalise_id(name) == name, name
            orjson.dumps(record)  # all of it is Unicode that can be encoded
    except InvalidArgument:  # the whole file is refused
        pass
    return taken
