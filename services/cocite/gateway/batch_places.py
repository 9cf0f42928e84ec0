"""How many batches may be under way. They last, and must not take all places of requests."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from cocite.core.errors import Overloaded

_PART = 8  # one of so many places of requests may be a batch's
_MOST_OF_ONE = 4  # of one caller
_RETRY_S = 5.0


class Places:
    """Places of batches, where most_requests may be under way at once."""

    def __init__(self, most_requests: int) -> None:
        self._most = max(1, most_requests // _PART)
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, caller: str) -> Iterator[None]:
        """Hold one. Raises Overloaded where there is none, or the caller has enough."""
        if self._taken.total() >= self._most:
            raise Overloaded(f"{self._most} batches are under way, which is the most", retry_after_s=_RETRY_S)
        if self._taken[caller] >= _MOST_OF_ONE:
            raise Overloaded(
                f"{_MOST_OF_ONE} batches of yours are under way, which is the most", retry_after_s=_RETRY_S
            )
        self._taken[caller] += 1
        try:
            yield
        finally:
            self._taken[caller] -= 1
            self._taken += Counter()  # lets go of callers that have none
