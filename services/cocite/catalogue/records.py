"""What importers hand to the catalogue: values already cleaned, ids already canonical."""

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Fields:
    """What is known of a paper apart from its ids. Empty means unknown."""

    title: str = ""
    abstract: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str = ""
    keywords: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


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
