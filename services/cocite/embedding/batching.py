"""The batcher: callers bring texts and wait, workers encode what waits in well-packed batches."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cocite.core.errors import DeadlineExceeded, InvalidArgument, Overloaded, Unavailable
from cocite.embedding.encoder import Encoder, TokenizedText
from cocite.embedding.packing import WaitingTexts

Vector = npt.NDArray[np.float32]
_SMOOTHING = 0.2  # weight of the newest batch in the measured throughput
_SHORTEST_RETRY_S = 0.05
_UNMEASURED_RETRY_S = 1.0


@dataclass(slots=True, eq=False)
class _Job:
    """A text and everyone who waits for it; expires_at is the latest of their deadlines."""

    text: TokenizedText
    expires_at: float
    result: Future[Vector] = field(default_factory=Future)

    @property
    def length(self) -> int:
        return len(self.text.token_ids)


class Batcher:
    """Encodes texts for many callers at once.

    A worker that is free takes the oldest waiting text with those nearest in length (see packing), at once and
    however few there are. Identical texts that wait or are being encoded are encoded once. Texts whose callers have
    run out of time are dropped unencoded. At most queue_tokens tokens wait; batch_tokens bounds a batch with its
    padding. Thread-safe. Each of the workers is a thread that calls encoder.encode.
    """

    def __init__(self, encoder: Encoder, *, queue_tokens: int, batch_tokens: int, workers: int) -> None:
        self._encoder = encoder
        self._queue_tokens = queue_tokens
        self._batch_tokens = batch_tokens
        self._changed = threading.Condition()
        self._waiting: WaitingTexts[_Job] = WaitingTexts()
        self._jobs: dict[tuple[int, ...], _Job] = {}  # waiting or being encoded
        self._idle = workers
        self._tokens_per_s = 0.0  # of all workers together, 0 until measured
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"encoder-{number}", daemon=True) for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting_tokens(self) -> int:
        """Tokens that wait for a worker."""
        return self._waiting.tokens

    def encode(self, texts: Sequence[TokenizedText], expires_at: float) -> list[Vector]:
        """Vectors (dimension,), read-only, of the texts; expires_at is on the monotonic clock.

        All texts of a call are taken or none. Raises Overloaded when they do not fit in the queue now,
        InvalidArgument when they never will, DeadlineExceeded at expires_at, Unavailable when closed.
        """
        jobs = self._submit(texts, expires_at)
        try:
            return [job.result.result(max(0.0, expires_at - time.monotonic())) for job in jobs]
        except FutureTimeout:
            raise DeadlineExceeded("the deadline passed while the texts waited or were encoded") from None

    def close(self, timeout_s: float = 10.0) -> None:
        """Refuse new texts, encode those that wait, end the workers. What is left after timeout_s is refused too."""
        give_up_at = time.monotonic() + timeout_s
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(max(0.0, give_up_at - time.monotonic()))
        with self._changed:
            while left := self._waiting.pop_batch(self._batch_tokens):
                for job in left:
                    self._forget(job)
                    job.result.set_exception(_closed())

    def _submit(self, texts: Sequence[TokenizedText], expires_at: float) -> list[_Job]:
        with self._changed:
            if self._closed:
                raise _closed()
            fresh = self._fresh(texts)
            if self._waiting.tokens + sum(map(len, fresh)) > self._queue_tokens:
                self._drop_expired()  # which may drop texts that this call was going to join
                fresh = self._fresh(texts)
            self._admit(sum(map(len, fresh)))
            for tokens, text in fresh.items():
                self._jobs[tokens] = job = _Job(text, expires_at)
                self._waiting.add(job)
            jobs = [self._jobs[text.token_ids] for text in texts]
            for job in jobs:
                job.expires_at = max(job.expires_at, expires_at)
            self._changed.notify(len(fresh))
        return jobs

    def _fresh(self, texts: Sequence[TokenizedText]) -> dict[tuple[int, ...], TokenizedText]:
        """Those of the texts that neither wait nor are being encoded, each once."""
        return {text.token_ids: text for text in texts if text.token_ids not in self._jobs}

    def _admit(self, tokens: int) -> None:
        if tokens > self._queue_tokens:
            raise InvalidArgument(
                f"the texts hold {tokens} tokens, more than the queue ever takes ({self._queue_tokens})",
                hint="send fewer texts in one call",
                field="texts",
            )
        excess = self._waiting.tokens + tokens - self._queue_tokens
        if excess > 0:
            wait = excess / self._tokens_per_s if self._tokens_per_s else _UNMEASURED_RETRY_S
            raise Overloaded(
                f"the queue is full: {self._waiting.tokens} tokens wait",
                hint="retry later",
                retry_after_s=max(_SHORTEST_RETRY_S, wait),
            )

    def _work(self) -> None:
        while batch := self._next_batch():
            started = time.monotonic()
            try:
                vectors = self._encoder.encode([job.text for job in batch])
                vectors.setflags(write=False)  # callers with the same text share them
                answers = list(zip(batch, vectors, strict=True))
            except Exception as error:  # whatever it is, it is for those who wait to hear, and the worker goes on
                self._settle(batch, 0.0)
                for job in batch:
                    job.result.set_exception(error)
                continue
            self._settle(batch, time.monotonic() - started)
            for job, vector in answers:
                job.result.set_result(vector)

    def _next_batch(self) -> list[_Job]:
        """The next batch, waiting for one; empty when closed and nothing waits."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: len(self._waiting) or self._closed)
                self._drop_expired()
                if batch := self._waiting.pop_batch(self._fair_budget()):
                    self._idle -= 1
                    return batch
                if self._closed:
                    return []

    def _fair_budget(self) -> int:
        """Idle workers share what waits, so that one call's texts are encoded side by side."""
        return min(self._batch_tokens, -(-self._waiting.tokens // max(1, self._idle)))

    def _drop_expired(self) -> None:
        now = time.monotonic()
        for job in self._waiting.pop_if(lambda job: job.expires_at <= now):
            self._forget(job)
            job.result.set_exception(DeadlineExceeded("the deadline passed while the text waited"))

    def _settle(self, batch: list[_Job], seconds: float) -> None:
        """Take note that a batch is done; identical texts that come from now on are encoded anew."""
        with self._changed:
            self._idle += 1
            for job in batch:
                self._forget(job)
            if seconds > 0:
                measured = sum(job.length for job in batch) / seconds * len(self._threads)
                before = self._tokens_per_s or measured
                self._tokens_per_s = before + _SMOOTHING * (measured - before)

    def _forget(self, job: _Job) -> None:
        del self._jobs[job.text.token_ids]


def _closed() -> Unavailable:
    return Unavailable("the embedding service is shutting down", hint="retry")
