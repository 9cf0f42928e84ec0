"""Pages of works from OpenAlex's API, checked."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import orjson

from cocite.catalogue.polite_http import Answer, PoliteClient, Service, TryAgain, Validators
from cocite.core.errors import InvalidArgument
from cocite.core.outgoing import Network

OPENALEX = Service(
    name="OpenAlex",
    setting="COCITE_OPENALEX_URL",
    interval_s=0.2,  # the API allows ten a second
    passing=frozenset({403, 429, 500, 502, 503, 504}),  # 403 is its "too fast"
    hint="try later, or set COCITE_OPENALEX_API_KEY (a key is free)",
)
_MAILTO = re.compile(r"[^\s@]+@[^\s@]+")


@dataclass(frozen=True, slots=True)
class Page:
    """Works as the API gives them, how many there are in all, and the cursor of the next page, "" at the end."""

    works: list[dict[str, Any]]
    count: int
    next_cursor: str
    validators: Validators


class Api:
    """OpenAlex's API at url. mailto, a contact address, and api_key are sent along where given.

    sleep is what waiting is done with, private as of PoliteClient. Raises InvalidArgument for an address that is none.
    """

    def __init__(
        self,
        url: str,
        mailto: str = "",
        api_key: str = "",
        *,
        private: Sequence[Network] = (),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if mailto and not _MAILTO.fullmatch(mailto):
            raise InvalidArgument(f"{mailto!r} is not a mail address", field="COCITE_OPENALEX_MAILTO")
        credentials = {name: value for name, value in (("mailto", mailto), ("api_key", api_key)) if value}
        agent = f"cocite (mailto:{mailto})" if mailto else "cocite"
        self._client = PoliteClient(OPENALEX, url, agent=agent, credentials=credentials, private=private, sleep=sleep)
        self.url = self._client.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.__exit__(kind, error, trace)

    def get_works(self, parameters: dict[str, str]) -> Page:
        """One page of works. Raises InvalidArgument when the API refuses the question, else Unavailable."""
        page = self.get_changed_works(parameters, Validators())
        assert page is not None  # nothing is known that it could be
        return page

    def get_changed_works(self, parameters: dict[str, str], known: Validators) -> Page | None:
        """get_works, but None when the page is the one that is known."""
        return self._client.ask("/works", parameters, read_page, known)


def read_page(answer: Answer) -> Page:
    """The page in an answer. Raises TryAgain for what is none, InvalidArgument for a refusal."""
    if answer.status != 200:
        raise InvalidArgument(
            f"OpenAlex refuses the question with HTTP {answer.status}: {_message(answer.body)}",
            hint="check the filter",
            field="filter",
        )
    try:
        value = orjson.loads(answer.body)
        meta, works = value["meta"], value["results"]
        cursor, count = meta.get("next_cursor"), int(meta.get("count") or 0)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise TryAgain("the answer is no page of works") from None
    if not isinstance(works, list) or not all(isinstance(work, dict) for work in works):
        raise TryAgain("the answer is no page of works")
    return Page(works, count, cursor if isinstance(cursor, str) else "", answer.validators)


def _message(body: bytes) -> str:
    try:
        said = str(orjson.loads(body)["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        said = "no reason given"
    return "".join(char for char in said if char.isprintable())[:200]
