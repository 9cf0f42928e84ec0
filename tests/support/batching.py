"""Texts for a batcher, and a worker that is kept busy."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from cocite.embedding.batching import Batcher, Vector
from cocite.embedding.encoder import TokenizedText
from support.encoding import WatchedEncoder

LONG = 30.0


def text(length: int, start: int = 1) -> TokenizedText:
    return TokenizedText(tuple(range(start, start + length)), truncated=False)


def soon(seconds: float = LONG) -> float:
    return time.monotonic() + seconds


def until(condition: Callable[[], bool]) -> None:
    give_up = soon()
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.001)


def occupy(encoder: WatchedEncoder, batcher: Batcher, callers: ThreadPoolExecutor) -> Future[list[Vector]]:
    """Keep the one worker busy until the gate opens."""
    encoder.gate.clear()
    busy = callers.submit(batcher.encode, [text(5, 900_000)], soon())
    assert encoder.entered.acquire(timeout=LONG)
    return busy
