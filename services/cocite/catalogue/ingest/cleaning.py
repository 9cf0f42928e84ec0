"""Raw values of any source, made into what the catalogue holds.

Text is NFC, one line, without control or invisible characters and without the markup that publishers leave in titles
and abstracts. What is bearable (a year out of range, a reference that is no id) becomes a warning that is counted;
what is not raises BadRecord and the record is rejected with that reason.
"""

import html
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from cocite.catalogue.records import Fields, PaperRecord
from cocite.core.ids import SCHEMES, try_normalise_id
from cocite.core.unicode_text import normalised

NOT_AN_ID = "id is not a paper id"
MAX_TITLE = 2_000
MAX_ABSTRACT = 100_000
MAX_NAME = 500
MAX_READER = 200
MAX_IDS = 64
MAX_KEYWORDS = 64
MAX_FIELDS = 16
YEARS = range(1000, 2101)
_SPARE = 8  # times its limit that a text may have before it is cleaned: markup and entities take up room

_PARTIAL_DATE = re.compile(r"[0-9]{4}(-[0-9]{2})?")  # a year or a month: no day is known
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?")

_TAGS = "i|b|em|strong|bold|italic|u|tt|sc|scp|small|sub|sup|inf|span|a|p|br|div|sec|title|li|ul|ol|h[1-6]"
_ATTRIBUTE = r"""\s+[a-z_:][a-z0-9_.:-]*\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+)"""
_MARKUP = re.compile(
    rf"<(?P<end>/?)(?P<name>(?:jats|mml|xhtml|m):[a-z-]+|math|m[a-z]{{1,9}}|{_TAGS})(?:{_ATTRIBUTE})*\s*(?P<empty>/?)>",
    re.IGNORECASE,
)
_NEVER_CLOSED = ("br",)
_INLINE = re.compile(r"</?(?:jats:)?(?:i|b|em|strong|bold|italic|u|tt|scp?|sub|sup|inf|span)\b", re.IGNORECASE)
# Controls, soft hyphen, zero-width and bidirectional marks, byte-order mark, lone surrogates, noncharacters.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)


class BadRecord(Exception):
    """This record cannot be stored; the reason names the field."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def clean_text(value: Any, name: str, limit: int, warnings: list[str]) -> str:
    """One line of text; "" for None. Text over limit characters is cut, with a warning."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadRecord(f"{name} is not text")
    text = value[: _SPARE * limit]  # cleaning takes time, and what is behind would be cut anyway
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _without_markup(text)
    text = " ".join(normalised("NFC", _INVISIBLE.sub("", text)).split())
    if len(text) > limit or len(value) > _SPARE * limit:
        warnings.append(f"{name} cut at {limit} characters")
        text = text[:limit].rstrip()
    return text


def _without_markup(text: str) -> str:
    """The text without tags. What is opened and nowhere closed is no tag but text, as in a<b>c."""
    closed = {match["name"].lower() for match in _MARKUP.finditer(text) if match["end"]}

    def replacement(match: re.Match[str]) -> str:
        name = match["name"].lower()
        if not (match["end"] or match["empty"] or name in closed or name in _NEVER_CLOSED or ":" in name):
            return match.group()
        return "" if _INLINE.match(match.group()) else " "

    return _MARKUP.sub(replacement, text)


def clean_year(value: Any, warnings: list[str]) -> int | None:
    """The year, or None where it is missing, not a whole number (both with a warning but for missing) or absurd."""
    if value is None or value == "":
        return None
    try:
        number = float(value)
        year = int(number)
    except (TypeError, ValueError, OverflowError):
        warnings.append("year is not a number")
        return None
    if isinstance(value, bool) or year != number:
        warnings.append("year is not a number")
        return None
    if year not in YEARS:
        warnings.append(f"year outside {YEARS[0]} to {YEARS[-1]}")
        return None
    return year


