import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cocite.recommender.csr import Csr


def of_sets(links: list[set[int]]) -> Csr:
    offsets = np.cumsum([0, *map(len, links)], dtype=np.int64)
    return Csr(offsets, np.array([row for targets in links for row in sorted(targets)], dtype=np.int32))


links = st.lists(st.sets(st.integers(0, 9)), max_size=6), st.lists(st.sets(st.integers(10, 19)), max_size=9)


@given(*links, st.lists(st.integers(0, 8), max_size=12))
def test_links_are_added_to_rows_old_and_new(old: list[set[int]], more: list[set[int]], asked: list[int]) -> None:
    count = max(len(old), len(more))
    pairs = [(source, target) for source, targets in enumerate(more) for target in sorted(targets)]
    added = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    before = of_sets(old)
    after = before.with_links(added[:, 0], added[:, 1], count)
    assert after.rows is before.rows and after.offsets is before.offsets, "nothing is copied"
    expected = [
        (old[row] if row < len(old) else set()) | (more[row] if row < len(more) else set()) for row in range(count)
    ]
    assert after.row_count == count
    assert [after.of(row).tolist() for row in range(count)] == [sorted(targets) for targets in expected]
    assert after.counts().tolist() == [len(targets) for targets in expected]
    asked = [row for row in asked if row < count]
    linked, owners = after.gather(np.array(asked, dtype=np.int64))
    assert linked.tolist() == [target for row in asked for target in sorted(expected[row])]
    assert owners.tolist() == [place for place, row in enumerate(asked) for _ in expected[row]]


@given(*links)
def test_rows_are_added_at_the_end(old: list[set[int]], more: list[set[int]]) -> None:
    targets = np.array([target for each in more for target in sorted(each)], dtype=np.int64)
    after = of_sets(old).with_rows(np.array([len(each) for each in more], dtype=np.int64), targets)
    assert [after.of(row).tolist() for row in range(after.row_count)] == [sorted(each) for each in (*old, *more)]
