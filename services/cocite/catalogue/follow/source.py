"""What is followed: a part of an API's listing, newest first, page by page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from cocite.catalogue.ingest.format import Row
from cocite.catalogue.polite_http import Validators
from cocite.catalogue.records import PaperRecord


@dataclass(frozen=True, slots=True)
class Page:
    """Entries of a listing, newest first. next_position asks for the page after this one; "" when it is the last."""

    rows: list[Row]
    next_position: str
    validators: Validators


class Source(Protocol):
    """A listing that is followed.

    name: as the user writes it. overlap: how long before the last look entries may be dated that are listed after it.
    """

    name: str
    overlap: timedelta

    def page(self, since: datetime, position: str, known: Validators) -> Page | None:
        """The page at a position, "" for the first, of what is dated since then; None when it is the one known.

        Raises InvalidArgument when the API refuses the question, else Unavailable.
        """

    def parse(self, content: Any) -> PaperRecord:
        """The record of a row's content. Raises BadRecord."""
