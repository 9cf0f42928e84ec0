"""Whether a feed has changed since somebody asked for it (RFC 9110, 13)."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b

_MOST_REMEMBERED = 4096  # addresses, some 200 bytes each


class Changes:
    """Since when each feed is as it is, as far as this process has seen; the least recently asked for goes first."""

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, tuple[str, datetime]] = OrderedDict()

    def since(self, address: str, etag: str, now: datetime) -> datetime:
        """Since when, to the second. Of the address, which may hold a token, only a hash is kept."""
        key = blake2b(address.encode(), digest_size=16).digest()
        known = self._seen.pop(key, None)
        current = known if known is not None and known[0] == etag else (etag, now.replace(microsecond=0))
        self._seen[key] = current
        if len(self._seen) > _MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return current[1]


def is_known(asked: Mapping[str, str], etag: str, modified: datetime) -> bool:
    """Whether the headers of a request say that its sender has what has this etag, or is of this time."""
    if (etags := asked.get("if-none-match")) is not None:
        given = {each.strip().removeprefix("W/") for each in etags.split(",")}
        return not given.isdisjoint({"*", etag.removeprefix("W/")})
    return _has_since(asked.get("if-modified-since", ""), modified)


def _has_since(date: str, modified: datetime) -> bool:
    try:
        since = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):  # what is no date says nothing
        return False
    return since.replace(tzinfo=since.tzinfo or UTC) >= modified
