"""What the batcher does when there is more to encode than time, by a clock that only encoding moves."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from cocite.core.errors import DeadlineExceeded, Overloaded
from cocite.embedding.batching import CAUTION, Batcher, Vector
from cocite.embedding.throughput import BatchCounts
from support.batching import LONG, occupy, text, until
from support.encoding import ManualClock, PacedEncoder

FAR = 1e6  # seconds of the manual clock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def encoder(clock: ManualClock) -> PacedEncoder:
    return PacedEncoder(clock)


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture
def batcher(encoder: PacedEncoder, clock: ManualClock, callers: ThreadPoolExecutor) -> Iterator[Batcher]:
    """Its worker has encoded 100 tokens in as many seconds."""
    batcher = Batcher(encoder, queue_tokens=1000, batch_tokens=400, workers=1, clock=clock)
    batcher.encode([text(100, 800_000)], FAR)
    until(lambda: batcher.counts.batches == 1)
    assert encoder.entered.acquire(timeout=LONG)
    yield batcher
    encoder.gate.set()
    batcher.close()


@pytest.fixture
def queued(encoder: PacedEncoder, batcher: Batcher, callers: ThreadPoolExecutor) -> Callable[..., Future[list[Vector]]]:
    """Keeps the worker busy with 5 tokens; then puts texts into the queue and gives what comes of it."""
    clock: ManualClock = batcher._clock  # type: ignore[assignment]
    encoder.gate.clear()
    callers.submit(batcher.encode, [text(5, 900_000)], FAR)
    assert encoder.entered.acquire(timeout=LONG)

    def put(length: int, start: int, expires_in: float) -> Future[list[Vector]]:
        before = batcher.waiting_tokens
        call = callers.submit(batcher.encode, [text(length, start)], clock.now + expires_in)
        until(lambda: batcher.waiting_tokens == before + length or call.done())
        return call

    return put


def encoded(encoder: PacedEncoder, length: int, start: int) -> bool:
    return text(length, start) in [one for batch in encoder.batches for one in batch]


def test_a_call_that_would_wait_too_long_is_refused_at_once(
    encoder: PacedEncoder, batcher: Batcher, clock: ManualClock, queued: Callable[..., Future[list[Vector]]]
) -> None:
    waits = queued(100, 1000, FAR)
    expected = CAUTION * (100 + 5)
    with pytest.raises(Overloaded) as refused:
        batcher.encode([text(10, 2000)], clock.now + expected - 1)
    assert refused.value.retry_after_s == pytest.approx(1.0)
    with pytest.raises(Overloaded):
        batcher.refuse_if_late(clock.now + expected - 1)
    batcher.refuse_if_late(clock.now + expected + 1)
    assert batcher.waiting_tokens == 100
    encoder.gate.set()
    assert len(waits.result(LONG)) == 1
    assert not encoded(encoder, 10, 2000)


def test_with_an_empty_queue_nobody_is_refused(encoder: PacedEncoder, batcher: Batcher, clock: ManualClock) -> None:
    """However slow the last batches were: else a wrong expectation would never be put right."""
    encoder.gate.clear()
    batcher.refuse_if_late(clock.now + 0.001)
    encoder.gate.set()
    assert len(batcher.encode([text(50, 1000)], clock.now + 10)) == 1  # 50 seconds by what was measured


def test_what_would_be_late_is_dropped_before_it_is_encoded(
    encoder: PacedEncoder, clock: ManualClock, queued: Callable[..., Future[list[Vector]]]
) -> None:
    hasty = queued(60, 1000, 40.0)  # taken: nothing waited
    patient = queued(60, 2000, FAR)
    encoder.gate.set()
    with pytest.raises(Overloaded):
        hasty.result(LONG)
    assert len(patient.result(LONG)) == 1
    assert not encoded(encoder, 60, 1000)


def test_the_last_to_expire_is_encoded_even_if_it_may_be_late(
    encoder: PacedEncoder, queued: Callable[..., Future[list[Vector]]]
) -> None:
    alone = queued(60, 1000, 40.0)
    encoder.gate.set()
    assert len(alone.result(LONG)) == 1
    assert encoded(encoder, 60, 1000)


def test_a_text_whose_only_caller_is_gone_is_dropped(
    encoder: PacedEncoder, batcher: Batcher, clock: ManualClock, callers: ThreadPoolExecutor
) -> None:
    occupy(encoder, batcher, callers)
    leave: list[Callable[[], None]] = []
    gone = callers.submit(batcher.encode, [text(10), text(10)], FAR, leave.append)
    until(lambda: len(leave) == 1)
    assert batcher.waiting_tokens == 10
    leave[0]()
    assert batcher.waiting_tokens == 0
    with pytest.raises(DeadlineExceeded):
        gone.result(LONG)
    encoder.gate.set()
    assert len(batcher.encode([text(11, 5000)], FAR)) == 1
    assert not encoded(encoder, 10, 1)


def test_a_text_that_another_caller_still_wants_stays(
    encoder: PacedEncoder, batcher: Batcher, callers: ThreadPoolExecutor
) -> None:
    occupy(encoder, batcher, callers)
    leave: list[Callable[[], None]] = []
    calls = [callers.submit(batcher.encode, [text(10)], FAR, leave.append) for _ in range(2)]
    until(lambda: len(leave) == 2)
    leave[0]()
    assert batcher.waiting_tokens == 10
    encoder.gate.set()
    assert all(len(call.result(LONG)) == 1 for call in calls)
    for each in leave:
        each()  # as happens when a call ends; there is nothing left to drop
    until(lambda: not batcher._jobs)


def test_batches_are_counted_with_their_padding(encoder: PacedEncoder, batcher: Batcher) -> None:
    before, seen = batcher.counts, len(encoder.batches)
    batcher.encode([text(length, 1000 * length) for length in (100, 98, 30, 7)], FAR)
    until(lambda: batcher.counts.since(before).texts == 4)
    expected = BatchCounts()
    for batch in encoder.batches[seen:]:
        expected = expected.plus([len(one.token_ids) for one in batch])
    assert batcher.counts.since(before) == expected
    assert expected.padded_tokens == expected.tokens + 2  # 98 beside 100
