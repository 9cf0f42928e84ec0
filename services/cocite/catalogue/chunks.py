"""Cutting a stream into lists."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def chunked(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of size values each, the last one shorter."""
    remaining = iter(values)
    while chunk := list(islice(remaining, size)):
        yield chunk
