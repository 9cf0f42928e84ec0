import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cocite.recommender.csr import Csr


def of_sets(links: list[set[int]]) -> Csr:
    offsets = np.cumsum([0, *map(len, links)], dtype=np.int64)
    return Csr(offsets, np.array([row for targets in links for row in sorted(targets)], dtype=np.int32))


@given(st.lists(st.sets(st.integers(0, 9)), max_size=6), st.lists(st.sets(st.integers(10, 19)), max_size=9))
def test_links_are_added_to_rows_old_and_new(old: list[set[int]], more: list[set[int]]) -> None:
    count = max(len(old), len(more))
    pairs = [(source, target) for source, targets in enumerate(more) for target in sorted(targets)]
    links = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    before = of_sets(old)
    after = before.with_links(links[:, 0], links[:, 1], count)
    expected = [
        (old[row] if row < len(old) else set()) | (more[row] if row < len(more) else set()) for row in range(count)
    ]
    assert [after.of(row).tolist() for row in range(count)] == [sorted(targets) for targets in expected]
    beside = np.insert(before.rows * 10, before.ends(links[:, 0]), links[:, 1] * 10)
    np.testing.assert_array_equal(beside, after.rows * 10)
