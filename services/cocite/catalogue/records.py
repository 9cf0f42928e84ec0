"""What importers hand to the catalogue: values already cleaned, ids already canonical."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Fields:
    """What is known of a paper apart from its ids. Empty means unknown.

    published_on: the day of publication; of a paper in the catalogue the day it is listed on as new (listing.py).
    """

    title: str = ""
    abstract: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str = ""
    keywords: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    published_on: date | None = None


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """One paper: all its ids (at least one), its fields, the ids it cites, what was wrong but bearable."""

    ids: tuple[str, ...]
    fields: Fields = field(default=Fields())
    references: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CitationRecord:
    """One paper cites another."""

    citing: str
    cited: str


@dataclass(frozen=True, slots=True)
class LibraryRecord:
    """A reader keeps a paper."""

    reader: str
    paper_id: str


Record = PaperRecord | CitationRecord | LibraryRecord


class Outcome(StrEnum):
    """What a record did: made something new, changed something known, or told nothing new."""

    STORED = "stored"
    MERGED = "merged"
    UNCHANGED = "unchanged"
