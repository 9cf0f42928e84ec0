"""The wire cache: from the bytes of a request to the bytes of its answer, before anything is parsed.

The first level is the memory of the process, the second is whatever replicas share. Equal requests under way at once
are computed once ("single flight"). An answer is kept only if whoever made it calls it Cacheable, and only while the
model that made it serves. See docs/decisions/0017-the-wire-cache.md.
"""

import threading
from collections.abc import Callable
from typing import NamedTuple, Protocol

from google.protobuf.message import Message

from cocite.serving.answer_memory import AnswerMemory
from cocite.serving.computing import waiting
from cocite.serving.deadline import Deadline
from cocite.serving.tally import Tally

MAX_ANSWER_BYTES = 1 << 20  # larger ones are rare, and would drive many others out
WAIT_SHARE, WAIT_AT_MOST_S = 0.3, 1.0  # of its time that a call waits for an equal one before it computes by itself


class Cacheable(NamedTuple):
    """What a behaviour returns instead of a bare answer when equal requests may have it again while model serves.

    answer is a message, or its bytes.
    """

    answer: Message | bytes
    model: str


class Computed(NamedTuple):
    """The bytes of an answer, and the model that it may be kept for; none when model is ""."""

    body: bytes
    model: str = ""


class SecondLevel(Protocol):
    """Answers that several processes share. Neither method raises."""

    def get(self, model: str, method: str, request: bytes) -> bytes | None:
        """The answer that model gave to a request, None on any doubt."""

    def put(self, model: str, method: str, request: bytes, answer: bytes) -> None:
        """Keep an answer, sooner or later; returns at once."""


class _Flight:
    """A computation that equal calls wait for; body is None when it failed or must not be shared.

    A lock, held until it lands, does what an Event does at a tenth of the cost: every computed call makes one.
    """

    __slots__ = ("_flying", "body")

    def __init__(self) -> None:
        self._flying = threading.Lock()
        self._flying.acquire()
        self.body: bytes | None = None

    def land(self) -> None:
        """Let those who wait go on."""
        self._flying.release()

    def wait(self, timeout_s: float) -> None:
        """Return when it has landed, or after so many seconds."""
        if self._flying.acquire(timeout=timeout_s):
            self._flying.release()


class WireCache:
    """Answers of the methods named, as "/package.Service/Method". Thread-safe.

    misses counts what was asked of answer(); who calls get() counts its hits.
    """

    def __init__(self, methods: frozenset[str], memory: AnswerMemory[bytes], second: SecondLevel | None = None) -> None:
        self.methods = methods
        self.get = memory.get  # the whole cost of a hit
        self._memory = memory
        self.second = second
        self.misses = Tally()
        self._flights: dict[tuple[str, str, bytes], _Flight] = {}  # as many as calls under way

    @property
    def size(self) -> int:
        """Bytes of answers in memory."""
        return self._memory.size

    def serve(self, model: str) -> None:
        """Called right before model begins to serve: what others have answered is freed."""
        self._memory.serve(model)

    def answer(self, method: str, request: bytes, compute: Callable[[], Computed], deadline: Deadline) -> bytes:
        """The answer to a request that get() did not have. Raises whatever compute raises in this very call."""
        self.misses.add()
        key = (self._memory.model, method, request)
        mine = _Flight()
        flight = self._flights.setdefault(key, mine)  # one operation of a dict, hence atomic
        if flight is not mine:
            with waiting():
                flight.wait(deadline.share(WAIT_SHARE, WAIT_AT_MOST_S))
            return self._computed(method, request, compute).body if flight.body is None else flight.body
        try:
            found = self._found(*key)
            computed = self._computed(method, request, compute) if found is None else found
            if computed.model:
                flight.body = computed.body
            return computed.body
        finally:
            del self._flights[key]
            flight.land()

    def _found(self, model: str, method: str, request: bytes) -> Computed | None:
        body = self.get(method, request)  # where an equal call that has just landed left it
        if body is None and self.second is not None and model:
            with waiting():
                body = self.second.get(model, method, request)
            if body is not None:
                self._memory.put(model, method, request, body)
        return None if body is None else Computed(body, model)

    def _computed(self, method: str, request: bytes, compute: Callable[[], Computed]) -> Computed:
        computed = compute()
        if computed.model and computed.model == self._memory.model and len(computed.body) <= MAX_ANSWER_BYTES:
            self._memory.put(computed.model, method, request, computed.body)
            if self.second is not None:
                self.second.put(computed.model, method, request, computed.body)
        return computed
