"""Answers kept in the memory of one process, as they went over the wire."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sized
from typing import Generic, TypeVar

ENTRY_BYTES = 512  # what Python needs for an entry beside the bytes of its request and answer, rounded up

T = TypeVar("T", bound=Sized)

_Key = tuple[str, bytes]


class AnswerMemory(Generic[T]):
    """Answers of one model by method and request, the least recently asked for gone first. Thread-safe.

    They come to max_bytes bytes at most, len() telling how many an answer has and ENTRY_BYTES for each entry included,
    and none is given out max_age_s seconds after it was put. clock returns seconds on a monotonic clock.
    """

    def __init__(self, max_bytes: int, max_age_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._clock = clock
        self._lock = threading.Lock()
        self._model = ""
        self._entries: OrderedDict[_Key, tuple[float, T]] = OrderedDict()  # when it is too old, and the answer
        self._bytes = 0

    @property
    def model(self) -> str:
        """Name of the model whose answers are kept, "" before the first serves."""
        return self._model

    @property
    def size(self) -> int:
        """Bytes that count towards max_bytes."""
        return self._bytes

    def serve(self, model: str) -> None:
        """Keep answers of this model from now on; those of another are gone."""
        with self._lock:
            if model != self._model:
                self._model = model
                self._entries = OrderedDict()
                self._bytes = 0

    def get(self, method: str, request: bytes) -> T | None:
        """The answer to a request, None when it is not there.

        Takes no lock, which every answered call would queue for: each step is one operation of an OrderedDict whose
        keys compare without running Python code, hence atomic.
        """
        entries = self._entries
        key = (method, request)
        entry = entries.get(key)
        if entry is None or entry[0] <= self._clock():
            return None
        try:
            entries.move_to_end(key)
        except KeyError:  # another thread has just let it go
            return None
        return entry[1]

    def put(self, model: str, method: str, request: bytes, answer: T) -> None:
        """Keep an answer if it is of the model that serves and not too large by itself."""
        key, size = (method, request), _size(request, answer)
        with self._lock:
            if model != self._model or size > self._max_bytes:
                return
            if before := self._entries.pop(key, None):
                self._bytes -= _size(request, before[1])
            while self._bytes + size > self._max_bytes:
                (_, oldest), (_, gone) = self._entries.popitem(last=False)
                self._bytes -= _size(oldest, gone)
            self._entries[key] = (self._clock() + self._max_age_s, answer)
            self._bytes += size


def _size(request: bytes, answer: Sized) -> int:
    return len(request) + len(answer) + ENTRY_BYTES
