"""Windows of load on the embedding service, with what the service itself counts meanwhile."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cocite.core.errors import NotReady
from cocite.embedding.throughput import BatchCounts
from cocite.load.requests import Call
from cocite.load.result import Result
from cocite.v1.embedding_service_pb2 import EmbedTextsRequest

METHOD = "/cocite.v1.EmbeddingService/EmbedTexts"


@dataclass(frozen=True, slots=True)
class Reading:
    """Of a running service: seconds of the clock, seconds of its CPU, what it has encoded, and how long each of its
    encoder's threads was ready to run while other processes held its core."""

    at_s: float
    cpu_s: float
    encoded: BatchCounts
    waited_s: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """What lies between two readings.

    seconds leave out the time in which the encoder waited for a core that other processes held: on a machine with
    nothing else to do they are those of the clock, clock_s.
    """

    clock_s: float
    seconds: float
    cpu_s: float
    encoded: BatchCounts

    @classmethod
    def between(cls, first: Reading, last: Reading) -> "Stretch":
        """From one reading to a later one."""
        clock_s = last.at_s - first.at_s
        waited = last.waited_s - first.waited_s
        return cls(clock_s, clock_s - waited, last.cpu_s - first.cpu_s, last.encoded.since(first.encoded))

    @property
    def tokens_per_s(self) -> float:
        """Tokens encoded a second, padding apart; 0 where nothing was measured."""
        return self.encoded.tokens / self.seconds if self.seconds > 0 else 0.0


class Watch:
    """Takes readings while a window of load runs, from the end of its warm-up to its last tick."""

    def __init__(self, read: Callable[[], Reading], warm_up_s: float) -> None:
        self._read = read
        self._warm_up_s = warm_up_s
        self._readings: list[Reading] = []

    def __call__(self, elapsed: float) -> bool:
        """Called by the load generator with the seconds since it began; never ends the window."""
        if elapsed >= self._warm_up_s:
            self._readings = [*self._readings[:1], self._read()]
        return False

    @property
    def stretch(self) -> Stretch:
        """What lies between the first and the last reading. Raises NotReady when there were not two."""
        if len(self._readings) < 2:
            raise NotReady("the window was over before it could be measured", hint="measure longer windows")
        return Stretch.between(self._readings[0], self._readings[1])


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch as the service saw it, and the load as the callers did; useful: share of encoded texts answered OK."""

    stretch: Stretch
    result: Result
    useful: float

    @property
    def texts_per_s(self) -> float:
        """Texts encoded a second."""
        return self.stretch.encoded.texts / self.stretch.seconds if self.stretch.seconds > 0 else 0.0

    @property
    def good_tokens_per_s(self) -> float:
        """Tokens a second of texts that were answered in time."""
        return self.stretch.tokens_per_s * self.useful


def numbered_calls(texts: Sequence[str], copies: int, seed: int) -> list[Call]:
    """A call for each text and copy, in an order drawn by the seed.

    Each begins with a number of its own, so that no two are one text, which the service would encode but once.
    """
    numbered = [f"{number} {text}" for number, text in enumerate(text for _ in range(copies) for text in texts)]
    random.Random(seed).shuffle(numbered)
    return [Call(METHOD, EmbedTextsRequest(texts=[text]).SerializeToString()) for text in numbered]


def useful_share(result: Result, encoded: BatchCounts) -> float:
    """Share of the texts encoded for a window, one a call, that reached a caller in time."""
    return min(1.0, result.answered_in_all / encoded.texts) if encoded.texts else 0.0
