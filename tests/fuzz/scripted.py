"""A service whose every answer is the same bytes."""

from collections.abc import Callable, Mapping
from typing import Any

from cocite.catalogue.polite_http import Answer, Validators

_UNKNOWN = Validators()


class Scripted:
    """Stands in for a PoliteClient: the network has no part in how an answer is read."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def ask(
        self, path: str, parameters: Mapping[str, str], read: Callable[[Answer], Any], known: Validators = _UNKNOWN
    ) -> Any:
        return read(Answer(200, self._body, _UNKNOWN))
