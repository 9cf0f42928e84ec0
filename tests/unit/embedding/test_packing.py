from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from cocite.embedding.packing import MAX_WASTE, WaitingTexts, padding_waste


@dataclass(frozen=True)
class Item:
    number: int
    length: int


def queue(lengths: list[int]) -> WaitingTexts[Item]:
    waiting: WaitingTexts[Item] = WaitingTexts()
    for number, length in enumerate(lengths):
        waiting.add(Item(number, length))
    return waiting


def drained(waiting: WaitingTexts[Item], budget: int) -> list[list[Item]]:
    batches = []
    while batch := waiting.pop_batch(budget):
        batches.append(batch)
    return batches


LENGTHS = st.lists(st.integers(1, 256), max_size=80)


@given(LENGTHS, st.integers(16, 2048))
def test_every_text_leaves_once_and_every_batch_is_well_packed(lengths: list[int], budget: int) -> None:
    batches = drained(queue(lengths), budget)
    assert sorted(item.number for batch in batches for item in batch) == list(range(len(lengths)))
    for batch in batches:
        sizes = [item.length for item in batch]
        if len(batch) > 1:
            assert padding_waste(sizes) < MAX_WASTE
            assert len(sizes) * max(sizes) <= budget


@given(LENGTHS, st.integers(16, 2048))
def test_a_batch_starts_with_the_oldest_text(lengths: list[int], budget: int) -> None:
    waiting = queue(lengths)
    left = set(range(len(lengths)))
    while batch := waiting.pop_batch(budget):
        assert batch[0].number == min(left)
        left -= {item.number for item in batch}
    assert not left


@given(LENGTHS, st.lists(st.sampled_from(["add", "pop", "drop"]), max_size=60))
def test_tokens_are_counted_whatever_happens(lengths: list[int], steps: list[str]) -> None:
    waiting = queue(lengths)
    inside = dict(enumerate(lengths))
    for step, action in enumerate(steps):
        if action == "add":
            waiting.add(Item(1000 + step, 1 + step))
            inside[1000 + step] = 1 + step
        else:
            gone = waiting.pop_batch(300) if action == "pop" else waiting.pop_if(lambda item: item.length % 3 == 0)
            for item in gone:
                del inside[item.number]
        assert waiting.tokens == sum(inside.values())
        assert len(waiting) == len(inside)


def test_nearest_lengths_come_along_and_far_ones_do_not() -> None:
    batch = queue([100, 10, 99, 250, 100, 101]).pop_batch(4096)
    assert [item.length for item in batch] == [100, 100, 99, 101]


def test_a_text_over_the_budget_goes_alone() -> None:
    assert [[item.length for item in batch] for batch in drained(queue([256, 256, 20]), 64)] == [[256], [256], [20]]


def test_a_text_alone_is_not_held_back() -> None:
    assert [item.number for item in queue([7]).pop_batch(4096)] == [0]


def test_padding_in_arrival_order_would_waste_more() -> None:
    lengths = [20, 250, 30, 240, 25, 245]
    assert padding_waste(lengths) > 0.4
    assert all(padding_waste([i.length for i in batch]) < MAX_WASTE for batch in drained(queue(lengths), 4096))
