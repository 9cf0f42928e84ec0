"""The batcher: callers bring texts and wait, workers encode what waits in well-packed batches."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cocite.core.errors import CociteError, DeadlineExceeded, InvalidArgument, Overloaded, Unavailable
from cocite.embedding.encoder import Encoder, TokenizedText
from cocite.embedding.packing import WaitingTexts
from cocite.embedding.throughput import BatchCounts, Throughput

Vector = npt.NDArray[np.float32]
WhenGone = Callable[[Callable[[], None]], object]  # has a function called when the caller is gone
CAUTION = 1.2  # work is expected to take this much longer than it did of late
_SHORTEST_RETRY_S = 0.05
_UNMEASURED_RETRY_S = 1.0


@dataclass(slots=True, eq=False)
class _Job:
    """A text and everyone who waits for it; expires_at is the latest of their deadlines."""

    text: TokenizedText
    expires_at: float
    callers: int = 0
    result: Future[Vector] = field(default_factory=Future)

    @property
    def length(self) -> int:
        return len(self.text.token_ids)


class Batcher:
    """Encodes texts for many callers at once.

    A worker that is free takes the oldest waiting text with those nearest in length (see packing), at once and
    however few there are. Identical texts that wait or are being encoded are encoded once. At most queue_tokens
    tokens wait; batch_tokens bounds a batch with its padding.

    No work is done that nobody will use: a call whose deadline would pass in the queue is refused when it comes, by
    the speed of the last batches, and texts are dropped unencoded when their time is up, when it would be up before
    they are encoded, or when their callers have gone. Thread-safe. Each worker is a thread that calls encoder.encode.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        queue_tokens: int,
        batch_tokens: int,
        workers: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._encoder = encoder
        self._queue_tokens = queue_tokens
        self._batch_tokens = batch_tokens
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: WaitingTexts[_Job] = WaitingTexts()
        self._jobs: dict[tuple[int, ...], _Job] = {}  # waiting or being encoded
        self._idle = workers
        self._being_encoded = 0  # tokens
        self._throughput = Throughput(workers)
        self._counts = BatchCounts()
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

    @property
    def counts(self) -> BatchCounts:
        """What was encoded since the start."""
        return self._counts

    @property
    def thread_ids(self) -> list[int]:
        """The workers' threads as the system knows them."""
        return [thread.native_id for thread in self._threads if thread.native_id is not None]

    def refuse_if_late(self, expires_at: float) -> None:
        """Raise Overloaded when nothing that comes now would be encoded by expires_at. Takes no lock."""
        if not len(self._waiting):
            return  # taken at once, so a wrong expectation cannot keep everyone out for ever
        late = self._clock() + self._expected_s(self._waiting.tokens + self._being_encoded) - expires_at
        if late > 0:
            raise Overloaded(
                "the queue is longer than the time that is left for the call",
                hint="retry later or allow more time",
                retry_after_s=max(_SHORTEST_RETRY_S, late),
            )

    def encode(
        self, texts: Sequence[TokenizedText], expires_at: float, when_gone: WhenGone = lambda _: None
    ) -> list[Vector]:
        """Vectors (dimension,), read-only, of the texts; expires_at is on the batcher's clock.

        All texts of a call are taken or none. when_gone is given a function to call when nobody waits for the answer
        any more. Raises Overloaded when the texts do not fit in the queue now, or would be encoded too late,
        InvalidArgument when they never fit, DeadlineExceeded at expires_at, Unavailable when closed.
        """
        jobs = self._submit(texts, expires_at)
        when_gone(lambda: self._abandon(jobs))
        try:
            return [job.result.result(max(0.0, expires_at - self._clock())) for job in jobs]
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
            self._drop(lambda _: True, _closed())

    def _submit(self, texts: Sequence[TokenizedText], expires_at: float) -> list[_Job]:
        with self._changed:
            if self._closed:
                raise _closed()
            fresh = self._fresh(texts)
            if self._waiting.tokens + sum(map(len, fresh)) > self._queue_tokens:
                self._drop_late()  # which may drop texts that this call was going to join
                fresh = self._fresh(texts)
            self._admit(sum(map(len, fresh)))
            if fresh:
                self.refuse_if_late(expires_at)
            for tokens, text in fresh.items():
                self._jobs[tokens] = job = _Job(text, expires_at)
                self._waiting.add(job)
            jobs = list({text.token_ids: self._jobs[text.token_ids] for text in texts}.values())
            for job in jobs:
                job.expires_at = max(job.expires_at, expires_at)
                job.callers += 1
            self._changed.notify(len(fresh))
            return [self._jobs[text.token_ids] for text in texts]

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
            raise Overloaded(
                f"the queue is full: {self._waiting.tokens} tokens wait",
                hint="retry later",
                retry_after_s=max(_SHORTEST_RETRY_S, self._expected_s(excess) or _UNMEASURED_RETRY_S),
            )

    def _expected_s(self, tokens: int) -> float:
        return CAUTION * self._throughput.seconds(tokens)

    def _abandon(self, jobs: Sequence[_Job]) -> None:
        """One caller of these jobs is gone, or has its answer."""
        with self._changed:
            for job in set(jobs):
                job.callers -= 1
            if any(not job.callers and not job.result.done() for job in jobs):
                self._drop(lambda job: not job.callers, DeadlineExceeded("the caller is gone"))

    def _work(self) -> None:
        while batch := self._next_batch():
            started = self._clock()
            try:
                vectors = self._encoder.encode([job.text for job in batch])
                vectors.setflags(write=False)  # callers with the same text share them
                answers = list(zip(batch, vectors, strict=True))
            except Exception as error:  # whatever it is, it is for those who wait to hear, and the worker goes on
                self._settle(batch)
                for job in batch:
                    job.result.set_exception(error)
                continue
            self._settle(batch, self._clock() - started)
            for job, vector in answers:
                job.result.set_result(vector)

    def _next_batch(self) -> list[_Job]:
        """The next batch, waiting for one; empty when closed and nothing waits."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: len(self._waiting) or self._closed)
                self._drop_late()
                if batch := self._waiting.pop_batch(self._fair_budget()):
                    self._idle -= 1
                    self._being_encoded += sum(job.length for job in batch)
                    return batch
                if self._closed:
                    return []

    def _fair_budget(self) -> int:
        """Idle workers share what waits, so that one call's texts are encoded side by side."""
        return min(self._batch_tokens, -(-self._waiting.tokens // max(1, self._idle)))

    def _drop_late(self) -> None:
        """Drop what would not be ready in time were it encoded now; of what is not late yet, the last to expire stays,
        so that a wrong expectation is put right by the next batch."""
        now = self._clock()
        self._drop(lambda job: job.expires_at <= now, DeadlineExceeded("the deadline passed while the text waited"))
        if len(self._waiting):
            ready_at = now + self._expected_s(self._fair_budget()) * len(self._threads)  # one worker encodes a batch
            horizon = min(ready_at, max(job.expires_at for job in self._waiting))
            late = Overloaded("the text waited too long to be encoded in time", retry_after_s=_SHORTEST_RETRY_S)
            self._drop(lambda job: job.expires_at < horizon, late)

    def _drop(self, condition: Callable[[_Job], bool], error: CociteError) -> None:
        for job in self._waiting.pop_if(condition):
            self._forget(job)
            job.result.set_exception(error)

    def _settle(self, batch: list[_Job], seconds: float | None = None) -> None:
        """Take note that a batch is done; identical texts that come from now on are encoded anew."""
        lengths = [job.length for job in batch]
        with self._changed:
            self._idle += 1
            self._being_encoded -= sum(lengths)
            for job in batch:
                self._forget(job)
            if seconds is not None:
                self._throughput.add(sum(lengths), seconds)
                self._counts = self._counts.plus(lengths)

    def _forget(self, job: _Job) -> None:
        del self._jobs[job.text.token_ids]


def _closed() -> Unavailable:
    return Unavailable("the embedding service is shutting down", hint="retry")
