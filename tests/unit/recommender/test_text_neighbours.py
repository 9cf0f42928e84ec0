"""Neighbours by text, words that papers are cited with, and passages: each equals its formula."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cocite.core.paper import Paper
from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Passages, Query
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.likeness import NEIGHBOURS, TextNeighbours
from cocite.recommender.retrieval.passages import PassagesRetriever
from cocite.recommender.retrieval.text import TextRetriever
from cocite.recommender.retrieval.words import ContextsRetriever, WordsRetriever
from support.bundles import Corpus, bag_vector, bundle_in_memory, checkerboard
from support.random_corpora import Dense, asked, assert_scores, corpora, lists_of, words_dense
from support.retrievers import scores_of

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)


def _neighbours(bundle: Bundle) -> TextNeighbours:
    return TextNeighbours(bundle, TextRetriever(bundle), WordsRetriever(bundle))


def _likeness(bundle: Bundle) -> Dense:
    """Half the cosines of vectors, half those of words, (n, n)."""
    vectors, words = np.asarray(bundle.text_vectors, dtype=np.float64), words_dense(bundle)
    return 0.5 * vectors @ vectors.T + 0.5 * words @ words.T


def _found(bundle: Bundle, query: Query) -> Dense:
    near = _neighbours(bundle).of(Asked(query, bundle))
    assert (np.diff(near.rows) > 0).all() and (near.likeness > 0).all()
    likeness = np.zeros(bundle.paper_count)
    likeness[near.rows] = near.likeness
    return likeness


@EXAMPLES
@given(asked(), st.integers(0, 10))
def test_neighbours_are_the_same_from_the_table_and_searched(case: tuple[Corpus, Query], known: int) -> None:
    """Rows beyond the table, of papers that came after the training, are searched as texts are."""
    corpus, query = case
    bundle = bundle_in_memory(corpus, factors=2)
    late = replace(bundle, text_neighbours=bundle.text_neighbours[:known], text_likeness=bundle.text_likeness[:known])
    likeness = _likeness(bundle)
    for row in range(bundle.paper_count):
        expected = likeness[row].copy()
        expected[[row, *query.negative_rows]] = 0.0
        negative = tuple(set(query.negative_rows) - {row})
        for each in (bundle, late):
            found = _found(each, Query(positive_rows=(row,), negative_rows=negative))
            np.testing.assert_allclose(found, expected, atol=1e-3)


@EXAMPLES
@given(asked())
def test_a_paper_near_several_seeds_counts_for_each(case: tuple[Corpus, Query]) -> None:
    corpus, query = case
    bundle = bundle_in_memory(corpus, factors=2)
    own = [*query.positive_rows, *query.library_rows]
    expected = _likeness(bundle)[own].sum(axis=0)
    expected[[*own, *query.negative_rows]] = 0.0
    np.testing.assert_allclose(_found(bundle, query), expected, atol=1e-3)


@EXAMPLES
@given(corpora(), st.integers(0, 9))
def test_a_text_is_searched_by_words_and_vector(corpus: Corpus, row: int) -> None:
    bundle = bundle_in_memory(corpus, factors=2)
    row %= bundle.paper_count
    title = corpus.papers[row].title
    query = Query(texts=(title,), text_vectors=bag_vector(title)[None])
    np.testing.assert_allclose(_found(bundle, query), _likeness(bundle)[row], atol=1e-3)
    words = Query(texts=(title,))  # as while the embedding service is away
    np.testing.assert_allclose(_found(bundle, words), 0.5 * (words_dense(bundle) @ words_dense(bundle)[row]), atol=1e-5)


def test_no_more_neighbours_of_a_text_than_of_a_paper() -> None:
    titles = ["graphs"] * (NEIGHBOURS + 8) + ["trees"] * (NEIGHBOURS + 9)  # no term is in more than half of the papers
    bundle = bundle_in_memory(Corpus(tuple(Paper(f"local:{i}", title=t) for i, t in enumerate(titles)), ()), factors=2)
    for query in (Query(texts=("graphs",)), Query(positive_rows=(NEIGHBOURS + 7,))):
        assert _neighbours(bundle).of(Asked(query, bundle)).rows.tolist() == list(range(NEIGHBOURS))


@EXAMPLES
@given(asked())
def test_contexts_are_cosines_to_the_mean_words_of_those_who_cite(case: tuple[Corpus, Query]) -> None:
    corpus, query = case
    bundle = bundle_in_memory(corpus, factors=2)
    words, links = words_dense(bundle), lists_of(corpus)[: bundle.paper_count]
    contexts = links.T @ words / np.maximum(links.sum(axis=0), 1.0)[:, None]
    positive, negative = (
        _mean(words[list(rows)]) for rows in ((*query.positive_rows, *query.library_rows), query.negative_rows)
    )
    aim = positive - 0.25 * negative
    expected = contexts @ aim / np.maximum(np.linalg.norm(contexts, axis=1) * np.linalg.norm(aim), 1e-12)
    expected[expected < 1e-9] = 0.0
    found = scores_of(ContextsRetriever(bundle), query, bundle)
    if found is not None:
        found[found < 1e-6] = -np.inf  # what rounding leaves of a difference
    assert_scores(found, expected if positive.any() else None)


def _mean(words: Dense) -> Dense:
    """Mean of the rows that are not zero."""
    told = words[words.any(axis=1)]
    return told.mean(axis=0) if len(told) else np.zeros(words.shape[1])


def _passages(rng: np.random.Generator, asked_count: int, owners: list[int]) -> Passages:
    def unit(count: int) -> np.ndarray:
        vectors = rng.normal(size=(count, 4)).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    return Passages(unit(asked_count), np.array(owners, dtype=np.int64), unit(len(owners)))


@EXAMPLES
@given(
    st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 5), max_size=8)), max_size=3), st.integers(0, 2**32)
)
def test_passages_score_the_mean_of_the_best_cosines(shapes: list[tuple[int, list[int]]], seed: int) -> None:
    bundle = bundle_in_memory(Corpus(tuple(Paper(f"local:{row}") for row in range(6)), ()), factors=1)
    rng = np.random.default_rng(seed)
    told = [_passages(rng, count, owners) for count, owners in shapes]
    scores = scores_of(PassagesRetriever(bundle), Query(passages=tuple(told)), bundle)
    told = [each for each in told if len(each.asked) and len(each.owners)]
    if not told:
        assert scores is None
        return
    assert scores is not None
    for row in range(6):
        best = [
            np.mean([max(float(q @ c) for c in each.candidates[each.owners == row]) for q in each.asked])
            for each in told
            if row in each.owners
        ]
        if best:
            np.testing.assert_allclose(scores[row], sum(best) / len(told), atol=1e-6)
        else:
            assert scores[row] == -np.inf


def test_what_is_kept_of_the_last_query_is_no_answer_to_another() -> None:
    bundle = bundle_in_memory(checkerboard(), factors=2)
    shared, first, second = _neighbours(bundle), Query(positive_rows=(3,)), Query(positive_rows=(4,))
    for query in (first, first, second, Query(positive_rows=(3,)), second):
        asked = Asked(query, bundle)
        assert asked.shared(shared.of) is asked.shared(shared.of)
        assert asked.shared(shared.of).rows.tolist() == _neighbours(bundle).of(asked).rows.tolist()
    one, other = Asked(first, bundle), Asked(second, bundle)
    assert one.shared(shared.of).rows.tolist() != other.shared(shared.of).rows.tolist()
