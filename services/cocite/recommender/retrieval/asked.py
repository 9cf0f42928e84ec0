"""A query as retrievers meet it: what several of them go by is worked out once."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from cocite.recommender.allowed import Allowed
from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Query

T = TypeVar("T")


class Asked:
    """One query to one bundle. For one thread."""

    def __init__(self, query: Query, bundle: Bundle) -> None:
        self.query = query
        self.bundle = bundle
        self._shared: dict[Callable[[Asked], Any], Any] = {}

    @cached_property
    def allowed(self) -> Allowed:
        """What may be in the answer."""
        return Allowed(self.query, self.bundle)

    def shared(self, make: Callable[["Asked"], T]) -> T:
        """make(self), worked out when it is first asked for. Of a bound method, one for each object it is bound to."""
        if make not in self._shared:
            self._shared[make] = make(self)
        found: T = self._shared[make]
        return found
