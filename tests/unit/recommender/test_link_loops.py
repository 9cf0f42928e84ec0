"""The compiled loops over links against plain Python and numpy, on links made up by hypothesis."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocite.recommender.allowed import Allowed
from cocite.recommender.bundle import Bundle
from cocite.recommender.csr import Csr
from cocite.recommender.query import Query
from cocite.recommender.ranking.fusion import top_rows
from cocite.recommender.retrieval.contract import Scores, Sparse
from cocite.recommender.retrieval.gathering import (
    fair_share,
    gathered,
    holders_of,
    link_counts,
    list_lengths,
    papers_of,
)
from cocite.recommender.retrieval.numbering import empty_slots, number_of, numbered
from cocite.recommender.retrieval.selection import heaviest
from cocite.recommender.retrieval.tally import Tally

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)
Sets = list[set[int]]
sets = st.lists(st.sets(st.integers(0, 9)), max_size=8)
sources = st.lists(st.integers(-3, 12), max_size=10).map(lambda rows: np.array(rows, dtype=np.int32))
numbers = st.lists(st.integers(0, 40), max_size=30)


def csr(links: Sets, more: Sets | None = None) -> Csr:
    """Links in a first layer and, above them all, in a second."""
    offsets = np.cumsum([0, *map(len, links)], dtype=np.int64)
    first = Csr(offsets, np.array([row for targets in links for row in sorted(targets)], dtype=np.int32))
    pairs = [(source, 10 + target) for source, targets in enumerate(more or []) for target in sorted(targets)]
    added = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return first.with_links(added[:, 0], added[:, 1], max(len(links), len(more or [])))


@EXAMPLES
@given(numbers, st.integers(0, 200))
def test_a_fair_share_is_the_largest_that_keeps_the_budget(lengths: list[int], budget: int) -> None:
    share = fair_share(np.array(lengths, dtype=np.int64), budget)

    def spent(most: int) -> int:
        return sum(min(length, most) for length in lengths)

    assert spent(share) <= budget or share == 1
    assert share >= max(lengths, default=0) or spent(share + 1) > budget


@EXAMPLES
@given(sets, sets, sources)
def test_all_is_gathered_where_the_budget_holds_it(links: Sets, more: Sets, wanted: np.ndarray) -> None:
    both = csr(links, more)
    targets, owners = gathered(both.arrays, wanted, 1000)
    found = [sorted(targets[owners == place].tolist()) for place in range(wanted.size)]
    expected = [both.of(row).tolist() if 0 <= row < both.row_count else [] for row in wanted.tolist()]
    assert found == expected
    assert link_counts(both.arrays, wanted).tolist() == [len(each) for each in expected]


@EXAMPLES
@given(sets, sets, sources, st.integers(0, 40))
def test_a_budget_is_kept_by_samples_of_long_lists(links: Sets, more: Sets, wanted: np.ndarray, budget: int) -> None:
    both = csr(links, more)
    targets, owners = gathered(both.arrays, wanted, budget)
    assert targets.size == owners.size <= max(budget, 2 * wanted.size)  # one from each layer of each
    for place, row in enumerate(wanted.tolist()):
        sample = targets[owners == place].tolist()
        assert len(set(sample)) == len(sample) and set(sample) <= set(both.of(row).tolist() if row >= 0 else [])


def test_a_short_list_is_read_whole_and_a_long_one_from_end_to_end() -> None:
    links = csr([{7}, set(range(10))])
    targets, owners = gathered(links.arrays, np.array([0, 1], dtype=np.int32), 6)
    assert targets[owners == 0].tolist() == [7]
    assert targets[owners == 1].tolist() == [0, 2, 4, 6, 8]
    everything, _ = gathered(links.arrays, np.array([0, 1], dtype=np.int32), 11)
    assert everything.tolist() == [7, *range(10)], "the control: with room for all, all"


@EXAMPLES
@given(sets, sets, sets, st.lists(st.integers(-4, 9), max_size=9))
def test_lists_are_of_papers_and_of_readers(links: Sets, more: Sets, libraries: Sets, lists: list[int]) -> None:
    references, of_readers = csr(links, more), csr(libraries)
    graph = (references.arrays, references.arrays, of_readers.arrays, of_readers.arrays)
    wanted = np.array(lists, dtype=np.int32)

    def of(each: Csr, row: int) -> list[int]:
        return each.of(row).tolist() if row < each.row_count else []

    papers, owners = papers_of(graph, wanted, 1000)
    expected = [of(references, row) if row >= 0 else of(of_readers, ~row) for row in lists]
    assert [sorted(papers[owners == place].tolist()) for place in range(len(lists))] == expected
    assert list_lengths(graph, wanted).tolist() == [len(each) for each in expected]
    holders, owners = holders_of(graph, wanted, 1000)
    held = [sorted((*of(references, row), *(~x for x in of(of_readers, row)))) if row >= 0 else [] for row in lists]
    assert [sorted(holders[owners == place].tolist()) for place in range(len(lists))] == held


rows32 = st.lists(st.integers(-(2**31), 2**31 - 1) | st.integers(-3, 30), max_size=60)


@EXAMPLES
@given(rows32, rows32)
def test_rows_are_numbered_as_they_come(first: list[int], second: list[int]) -> None:
    slots, rows = empty_slots(len(first) + len(second)), np.empty(len(first) + len(second), dtype=np.int32)
    count, found = 0, []
    for part in (first, second):
        given_numbers = np.empty(len(part), dtype=np.int32)
        count = numbered(slots, rows, count, np.array(part, dtype=np.int32), given_numbers)
        found += given_numbers.tolist()
    distinct = list(dict.fromkeys((*first, *second)))
    assert rows[:count].tolist() == distinct
    assert found == [distinct.index(row) for row in (*first, *second)]
    assert all(number_of(slots, rows, row) == place for place, row in enumerate(distinct))
    assert number_of(slots, rows, 12_345) == (distinct.index(12_345) if 12_345 in distinct else -1)


values = st.lists(st.sampled_from((0.0, 1e-30, 0.1, 0.1000001, 0.25, 1.0, 3e5)) | st.floats(0, 10), max_size=60)


@EXAMPLES
@given(values, st.integers(0, 70))
def test_the_heaviest_are_chosen_and_of_equals_the_first(weights: list[float], most: int) -> None:
    found = heaviest(np.array(weights, dtype=np.float64), most)
    order = sorted((place for place, value in enumerate(weights) if value > 0), key=lambda place: -weights[place])
    assert found.tolist() == sorted(order[:most])


def allowed_but(barred: set[int]) -> Allowed:
    """What a query allows that names those rows, among papers each of which is a work of its own."""
    bundle = SimpleNamespace(works=np.arange(10_000, dtype=np.int32), paper_count=10_000)
    return Allowed(Query(exclude_rows=tuple(barred)), cast(Bundle, bundle))


def _tally(scores: dict[int, float]) -> Tally:
    rows = np.array(list(scores), dtype=np.int32)
    slots, known = empty_slots(rows.size), np.empty(rows.size, dtype=np.int32)
    numbered(slots, known, 0, rows, np.empty(rows.size, dtype=np.int32))
    return Tally(slots, known, np.array(list(scores.values()), dtype=np.float32))


some_scores = st.dictionaries(
    st.integers(0, 60), st.sampled_from((-np.inf, -1.0, -0.0, 0.0, 0.5, 2.0)) | st.floats(-9, 9, width=32), max_size=50
)


@EXAMPLES
@given(some_scores, st.sets(st.integers(0, 60)), st.integers(1, 40))
def test_a_tally_says_what_a_sorted_list_says(scores: dict[int, float], barred: set[int], count: int) -> None:
    ascending = np.array(sorted(scores), dtype=np.int64)
    told = Sparse(ascending, np.array([scores[row] for row in ascending.tolist()], dtype=np.float32))
    tally, every = _tally({**scores, -5: np.float32(-np.inf)}), np.arange(70)
    np.testing.assert_array_equal(tally.of(every), told.of(every))
    allowed = allowed_but(barred)
    assert tally.best(count, allowed).tolist() == told.best(count, allowed).tolist()


def test_many_barred_rows_do_not_hide_the_others() -> None:
    """However many of the best are barred, the next ones follow."""
    tally, barred = _tally({row: float(1000 - row) for row in range(1000)}), set(range(990))
    assert tally.best(5, allowed_but(barred)).tolist() == [990, 991, 992, 993, 994]


@pytest.mark.parametrize("score", [lambda rows: np.ones(rows), lambda rows: np.linspace(1.0, 1.0001, rows)])
def test_close_scores_are_told_apart(score: Callable[[int], Scores]) -> None:
    scores = score(5000).astype(np.float32)
    tally = _tally(dict(enumerate(scores.tolist())))
    assert tally.best(10, allowed_but(set())).tolist() == top_rows(scores, 10).tolist()
