"""Rows of any source, taken into the catalogue and counted."""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from cocite.catalogue import writer
from cocite.catalogue.ingest.cleaning import BadRecord
from cocite.catalogue.ingest.format import Row
from cocite.catalogue.ingest.rejects import RejectsFile
from cocite.catalogue.ingest.summary import Summary
from cocite.catalogue.records import Outcome, PaperRecord, Record


def parse_row(parse: Callable[[Any], Record], row: Row) -> Record | str:
    """The record of a row, or why there is none."""
    if row.problem:
        return row.problem
    try:
        return parse(row.content)
    except BadRecord as bad:
        return bad.reason


def take(
    connection: sa.Connection,
    source: str,
    rows: Sequence[Row],
    parsed: Sequence[Record | str],
    summary: Summary,
    rejects: RejectsFile,
) -> list[Record]:
    """Write what was parsed (parse_row), count it, list what was rejected; the records that made something new.

    The transaction must be a writing one. source names in the list where the rows come from.
    """
    warnings: list[str] = []
    records = [item for item in parsed if not isinstance(item, str)]
    outcomes = writer.write(connection, records, warnings)
    summary.warnings.update(warnings)
    following = iter(outcomes)
    for row, item in zip(rows, parsed, strict=True):
        if isinstance(item, str):
            summary.reject(item)
            rejects.add(source, row, item)
        else:
            summary.add(next(following), item.warnings if isinstance(item, PaperRecord) else ())
    return [record for record, outcome in zip(records, outcomes, strict=True) if outcome is Outcome.STORED]
