"""Which waiting texts are encoded together: the oldest, and those nearest to it in length.

A batch is padded to its longest text, and what is padded is computed for nothing. Packing by length keeps that
small; starting from the oldest keeps every text's wait bounded whatever else arrives.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

MAX_WASTE = 0.06  # share of padding in a batch of more than one text


class Sized(Protocol):
    """Something that waits, with its length in tokens."""

    @property
    def length(self) -> int:
        """Tokens, 1 or more."""


def padding_waste(lengths: Sequence[int]) -> float:
    """Share of padding in a batch of texts of these lengths."""
    return 1.0 - sum(lengths) / (len(lengths) * max(lengths))


@dataclass(slots=True)
class _Batch:
    """Lengths of a batch in the making. Its first text is taken whatever its length."""

    budget: int
    count: int
    tokens: int
    longest: int

    def take(self, length: int) -> bool:
        """Add a text if the batch stays within its budget and under MAX_WASTE; says whether it did."""
        count, tokens, longest = self.count + 1, self.tokens + length, max(self.longest, length)
        padded = count * longest
        if padded > self.budget or padded - tokens >= MAX_WASTE * padded:
            return False
        self.count, self.tokens, self.longest = count, tokens, longest
        return True


T = TypeVar("T", bound=Sized)


class WaitingTexts(Generic[T]):
    """Texts in order of arrival, found by length too. Not thread-safe; its owner locks."""

    def __init__(self) -> None:
        self.tokens = 0
        self._arrivals = 0
        self._by_age: OrderedDict[int, T] = OrderedDict()
        self._by_length: dict[int, OrderedDict[int, T]] = {}

    def __len__(self) -> int:
        return len(self._by_age)

    def __iter__(self) -> Iterator[T]:
        """Oldest first."""
        return iter(self._by_age.values())

    def add(self, text: T) -> None:
        """Put a text at the end of the queue."""
        self._by_age[self._arrivals] = text
        self._by_length.setdefault(text.length, OrderedDict())[self._arrivals] = text
        self._arrivals += 1
        self.tokens += text.length

    def pop_batch(self, budget: int) -> list[T]:
        """Take the oldest text and waiting ones of the nearest lengths, the older first among equals.

        The batch holds at most budget tokens, padding included, and less than MAX_WASTE of padding, unless it is one
        text alone. Empty only when nothing waits.
        """
        if not self._by_age:
            return []
        arrival, oldest = next(iter(self._by_age.items()))
        batch = [self._remove(arrival, oldest)]
        room = _Batch(budget, 1, oldest.length, oldest.length)
        for length in sorted(self._by_length, key=lambda length: (abs(length - oldest.length), length)):
            bucket = self._by_length[length]
            while bucket and room.take(length):
                batch.append(self._remove(*next(iter(bucket.items()))))
            if room.longest * (room.count + 1) > budget:
                break
        return batch

    def pop_if(self, condition: Callable[[T], bool]) -> list[T]:
        """Take every text of which condition holds, oldest first."""
        chosen = [(arrival, text) for arrival, text in self._by_age.items() if condition(text)]
        return [self._remove(arrival, text) for arrival, text in chosen]

    def _remove(self, arrival: int, text: T) -> T:
        del self._by_age[arrival]
        bucket = self._by_length[text.length]
        del bucket[arrival]
        if not bucket:
            del self._by_length[text.length]
        self.tokens -= text.length
        return text
