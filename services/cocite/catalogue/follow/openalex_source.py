"""OpenAlex's API as a listing: the works that pass a filter, by their day of publication."""

import re
from datetime import datetime, timedelta
from typing import Any

from cocite.catalogue.follow.source import Page
from cocite.catalogue.ingest import openalex
from cocite.catalogue.ingest.cleaning import BadRecord
from cocite.catalogue.ingest.format import Row
from cocite.catalogue.openalex_api import PAGE, SELECT, Question
from cocite.catalogue.openalex_http import Api
from cocite.catalogue.polite_http import Validators
from cocite.catalogue.records import PaperRecord
from cocite.core.errors import Unavailable

_DATED = re.compile(r"(^|,)(from|to)_(publication|created|updated)_date:")


class OpenAlexSource:
    """Works that pass a filter in OpenAlex's syntax. One that names days itself is asked as it is."""

    overlap = timedelta(days=14)  # works come to OpenAlex days after they are published

    def __init__(self, api: Api, filter: str) -> None:
        Question(filter=filter)  # raises InvalidArgument where it is none
        self.name = f"openalex:{filter}"
        self._filter = filter
        self._api = api

    def page(self, since: datetime, position: str, known: Validators) -> Page | None:
        """As Source."""
        days = "" if _DATED.search(self._filter) else f",from_publication_date:{since.date()}"
        parameters = {
            "filter": self._filter + days,
            "sort": "publication_date:desc",
            "select": SELECT,
            "per_page": str(PAGE),
            "cursor": position or "*",
        }
        page = self._api.get_changed_works(parameters, known)
        if page is None:
            return None
        if page.next_cursor == parameters["cursor"]:
            raise Unavailable("OpenAlex gives the same page again and again")
        rows = [Row(place, work) for place, work in enumerate(page.works, 1)]
        return Page(rows, page.next_cursor if rows else "", page.validators)

    def parse(self, content: Any) -> PaperRecord:
        """As Source."""
        record = openalex.parse(content)
        if not record.fields.title:
            raise BadRecord("title is missing")
        return record
