"""A paper as plain values, the same in every room."""

import hashlib
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Paper:
    """A scholarly work. paper_id and aliases are canonical ids; year is None when unknown.

    fields are its fields of study, as its source names them. citation_count and reference_count are filled by the
    catalogue when it reads a paper, and so is listed_on, the day that it is new on, None when there is none.
    """

    paper_id: str
    title: str = ""
    abstract: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str = ""
    aliases: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    citation_count: int = 0
    reference_count: int = 0
    listed_on: date | None = None


@dataclass(frozen=True, slots=True)
class PaperText:
    """What of a paper is embedded and indexed."""

    title: str = ""
    abstract: str = ""
    keywords: tuple[str, ...] = field(default=())

    def joined(self) -> str:
        """Title, line feed, abstract; keywords stand in where there is no abstract. "" when there is no text."""
        body = self.abstract.strip() or " ".join(self.keywords)
        return "\n".join(part for part in (self.title.strip(), body) if part)


def text_of(paper: Paper) -> str:
    """The text of a paper that is embedded, in training and in serving alike."""
    return PaperText(paper.title, paper.abstract, paper.keywords).joined()


def words_of(paper: Paper) -> str:
    """All words of a paper: title, abstract and keywords."""
    return "\n".join((paper.title, paper.abstract, *paper.keywords))


def content_hash(text: str) -> str:
    """Key of a text's vector: the first 32 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
