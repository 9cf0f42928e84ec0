"""Encoders as tests use them: the real one loaded once, and one that shows and times what it is given."""

import threading
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from cocite.core.settings import load_settings
from cocite.embedding.encoder import TokenizedText
from cocite.embedding.encoders import HashingEncoder, MiniLmEncoder
from cocite.embedding.model_files import pull


@cache
def minilm(*, int8: bool = False) -> MiniLmEncoder:
    """The real encoder on the real files, fetched where they are not there yet."""
    return MiniLmEncoder(pull(load_settings()), int8=int8)


class WatchedEncoder(HashingEncoder):
    """A hashing encoder that notes its batches, and waits in encode while its gate is shut."""

    def __init__(self) -> None:
        self.batches: list[list[TokenizedText]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.failure: Exception | None = None
        self.lock = threading.Lock()

    def encode(self, batch: Sequence[TokenizedText]) -> npt.NDArray[np.float32]:
        with self.lock:
            self.batches.append(list(batch))
        self.entered.release()
        assert self.gate.wait(30)
        if self.failure:
            raise self.failure
        return super().encode(batch)


class ManualClock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class PacedEncoder(WatchedEncoder):
    """A watched encoder that takes a second of a manual clock for each token."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock

    def encode(self, batch: Sequence[TokenizedText]) -> npt.NDArray[np.float32]:
        vectors = super().encode(batch)
        self._clock.now += sum(len(text.token_ids) for text in batch)
        return vectors
