"""Pages of arXiv's API: Atom, read without entities, document types or anything else from outside."""

from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from cocite.catalogue.polite_http import Answer, TryAgain
from cocite.core.errors import InvalidArgument

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_ABSTRACT_PAGE = "/abs/"  # what the number of a paper stands behind
_ERROR_PAGE = "/api/errors"


@dataclass(frozen=True, slots=True)
class AtomPage:
    """Entries as lines of arXiv's metadata snapshot hold them (ingest/arxiv.py), and how many there are in all."""

    entries: list[dict[str, Any]]
    total: int


def read_page(answer: Answer) -> AtomPage:
    """The page in an answer. Raises TryAgain for what is none, InvalidArgument for a refusal."""
    try:
        feed = fromstring(answer.body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):  # LookupError: an encoding nobody knows
        feed = None
    entries = [] if feed is None or feed.tag != f"{_ATOM}feed" else feed.findall(f"{_ATOM}entry")
    refusals = [entry for entry in entries if _ERROR_PAGE in _text(entry, f"{_ATOM}id")]
    if refusals or answer.status != 200:
        said = _text(refusals[0], f"{_ATOM}summary")[:200] if refusals else "no reason given"
        said = "".join(char for char in said if char.isprintable())
        raise InvalidArgument(f"arXiv refuses the question with HTTP {answer.status}: {said}", field="follow")
    total = "" if feed is None else _text(feed, f"{_SEARCH}totalResults")
    if not total.isdecimal() or len(total) > 12:
        raise TryAgain("the answer is no page of papers")
    return AtomPage([_metadata(entry) for entry in entries], int(total))


def _metadata(entry: Element) -> dict[str, Any]:
    categories = [category.get("term", "") for category in entry.findall(f"{_ATOM}category")]
    names = [_text(author, f"{_ATOM}name") for author in entry.findall(f"{_ATOM}author")]
    return {
        "id": _text(entry, f"{_ATOM}id").rpartition(_ABSTRACT_PAGE)[2],
        "title": _text(entry, f"{_ATOM}title"),
        "abstract": _text(entry, f"{_ATOM}summary"),
        "authors_parsed": [[name] for name in names],
        "doi": _text(entry, f"{_ARXIV}doi"),
        "journal-ref": _text(entry, f"{_ARXIV}journal_ref"),
        "categories": " ".join(categories),
        "versions": [{"created": _text(entry, f"{_ATOM}published")}],
    }


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()