def clean_day(value: Any, name: str, warnings: list[str]) -> date | None:
    """The day of a date: of ISO 8601 (2024-03-06, also with a time) or of mail (Mon, 2 Apr 2007 19:18:42 GMT).

    Times with a zone are taken to UTC. None where it is missing, a year or month alone, or unreadable (with a warning).
    """
    if value is None or value == "" or (isinstance(value, str) and _PARTIAL_DATE.fullmatch(value.strip())):
        return None
    try:
        text = value.strip()
        moment = datetime.fromisoformat(text) if _DATE.fullmatch(text) else parsedate_to_datetime(text)
        day = (moment.astimezone(UTC) if moment.tzinfo else moment).date()
    except (AttributeError, TypeError, ValueError, OverflowError):
        warnings.append(f"{name} is not a date")
        return None
    if day.year not in YEARS:
        warnings.append(f"{name} outside {YEARS[0]} to {YEARS[-1]}")
        return None
    return day


def clean_names(values: Any, name: str, warnings: list[str], limit: int | None = None) -> tuple[str, ...]:
    """Distinct non-empty names in order, at most limit of them. A single text is split at semicolons."""
    if values is None:
        return ()
    parts: Iterable[Any] = values.split(";") if isinstance(values, str) else values
    if not isinstance(parts, list | tuple):
        raise BadRecord(f"{name} is not a list")
    names = dict.fromkeys(clean_text(part, name, MAX_NAME, warnings) for part in parts)
    names.pop("", None)
    return tuple(names)[:limit]


def clean_id(value: Any, default_scheme: str | None = None) -> str | None:
    """Canonical id of a value in any spelling; None when it is no id.

    With default_scheme "local" a bare value becomes local:value, even one that looks like a paper's number elsewhere
    (17, W12, P19-1001, 1706.03762). A value with a colon or a slash (arxiv:1706.03762, a URL, a DOI) is not bare, and
    becomes local only where no scheme fits it and it names none.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    bare = ":" not in value and "/" not in value
    found = None if bare and default_scheme is not None else try_normalise_id(value)
    if found is None and default_scheme is not None and value.partition(":")[0].lower() not in SCHEMES:
        found = try_normalise_id(f"{default_scheme}:{value.strip()}")
    return found


def require_id(value: Any, name: str, default_scheme: str | None = None) -> str:
    """clean_id, or BadRecord."""
    found = clean_id(value, default_scheme)
    if found is None:
        raise BadRecord(f"{name} is missing" if value in (None, "") else f"{name} is not a paper id")
    return found


def make_record(
    ids: Iterable[Any],
    fields: Fields,
    references: Iterable[Any],
    warnings: list[str],
    default_scheme: str | None = None,
) -> PaperRecord:
    """A paper record from raw ids and references; empty ids are passed over, wrong ones are warnings.

    Raises BadRecord when no usable id is left, or more than MAX_IDS.
    """
    given = [value for value in ids if value not in (None, "")]
    known = dict.fromkeys(clean_id(value, default_scheme) for value in given)
    if None in known:
        del known[None]
        warnings.append("id in no known form")
    canonical = tuple(name for name in known if name)
    if not canonical:
        raise BadRecord(NOT_AN_ID if given else "id is missing")
    if len(canonical) > MAX_IDS:
        raise BadRecord(f"more than {MAX_IDS} ids")
    cited: dict[str, None] = {}
    for value in references:
        reference = clean_id(value, default_scheme)
        if reference is None:
            warnings.append("reference in no known form")
        elif reference in canonical:
            warnings.append("reference to itself")
        elif reference in cited:
            warnings.append("reference given twice")
        else:
            cited[reference] = None
    return PaperRecord(canonical, fields, tuple(cited), tuple(warnings))


def as_list(value: Any, name: str) -> list[Any]:
    """value where it is a list, [] for None; BadRecord for anything else."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadRecord(f"{name} is not a list")
    return value


def as_dict(value: Any, name: str) -> dict[str, Any]:
    """value where it is an object, {} for None; BadRecord for anything else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRecord(f"{name} is not an object")
    return value
