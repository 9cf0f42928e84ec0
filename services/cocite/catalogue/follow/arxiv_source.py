"""arXiv's API as a listing: the papers of some categories by the time of their first submission.

Terms of use: https://info.arxiv.org/help/api/tou.html (one request in three seconds, one connection at a time);
parameters: https://info.arxiv.org/help/api/user-manual.html.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cocite.catalogue.follow.arxiv_atom import AtomPage, read_page
from cocite.catalogue.follow.source import Page
from cocite.catalogue.ingest import arxiv
from cocite.catalogue.ingest.cleaning import BadRecord
from cocite.catalogue.ingest.format import Row
from cocite.catalogue.polite_http import Answer, PoliteClient, Service, TryAgain, Validators
from cocite.catalogue.records import PaperRecord
from cocite.core.errors import InvalidArgument

ARXIV = Service(name="arXiv", setting="COCITE_ARXIV_URL", interval_s=3.0, max_answer=16 << 20)
PAGE = 200  # entries
MAX_CATEGORIES = 64
_CATEGORY = re.compile(r"[a-z]+(-[a-z]+)*(\.([A-Z]{2}|[a-z]+(-[a-z]+)*|\*))?")


class ArxivSource:
    """Papers of any of the categories, such as cs.DL or stat.ML; cs.* is all of computer science."""

    overlap = timedelta(days=7)  # what is submitted is listed a weekend later at most, and held back by some for longer

    def __init__(self, client: PoliteClient, categories: Sequence[str]) -> None:
        wrong = [name for name in categories if not _CATEGORY.fullmatch(name)]
        if wrong or not 0 < len(categories) <= MAX_CATEGORIES:
            raise InvalidArgument(
                f"{wrong[0]!r} is no category of arXiv" if wrong else f"not 1 to {MAX_CATEGORIES} categories of arXiv",
                hint="write them as arxiv:cs.DL or arxiv:cs.CL+cs.IR",
                field="follow",
            )
        names = sorted(set(categories))
        self.name = "arxiv:" + "+".join(names)
        self._query = " OR ".join(f"cat:{name}" for name in names)
        self._client = client

    def page(self, since: datetime, position: str, known: Validators) -> Page | None:
        """As Source."""
        start = int(position or 0)
        parameters = {
            "search_query": self._query,
            "sortBy": "submittedDate",
            "sortOrder": "descending",
            "start": str(start),
            "max_results": str(PAGE),
        }

        def read(answer: Answer) -> Page:
            return _page(read_page(answer), start, since, answer.validators)

        return self._client.ask("/api/query", parameters, read, known)

    def parse(self, content: Any) -> PaperRecord:
        """As Source."""
        if not content["title"]:
            raise BadRecord("title is missing")
        return arxiv.parse_metadata(content)


def _page(page: AtomPage, start: int, since: datetime, validators: Validators) -> Page:
    if len(page.entries) > PAGE:
        raise TryAgain(f"more than the {PAGE} entries asked for")
    end = start + len(page.entries)
    if not page.entries and start < page.total:
        raise TryAgain("a page without entries, though there are more")  # its known fault under load
    moments = [_submitted(entry) for entry in page.entries]
    rows = [
        Row(start + place, entry)
        for place, (entry, moment) in enumerate(zip(page.entries, moments, strict=True), 1)
        if moment is None or moment >= since
    ]
    older = any(moment is not None and moment < since for moment in moments)
    last = older or end >= page.total
    return Page(rows, "" if last else str(end), validators)


def _submitted(entry: dict[str, Any]) -> datetime | None:
    try:
        moment = datetime.fromisoformat(entry["versions"][0]["created"])
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
