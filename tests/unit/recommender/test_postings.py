"""What terms say of papers: the compiled loops against dense matrices, and what a budget leaves of it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cocite.recommender.csr import Csr
from cocite.recommender.retrieval.postings import complete, heaviest_postings, summed
from cocite.recommender.word_index import Postings

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)
TERMS, PAPERS, FRESH = 8, 20, 4


@st.composite
def words(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Weights of terms in papers (v, n), the last ones fresh, and an aim (v,)."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    dense = rng.choice([0.0, 0.25, 0.5], (TERMS, PAPERS)) * (rng.random((TERMS, PAPERS)) + 0.1)
    aim = rng.normal(size=TERMS) * rng.choice([0.0, 1.0], TERMS, p=[0.3, 0.7])
    return dense.astype(np.float32), aim.astype(np.float32)


def _links(rows: list[np.ndarray], weights: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    return offsets, np.concatenate(rows).astype(np.int32), np.concatenate(weights).astype(np.float32)


def by_term(dense: np.ndarray) -> Postings:
    """Papers of terms, heaviest first, those of fresh papers in a second layer."""
    old, new = [], []
    for row in dense:
        order = np.argsort(-row, kind="stable")
        old.append([paper for paper in order if row[paper] > 0 and paper < PAPERS - FRESH])
        new.append([paper for paper in order if row[paper] > 0 and paper >= PAPERS - FRESH])
    offsets, papers, weights = _links(
        [np.array(each, dtype=np.int64) for each in old], [row[each] for row, each in zip(dense, old, strict=True)]
    )
    sources = np.repeat(np.arange(TERMS), [len(each) for each in new])
    _, targets, added = _links(
        [np.array(each, dtype=np.int64) for each in new], [row[each] for row, each in zip(dense, new, strict=True)]
    )
    return Postings(Csr(offsets, papers), weights).with_links(sources, targets, added, TERMS)


def by_paper(dense: np.ndarray) -> Postings:
    """Terms of papers, those of fresh papers in a second layer."""
    terms = [np.flatnonzero(column) for column in dense.T]
    weights = [column[found] for column, found in zip(dense.T, terms, strict=True)]
    first = PAPERS - FRESH
    offsets, old, old_weights = _links(terms[:first], weights[:first])
    _, new, new_weights = _links(terms[first:], weights[first:])
    sources = np.repeat(np.arange(first, PAPERS), [len(each) for each in terms[first:]])
    return Postings(Csr(offsets, old), old_weights).with_links(sources, new, new_weights, PAPERS)


def _asked(aim: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    places = np.flatnonzero(aim).astype(np.int32)
    return places, aim[places]


def _spread(rows: np.ndarray, sums: np.ndarray) -> np.ndarray:
    found = np.zeros(PAPERS)
    found[rows] = sums
    return found


@EXAMPLES
@given(words())
def test_sums_are_the_product_with_the_matrix(case: tuple[np.ndarray, np.ndarray]) -> None:
    dense, aim = case
    _, rows, sums, whole = summed(*by_term(dense).arrays, *_asked(aim), 10_000)
    assert whole and np.unique(rows).size == rows.size
    np.testing.assert_allclose(_spread(rows, sums), aim @ dense, rtol=1e-5, atol=1e-6)
    assert set(rows.tolist()) == set(np.flatnonzero(dense[aim != 0].any(axis=0)).tolist())


@EXAMPLES
@given(words(), st.integers(0, 60))
def test_within_a_budget_the_heaviest_are_looked_at(case: tuple[np.ndarray, np.ndarray], budget: int) -> None:
    """What is left out says less than what is looked at, but for the step in which the bar falls."""
    dense, aim = case
    every = np.sort(np.abs(dense * aim[:, None])[(dense > 0) & (aim != 0)[:, None]])[::-1]
    rows, said = heaviest_postings(*by_term(dense).arrays, *_asked(aim), budget)
    assert rows.size == said.size == min(budget, every.size)
    if 0 < rows.size < every.size:
        assert np.abs(said).min() >= 0.8 * every[rows.size] * (1 - 1e-6)


@EXAMPLES
@given(words(), st.integers(1, 40), st.integers(1, 6))
def test_the_best_of_what_a_budget_found_are_compared_whole(
    case: tuple[np.ndarray, np.ndarray], budget: int, most: int
) -> None:
    dense, aim = case
    places, weights = _asked(aim)
    _, rows, sums, _ = summed(*by_term(dense).arrays, places, weights, budget)
    before, exact = sums.copy(), aim @ dense
    complete(rows, sums, *by_paper(dense).arrays, places, weights, TERMS, most)
    order = np.argsort(-before, kind="stable")
    best = [place for place in order[:most] if before[place] > 0]
    np.testing.assert_allclose(sums[best], exact[rows[best]], rtol=1e-5, atol=1e-6)
    others = np.setdiff1d(np.arange(rows.size), best)
    np.testing.assert_array_equal(sums[others], before[others])
