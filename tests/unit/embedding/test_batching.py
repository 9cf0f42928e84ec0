import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocite.core.errors import DeadlineExceeded, InvalidArgument, Overloaded, Unavailable
from cocite.embedding.batching import Batcher
from cocite.embedding.encoders import HashingEncoder
from cocite.embedding.packing import MAX_WASTE, padding_waste
from support.batching import LONG, occupy, soon, text, until
from support.encoding import WatchedEncoder


@pytest.fixture
def encoder() -> WatchedEncoder:
    return WatchedEncoder()


@pytest.fixture
def batcher(encoder: WatchedEncoder, callers: ThreadPoolExecutor) -> Iterator[Batcher]:
    # callers is asked for so that it is released after the gate is open
    batcher = Batcher(encoder, queue_tokens=1000, batch_tokens=400, workers=1)
    yield batcher
    encoder.gate.set()
    batcher.close()


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as pool:
        yield pool


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 3)), min_size=1, max_size=6), max_size=12),
    st.integers(1, 3),
)
def test_every_text_gets_its_own_vector(calls: list[list[tuple[int, int]]], workers: int) -> None:
    encoder, reference = WatchedEncoder(), HashingEncoder()
    batcher = Batcher(encoder, queue_tokens=100_000, batch_tokens=128, workers=workers)
    texts = [[text(length, start) for length, start in call] for call in calls]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda call: batcher.encode(call, soon()), texts))
    batcher.close()
    for call, vectors in zip(texts, answers, strict=True):
        np.testing.assert_array_equal(np.stack(vectors), reference.encode(call))
    for batch in encoder.batches:
        lengths = [len(one.token_ids) for one in batch]
        assert len(batch) == 1 or (padding_waste(lengths) < MAX_WASTE and len(batch) * max(lengths) <= 128)
    assert batcher.waiting_tokens == 0


def test_the_queue_is_never_longer_than_its_bound(
    encoder: WatchedEncoder, batcher: Batcher, callers: ThreadPoolExecutor
) -> None:
    occupy(encoder, batcher, callers)
    waiting = [callers.submit(batcher.encode, [text(250, 1000 * n)], soon()) for n in range(1, 5)]
    until(lambda: batcher.waiting_tokens == 1000)
    with pytest.raises(Overloaded) as refused:
        batcher.encode([text(1, 99_999)], soon())
    assert refused.value.retry_after_s and refused.value.retry_after_s > 0
    assert batcher.waiting_tokens == 1000
    encoder.gate.set()
    assert all(len(call.result(LONG)) == 1 for call in waiting)
    assert len(batcher.encode([text(1, 99_999)], soon())) == 1


def test_a_call_is_taken_whole_or_not_at_all(
    encoder: WatchedEncoder, batcher: Batcher, callers: ThreadPoolExecutor
) -> None:
    occupy(encoder, batcher, callers)
    callers.submit(batcher.encode, [text(600)], soon())
    until(lambda: batcher.waiting_tokens == 600)
    with pytest.raises(Overloaded):
        batcher.encode([text(300, 2000), text(300, 3000)], soon())
    assert batcher.waiting_tokens == 600


def test_a_call_that_never_fits_is_not_told_to_retry(batcher: Batcher) -> None:
    with pytest.raises(InvalidArgument) as refused:
        batcher.encode([text(1001)], soon())
    assert refused.value.field == "texts"


def test_texts_whose_time_is_up_are_not_encoded(
    encoder: WatchedEncoder, batcher: Batcher, callers: ThreadPoolExecutor
) -> None:
    busy = occupy(encoder, batcher, callers)
    with pytest.raises(DeadlineExceeded):
        batcher.encode([text(10)], soon(0.01))
    alive = callers.submit(batcher.encode, [text(10, 5000)], soon())
    until(lambda: batcher.waiting_tokens == 20)
    encoder.gate.set()
    busy.result(LONG)
    alive.result(LONG)
    assert text(10) not in [one for batch in encoder.batches for one in batch]


def test_texts_whose_time_is_up_make_room(
    encoder: WatchedEncoder, batcher: Batcher, callers: ThreadPoolExecutor
) -> None:
    occupy(encoder, batcher, callers)
    with pytest.raises(DeadlineExceeded):
        batcher.encode([text(1000)], soon(0.01))
    call = callers.submit(batcher.encode, [text(900, 5000)], soon())
    until(lambda: batcher.waiting_tokens == 900)
    encoder.gate.set()
    assert len(call.result(LONG)) == 1


