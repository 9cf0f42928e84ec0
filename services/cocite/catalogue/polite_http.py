"""Questions to a public API, asked politely: one at a time, spaced, retried within bounds, no larger than agreed."""

import ipaddress
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self, TypeVar

import httpx

from cocite.catalogue.packed_body import Damaged, unpacked_body
from cocite.core.errors import InvalidArgument, Unavailable
from cocite.core.outgoing import Network, open_client

ATTEMPTS = 5
FIRST_BACKOFF_S = 1.0  # each wait is drawn between half of it and all, and doubles
LONGEST_WAIT_S = 60.0
REQUEST_S = 60.0  # for a whole answer
_MAX_VALIDATOR = 1024  # characters
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Service:
    """An API: its name, the setting that holds its address, seconds between requests, statuses that pass by.

    max_answer: bytes that an answer may have, unpacked.
    """

    name: str
    setting: str
    interval_s: float
    passing: frozenset[int] = frozenset({429, 500, 502, 503, 504})
    hint: str = "try later"
    max_answer: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Validators:
    """What an answer can be recognised by when it is asked for again; asked tells the question it belongs to."""

    etag: str = ""
    last_modified: str = ""
    asked: str = ""

    def headers(self, asked: str) -> dict[str, str]:
        """Headers that ask for the answer to a question only where it has changed."""
        if asked != self.asked:
            return {}
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of an answer with status 200, or of one that refuses the question (other than 401)."""

    status: int
    body: bytes
    validators: Validators


class TryAgain(Exception):
    """The answer is none, but may be one the next time; wait_s: as the server asks."""

    def __init__(self, said: str, wait_s: float | None = None, hint: str = "") -> None:
        super().__init__(said)
        self.wait_s = wait_s
        self.hint = hint


class PoliteClient:
    """A service at an address. credentials are sent along as parameters; sleep is what waiting is done with; private
    networks are those it may lie in though they are not public (core/outgoing.py).

    Redirects are not followed. Raises InvalidArgument for an address that is none, or would send in the clear what
    leaves this machine.
    """

    def __init__(
        self,
        service: Service,
        url: str,
        *,
        agent: str = "cocite",
        credentials: Mapping[str, str] | None = None,
        private: Sequence[Network] = (),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        _check_address(url, service.setting)
        self.url = url.rstrip("/")
        self._service = service
        self._credentials = dict(credentials or {})
        logging.getLogger("httpx").setLevel(logging.WARNING)  # below, it logs addresses with the key in them
        self._sleep = sleep
        self._next_at = 0.0
        headers = {"User-Agent": agent, "Accept-Encoding": "gzip"}
        self._client = open_client(url, private, timeout=_TIMEOUT, headers=headers, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(
        self,
        path: str,
        parameters: Mapping[str, str],
        read: Callable[[Answer], T],
        known: Validators = Validators(),
    ) -> T | None:
        """What read makes of the answer; None where it is the one that is known already.

        read raises TryAgain for an answer that is broken, and InvalidArgument for a refusal (a status from 400 to
        499, but not 401). Raises Unavailable when no good answer comes.
        """
        backoff = FIRST_BACKOFF_S
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self._get(path, parameters, known)
                return None if answer is None else read(answer)
            except TryAgain as failed:
                wait_s = backoff * random.uniform(0.5, 1.0) if failed.wait_s is None else failed.wait_s
                if attempt == ATTEMPTS or wait_s > LONGEST_WAIT_S:
                    raise Unavailable(
                        f"{self._service.name} does not answer: {failed}",
                        hint=f"what was fetched is kept; {failed.hint or self._service.hint}",
                        retry_after_s=wait_s,
                    ) from failed
                self._sleep(wait_s)
                backoff *= 2
        raise AssertionError("the last attempt returns or raises")

    def _get(self, path: str, parameters: Mapping[str, str], known: Validators) -> Answer | None:
        if (early := self._next_at - time.monotonic()) > 0:
            self._sleep(early)
        self._next_at = time.monotonic() + self._service.interval_s
        asked = str(httpx.URL(self.url + path, params=dict(parameters)))
        headers = known.headers(asked)
        try:
            all_parameters = {**parameters, **self._credentials}
            with self._client.stream("GET", self.url + path, params=all_parameters, headers=headers) as answer:
                status = answer.status_code
                if status in self._service.passing:
                    raise TryAgain(f"HTTP {status}", _retry_after(answer.headers.get("Retry-After")))
                body = b"" if status == 304 else self._body(answer)
        except httpx.HTTPError as error:
            hint = f"check the network and {self._service.setting}"
            raise TryAgain(f"{type(error).__name__} {error}".strip()[:200], hint=hint) from error
        if status == 304 and headers:
            return None
        if status == 401:
            raise InvalidArgument(
                f"{self._service.name} does not know the key", field=self._service.setting.replace("_URL", "_API_KEY")
            )
        if status != 200 and not 400 <= status < 500:
            raise Unavailable(f"{self._service.name} answers HTTP {status}", hint=f"check {self._service.setting}")
        validators = Validators(_validator(answer, "ETag"), _validator(answer, "Last-Modified"), asked)
        return Answer(status, body, validators)

    def _body(self, answer: httpx.Response) -> bytes:
        end = time.monotonic() + REQUEST_S
        body = bytearray()
        try:
            for chunk in unpacked_body(answer.headers.get("Content-Encoding", ""), answer.iter_raw()):
                body += chunk
                if len(body) > self._service.max_answer:
                    raise Unavailable(
                        f"{self._service.name} answers more than {self._service.max_answer:,} bytes",
                        hint=f"check {self._service.setting}",
                    )
                if time.monotonic() > end:
                    raise TryAgain(f"no whole answer within {REQUEST_S:.0f} s")
        except Damaged as damaged:
            raise TryAgain(str(damaged)) from None
        return bytes(body)


def _check_address(url: str, setting: str) -> None:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise InvalidArgument(f"{url!r} is not the address of an API", field=setting)
    if parsed.scheme == "http" and not _is_loopback(parsed.host):
        raise InvalidArgument(f"{url!r} is not encrypted", hint=f"let {setting} begin with https://", field=setting)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _validator(answer: httpx.Response, name: str) -> str:
    value = answer.headers.get(name, "")
    return value if len(value) <= _MAX_VALIDATOR and value.isascii() and value.isprintable() else ""


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
