from hypothesis import given
from hypothesis import strategies as st

from cocite.embedding.throughput import BatchCounts, Throughput

BATCHES = st.lists(st.lists(st.integers(1, 256), min_size=1, max_size=8), max_size=12)


@given(BATCHES, BATCHES)
def test_counts_are_sums_over_batches(earlier: list[list[int]], later: list[list[int]]) -> None:
    before = BatchCounts()
    for lengths in earlier:
        before = before.plus(lengths)
    after = before
    for lengths in later:
        after = after.plus(lengths)
    every = [length for lengths in later for length in lengths]
    assert after.since(before) == BatchCounts(
        batches=len(later),
        texts=len(every),
        tokens=sum(every),
        padded_tokens=sum(len(lengths) * max(lengths) for lengths in later),
        token_pairs=sum(length**2 for length in every),
    )


def test_nothing_is_expected_before_anything_was_measured() -> None:
    assert Throughput(2).seconds(1000) == 0.0


def test_workers_share_what_waits() -> None:
    for workers in (1, 4):
        throughput = Throughput(workers)
        throughput.add(100, 2.0)
        assert throughput.seconds(500) * workers == 10.0


def test_a_small_slow_batch_counts_for_little() -> None:
    throughput = Throughput(1)
    throughput.add(500, 5.0)
    throughput.add(5, 1.0)  # twenty times slower by the token
    assert 4.5 < throughput.seconds(400) < 5.0


def test_what_was_long_ago_is_forgotten() -> None:
    throughput = Throughput(1)
    throughput.add(500, 5000.0)
    for _ in range(150):
        throughput.add(500, 5.0)
    assert 4.9 < throughput.seconds(500) < 5.1