def test_a_dropped_text_that_comes_again_with_others_counts_anew(
    encoder: WatchedEncoder, batcher: Batcher, callers: ThreadPoolExecutor
) -> None:
    """The queue is full with an expired text; dropping it makes room, and the text itself is needed again."""
    occupy(encoder, batcher, callers)
    with pytest.raises(DeadlineExceeded):
        batcher.encode([text(600)], soon(0.01))
    with pytest.raises(InvalidArgument):
        batcher.encode([text(600), text(500, 5000)], soon())
    assert batcher.waiting_tokens == 0
    with pytest.raises(DeadlineExceeded):
        batcher.encode([text(600)], soon(0.01))
    again = callers.submit(batcher.encode, [text(600), text(400, 5000), text(5, 900_000)], soon())
    until(lambda: batcher.waiting_tokens == 1000 or again.done())
    encoder.gate.set()
    assert [len(vector) for vector in again.result(LONG)] == [HashingEncoder.dimension] * 3
    until(lambda: not batcher._jobs)


def test_an_identical_text_waits_for_the_first_and_keeps_it_alive(
    encoder: WatchedEncoder, batcher: Batcher, callers: ThreadPoolExecutor
) -> None:
    occupy(encoder, batcher, callers)
    (hasty,) = batcher._submit([text(10)], soon(0.01))
    one, same = batcher._submit([text(10), text(10)], soon())
    assert batcher.waiting_tokens == 10
    time.sleep(0.02)  # past the first deadline
    encoder.gate.set()
    for job in (hasty, one, same):
        np.testing.assert_array_equal(job.result.result(LONG), HashingEncoder().encode([text(10)])[0])
    assert [one for batch in encoder.batches for one in batch].count(text(10)) == 1


def test_a_text_being_encoded_is_joined(encoder: WatchedEncoder, batcher: Batcher, callers: ThreadPoolExecutor) -> None:
    busy = occupy(encoder, batcher, callers)
    (joined,) = batcher._submit([text(5, 900_000)], soon())
    encoder.gate.set()
    np.testing.assert_array_equal(busy.result(LONG)[0], joined.result.result(LONG))
    assert len(encoder.batches) == 1


def test_the_oldest_is_not_starved_by_better_company(
    encoder: WatchedEncoder, batcher: Batcher, callers: ThreadPoolExecutor
) -> None:
    occupy(encoder, batcher, callers)
    lonely = callers.submit(batcher.encode, [text(200)], soon())
    until(lambda: batcher.waiting_tokens == 200)
    crowd = [callers.submit(batcher.encode, [text(20, 1000 * n)], soon()) for n in range(1, 20)]
    until(lambda: batcher.waiting_tokens == 200 + 19 * 20)
    encoder.gate.set()
    for call in (lonely, *crowd):
        call.result(LONG)
    assert encoder.batches[1] == [text(200)]


def test_idle_workers_share_one_call(callers: ThreadPoolExecutor) -> None:
    encoder = WatchedEncoder()
    encoder.gate.clear()
    batcher = Batcher(encoder, queue_tokens=10_000, batch_tokens=4096, workers=2)
    call = callers.submit(batcher.encode, [text(100, 1000 * n) for n in range(4)], soon())
    assert encoder.entered.acquire(timeout=LONG) and encoder.entered.acquire(timeout=LONG)
    encoder.gate.set()
    call.result(LONG)
    batcher.close()
    assert [len(batch) for batch in encoder.batches] == [2, 2]


def test_vectors_cannot_be_changed_by_one_caller_for_another(batcher: Batcher) -> None:
    (vector,) = batcher.encode([text(3)], soon())
    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 0


def test_a_failing_batch_fails_its_callers_and_nothing_else(encoder: WatchedEncoder, batcher: Batcher) -> None:
    encoder.failure = RuntimeError("broken")
    with pytest.raises(RuntimeError, match="broken"):
        batcher.encode([text(3)], soon())
    encoder.failure = None
    assert len(batcher.encode([text(3)], soon())) == 1


def test_close_encodes_what_waits_and_refuses_what_comes(
    encoder: WatchedEncoder, batcher: Batcher, callers: ThreadPoolExecutor
) -> None:
    occupy(encoder, batcher, callers)
    waiting = callers.submit(batcher.encode, [text(10)], soon())
    until(lambda: batcher.waiting_tokens == 10)
    closing = threading.Thread(target=batcher.close)
    closing.start()
    until(lambda: batcher._closed)
    with pytest.raises(Unavailable):
        batcher.encode([text(11)], soon())
    encoder.gate.set()
    closing.join(LONG)
    assert len(waiting.result(LONG)) == 1


def test_close_gives_up_on_a_hung_encoder(
    encoder: WatchedEncoder, batcher: Batcher, callers: ThreadPoolExecutor
) -> None:
    occupy(encoder, batcher, callers)
    waiting = callers.submit(batcher.encode, [text(10)], soon())
    until(lambda: batcher.waiting_tokens == 10)
    batcher.close(timeout_s=0.01)
    with pytest.raises(Unavailable):
        waiting.result(LONG)
