"""One request to OpenAlex's API at a time: spaced, retried within bounds, checked."""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx
import orjson

from cocite.core.errors import InvalidArgument, Unavailable

INTERVAL_S = 0.2  # between requests; the API allows ten a second
ATTEMPTS = 5
FIRST_BACKOFF_S = 1.0
LONGEST_WAIT_S = 60.0
REQUEST_S = 60.0  # for a whole answer
MAX_ANSWER = 64 << 20  # bytes
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_RETRIED = frozenset({403, 429, 500, 502, 503, 504})  # 403 is OpenAlex's "too fast"
_MAILTO = re.compile(r"[^\s@]+@[^\s@]+")


@dataclass(frozen=True, slots=True)
class Page:
    """Works as the API gives them, how many there are in all, and the cursor of the next page, "" at the end."""

    works: list[dict[str, Any]]
    count: int
    next_cursor: str


_LATER = "try later, or set COCITE_OPENALEX_API_KEY (a key is free)"
_NETWORK = "check the network and COCITE_OPENALEX_URL"


class _TryAgain(Exception):
    def __init__(self, said: str, wait_s: float | None = None, hint: str = _LATER) -> None:
        super().__init__(said)
        self.wait_s = wait_s
        self.hint = hint


class Api:
    """OpenAlex's API at url. mailto, a contact address, and api_key are sent along where given.

    sleep is what waiting is done with. Raises InvalidArgument for an address that is none.
    """

    def __init__(
        self, url: str, mailto: str = "", api_key: str = "", *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, TypeError):
            parsed = httpx.URL("")
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise InvalidArgument(f"{url!r} is not the address of an API", field="COCITE_OPENALEX_URL")
        if mailto and not _MAILTO.fullmatch(mailto):
            raise InvalidArgument(f"{mailto!r} is not a mail address", field="COCITE_OPENALEX_MAILTO")
        self.url = url.rstrip("/")
        self._credentials = {name: value for name, value in (("mailto", mailto), ("api_key", api_key)) if value}
        logging.getLogger("httpx").setLevel(logging.WARNING)  # below, it logs addresses with the key in them
        self._sleep = sleep
        self._next_at = 0.0
        agent = f"cocite (mailto:{mailto})" if mailto else "cocite"
        self._client = httpx.Client(timeout=_TIMEOUT, headers={"User-Agent": agent}, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get_works(self, parameters: dict[str, str]) -> Page:
        """One page of works. Raises InvalidArgument when the API refuses the question, else Unavailable."""
        backoff = FIRST_BACKOFF_S
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _page(self._get(parameters))
            except _TryAgain as failed:
                wait_s = backoff if failed.wait_s is None else failed.wait_s
                if attempt == ATTEMPTS or wait_s > LONGEST_WAIT_S:
                    raise Unavailable(
                        f"OpenAlex does not answer: {failed}",
                        hint=f"what was fetched is kept; {failed.hint}",
                        retry_after_s=wait_s,
                    ) from failed
                self._sleep(wait_s)
                backoff *= 2
        raise AssertionError("the last attempt returns or raises")

    def _get(self, parameters: dict[str, str]) -> bytes:
        if (early := self._next_at - time.monotonic()) > 0:
            self._sleep(early)
        self._next_at = time.monotonic() + INTERVAL_S
        try:
            with self._client.stream("GET", f"{self.url}/works", params={**parameters, **self._credentials}) as answer:
                if answer.status_code in _RETRIED:
                    raise _TryAgain(f"HTTP {answer.status_code}", _retry_after(answer.headers.get("Retry-After")))
                body = _read(answer)
        except httpx.HTTPError as error:
            raise _TryAgain(f"{type(error).__name__} {error}".strip()[:200], hint=_NETWORK) from error
        if answer.status_code == 401:
            raise InvalidArgument("OpenAlex does not know the key", field="COCITE_OPENALEX_API_KEY")
        if 400 <= answer.status_code < 500:
            raise InvalidArgument(
                f"OpenAlex refuses the question with HTTP {answer.status_code}: {_message(body)}",
                hint="check the filter",
                field="filter",
            )
        if answer.status_code != 200:
            raise Unavailable(f"OpenAlex answers HTTP {answer.status_code}", hint="check COCITE_OPENALEX_URL")
        return body


def _read(answer: httpx.Response) -> bytes:
    end = time.monotonic() + REQUEST_S
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER:
            raise Unavailable(f"OpenAlex answers more than {MAX_ANSWER >> 20} MiB", hint="check COCITE_OPENALEX_URL")
        if time.monotonic() > end:
            raise _TryAgain(f"no whole answer within {REQUEST_S:.0f} s")
    return bytes(body)


def _page(body: bytes) -> Page:
    try:
        value = orjson.loads(body)
        meta, works = value["meta"], value["results"]
        cursor, count = meta.get("next_cursor"), int(meta.get("count") or 0)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise _TryAgain("the answer is no page of works") from None
    if not isinstance(works, list) or not all(isinstance(work, dict) for work in works):
        raise _TryAgain("the answer is no page of works")
    return Page(works, count, cursor if isinstance(cursor, str) else "")


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait, from a header in either form; None where it says nothing readable."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return max(0.0, (at - datetime.now(UTC)).total_seconds()) if at.tzinfo else None


def _message(body: bytes) -> str:
    try:
        said = str(orjson.loads(body)["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        said = "no reason given"
    return "".join(char for char in said if char.isprintable())[:200]
