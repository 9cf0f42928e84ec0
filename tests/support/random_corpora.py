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
def corpora(draw: st.DrawFn, least: int = 2, most: int = 10) -> Corpus:
    """Papers of a few words, years and venues, any of which may be missing, links in any direction, and libraries."""
    count = draw(st.integers(least, most))
    rows = st.integers(0, count - 1)
    papers = tuple(
        Paper(
            f"local:{row}",
            title=" ".join(draw(st.lists(st.sampled_from(WORDS), max_size=4))),
            year=draw(st.none() | st.integers(1990, 1999)),
            venue=draw(st.sampled_from(("", "Black", "White"))),
        )
        for row in range(count)
    )
    links = draw(st.sets(st.tuples(rows, rows), max_size=3 * count))
    libraries = draw(st.lists(st.sets(rows, max_size=4).map(sorted).map(tuple), max_size=3))
    return Corpus(papers, tuple(sorted(link for link in links if link[0] != link[1])), tuple(libraries))


@st.composite
def seeds(draw: st.DrawFn, count: int) -> Query:
    """Rows of each kind of seed, no row in two of them."""
    order = draw(st.permutations(range(count)))
    positive, negative, library, references = (draw(st.integers(0, most)) for most in (3, 2, 3, 3))
    cuts = np.cumsum([positive, negative, library, references])
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
