"""Small corpora and queries that hypothesis makes up, to hold the retrievers' mathematics against dense matrices."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from cocite.core.paper import Paper
from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Query
from cocite.recommender.retrieval.contract import Scores
from support.bundles import Corpus

WORDS = ("graphs", "trees", "knights", "bishops", "forests", "chess")
Dense = npt.NDArray[np.float64]


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    """Papers of a few words, years and venues, any of which may be missing, links in any direction, and libraries."""
    rng, count = np.random.default_rng(draw(st.integers(0, 2**32))), draw(st.integers(2, 10))
    papers = tuple(
        Paper(
            f"local:{row}",
            title=" ".join(rng.choice(WORDS, rng.integers(0, 5))),
            year=int(rng.integers(1990, 2000)) if rng.random() < 0.8 else None,
            venue=str(rng.choice(("", "Black", "White"))),
        )
        for row in range(count)
    )
    links = rng.random((count, count)) < draw(st.sampled_from((0.0, 0.1, 0.3, 0.6)))
    np.fill_diagonal(links, False)
    libraries = rng.random((draw(st.integers(0, 3)), count)) < 0.4
    return Corpus(
        papers,
        tuple((int(citing), int(cited)) for citing, cited in np.argwhere(links)),
        tuple(tuple(np.flatnonzero(kept).tolist()) for kept in libraries),
    )


@st.composite
def seeds(draw: st.DrawFn, count: int) -> Query:
    """Rows of each kind of seed, no row in two of them."""
    order = np.random.default_rng(draw(st.integers(0, 2**32))).permutation(count).tolist()
    cuts = np.cumsum([draw(st.integers(0, most)) for most in (3, 2, 3, 3)])
    parts = [tuple(order[start:end]) for start, end in zip([0, *cuts[:-1]], cuts, strict=True)]
    return Query(positive_rows=parts[0], negative_rows=parts[1], library_rows=parts[2], reference_rows=parts[3])


@st.composite
def asked(draw: st.DrawFn) -> tuple[Corpus, Query]:
    """A corpus and a query that fits it."""
    corpus = draw(corpora())
    return corpus, draw(seeds(len(corpus.papers)))


def lists_of(corpus: Corpus) -> Dense:
    """Ones where a list (m,) holds a paper (n,): those of the papers, then those of the readers who keep any."""
    held: list[Sequence[int]] = [
        [cited for citing, cited in corpus.citations if citing == row] for row in range(len(corpus.papers))
    ]
    held += [library for library in corpus.libraries if library]
    dense = np.zeros((len(held), len(corpus.papers)))
    for place, rows in enumerate(held):
        dense[place, list(rows)] = 1.0
    return dense


def profile(corpus: Corpus, query: Query) -> Dense:
    """How many of the query's lists hold each paper (n,): what retrieval.profile.profile_of promises."""
    lists = lists_of(corpus)
    counts = lists[list(query.positive_rows)].sum(axis=0)
    counts[list({*query.reference_rows, *query.library_rows})] += 1.0
    disliked = lists[list(query.negative_rows)].sum(axis=0) > 0
    disliked[list(query.negative_rows)] = True
    counts[disliked] = 0.0
    return counts


def words_dense(bundle: Bundle) -> Dense:
    """TF-IDF of papers by terms (n, v)."""
    dense = np.zeros((bundle.paper_count, bundle.words.vocabulary.size))
    for row in range(bundle.paper_count):
        found = bundle.words.of_row(row)
        dense[row, found.places] = found.weights
    return dense


def assert_scores(found: Scores | None, expected: Dense | None, tolerance: float = 1e-5) -> None:
    """Scores as expected (n,), where 0 or less means that nothing is said; None for None."""
    if expected is None:
        assert found is None
        return
    assert found is not None
    said = np.where(np.isfinite(found), found, 0.0)
    np.testing.assert_allclose(said, np.maximum(expected, 0.0), rtol=1e-4, atol=tolerance)
    assert (found[expected <= 0.0] == -np.inf).all()
