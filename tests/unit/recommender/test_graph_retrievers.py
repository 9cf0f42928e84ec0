"""Each retriever that goes by lists of papers equals its formula, written down with dense matrices."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocite.core.paper import Paper
from cocite.recommender import layout
from cocite.recommender.bundle import Bundle
from cocite.recommender.csr import Csr
from cocite.recommender.query import Query
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.cocitation import CocitationRetriever
from cocite.recommender.retrieval.coupling import CouplingRetriever
from cocite.recommender.retrieval.likeness import TextNeighbours
from cocite.recommender.retrieval.neighbourhood import NeighbourhoodRetriever
from cocite.recommender.retrieval.profile import Lists, profile_of
from cocite.recommender.retrieval.text import TextRetriever
from cocite.recommender.retrieval.walk import WalkRetriever
from cocite.recommender.retrieval.words import WordsRetriever
from cocite.recommender.word_index import Postings
from cocite.training.near import near_arrays
from cocite.training.text_neighbours import NeighbourTable
from support.bundles import Corpus, bundle_in_memory
from support.random_corpora import Dense, asked, assert_scores, corpora, lists_of, profile
from support.retrievers import scores_of

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)


def _neighbours(bundle: Bundle) -> TextNeighbours:
    return TextNeighbours(bundle, TextRetriever(bundle), WordsRetriever(bundle))


def _idf(lists: Dense) -> Dense:
    return np.log((1.0 + len(lists)) / (1.0 + lists.sum(axis=0)))


def _near(bundle: Bundle, query: Query) -> Dense:
    """Likeness (n,) to the seeds, 0 for those that are no neighbour."""
    likeness = np.zeros(bundle.paper_count)
    near = _neighbours(bundle).of(Asked(query, bundle))
    likeness[near.rows] = near.likeness
    return likeness


def _dense(links: Csr, width: int) -> Dense:
    dense = np.zeros((links.offsets.size - 1, width))
    for row in range(len(dense)):
        dense[row, links.of(row)] += 1.0
    return dense


@EXAMPLES
@given(corpora())
def test_lists_are_those_of_papers_and_of_readers(corpus: Corpus) -> None:
    expected, bundle = lists_of(corpus), bundle_in_memory(corpus, factors=2)
    n, numbers = bundle.paper_count, bundle.list_numbers
    assert np.array_equal(np.vstack((_dense(bundle.references, n), _dense(bundle.libraries, n))), expected)
    readers = len(expected) - n
    assert np.array_equal(np.hstack((_dense(bundle.cited_by, n), _dense(bundle.readers, readers))), expected.T)
    np.testing.assert_allclose(numbers.idf, _idf(expected), rtol=1e-6)
    norms = np.linalg.norm(expected * _idf(expected), axis=1)
    np.testing.assert_allclose(np.append(numbers.list_norms, numbers.library_norms), norms, rtol=1e-6)
    np.testing.assert_allclose(numbers.cocitation_norms, np.linalg.norm(_weighted(expected), axis=0), rtol=1e-6)


def _weighted(lists: Dense) -> Dense:
    """Long lists tell less."""
    return lists / np.log(2.0 + lists.sum(axis=1, keepdims=True))


@EXAMPLES
@given(asked())
def test_the_profile_is_what_the_query_puts_together(case: tuple[Corpus, Query]) -> None:
    corpus, query = case
    found = profile_of(query, bundle_in_memory(corpus, factors=2).references)
    counts = np.zeros(len(corpus.papers))
    counts[found.rows] = found.counts
    assert np.array_equal(counts, profile(corpus, query))
    assert (np.diff(found.rows) > 0).all() and (found.counts > 0).all()


def test_a_paper_in_two_lists_counts_twice_and_what_is_disliked_not_at_all() -> None:
    papers = tuple(Paper(f"local:{row}") for row in range(6))
    bundle = bundle_in_memory(Corpus(papers, ((0, 2), (0, 3), (0, 4), (1, 3), (5, 4))), factors=2)
    both = profile_of(Query(positive_rows=(0, 1), reference_rows=(3, 5), library_rows=(3,)), bundle.references)
    assert both.rows.tolist() == [2, 3, 4, 5] and both.counts.tolist() == [1, 3, 1, 1]
    less = profile_of(Query(positive_rows=(0, 1), reference_rows=(3, 5), negative_rows=(5,)), bundle.references)
    assert less.rows.tolist() == [2, 3] and less.counts.tolist() == [1, 3]


def _cosines(lists: Dense, weights: Dense) -> tuple[Dense, Dense]:
    """Cosine of each list (m,) to the profile's counts (n,), both weighted by idf, and the products of norms."""
    idf = _idf(lists)
    aim = weights * idf
    norms = np.maximum(np.linalg.norm(lists * idf, axis=1) * np.linalg.norm(aim), 1e-12)
    return (lists * idf) @ aim / norms, norms


@EXAMPLES
@given(asked())
def test_coupling_is_the_cosine_of_reference_lists(case: tuple[Corpus, Query]) -> None:
    corpus, query = case
    bundle, counts = bundle_in_memory(corpus, factors=2), profile(corpus, query)
    expected = _cosines(lists_of(corpus), counts)[0][: bundle.paper_count]
    expected[list(query.positive_rows)] = 0.0
    found = scores_of(CouplingRetriever(Lists.of(bundle)), query, bundle)
    assert_scores(found, expected if counts.any() else None)


@EXAMPLES
@given(asked())
def test_cocitation_is_the_sum_of_cosines_to_the_other_papers_of_the_query(case: tuple[Corpus, Query]) -> None:
    corpus, query = case
    bundle, counts = bundle_in_memory(corpus, factors=2), profile(corpus, query)
    lists = lists_of(corpus)
    weighted = _weighted(lists)
    norms = np.maximum(np.linalg.norm(weighted, axis=0), 1e-12)
    weighted[list(query.positive_rows)] = 0.0  # a seed's own list does not speak for what is in it
    cosines = weighted.T @ weighted / np.outer(norms, norms)
    np.fill_diagonal(cosines, 0.0)
    shares = counts / max(counts.sum(), 1.0)
    shares[list(query.positive_rows)] += 1.0 / max(len(query.positive_rows), 1)
    found = scores_of(CocitationRetriever(Lists.of(bundle)), query, bundle)
    assert_scores(found, cosines @ shares if shares.any() else None)


@EXAMPLES
@given(asked())
def test_neighbourhood_adds_up_the_lists_of_near_papers(case: tuple[Corpus, Query]) -> None:
    corpus, query = case
    bundle = bundle_in_memory(corpus, factors=2)
    counts, near = profile(corpus, query), _near(bundle, query)
    found = scores_of(NeighbourhoodRetriever(Lists.of(bundle), _neighbours(bundle)), query, bundle)
    assert_scores(found, _neighbourhood(corpus, query, counts, near) if counts.any() or near.any() else None)


def _neighbourhood(corpus: Corpus, query: Query, counts: Dense, near: Dense) -> Dense:
    lists = lists_of(corpus)
    text = np.zeros(len(lists))
    text[: near.size] = (near / max(near.max(), 1e-12)) ** 3
    coupled, norms = _cosines(lists, counts)
    coupled[list(query.positive_rows)] = 0.0
    scale = 2.0 / max(coupled.max(), 1e-12)
    totals = (text + scale * coupled) ** 1.5 @ lists
    others = np.delete(np.arange(len(lists)), query.positive_rows)
    for row in np.flatnonzero(counts):
        without = coupled - counts[row] * _idf(lists)[row] ** 2 / norms
        weights = (text + scale * np.maximum(without, 0.0)) ** 1.5
        totals[row] = weights[others] @ lists[others, row]
    return totals


def test_a_reference_of_the_seed_alone_is_nothing_to_its_neighbourhood() -> None:
    """2 and 3 are cited by the seed and one other, 4 by the seed alone: nobody else speaks for it."""
    papers = tuple(Paper(f"local:{row}") for row in range(5))
    bundle = bundle_in_memory(Corpus(papers, ((0, 2), (0, 3), (0, 4), (1, 2), (1, 3))), factors=2)
    for retriever in (
        NeighbourhoodRetriever(Lists.of(bundle), _neighbours(bundle)),
        CocitationRetriever(Lists.of(bundle)),
    ):
        scores = scores_of(retriever, Query(positive_rows=(0,)), bundle)
        assert scores is not None
        assert scores[2] == scores[3] > 0 and scores[4] == -np.inf, retriever.name


def test_only_the_nearest_lists_speak_for_a_paper_in_or_out_of_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists 1 and 2 share two papers with the seed, but 2 is longer and not looked into."""
    monkeypatch.setattr("cocite.recommender.retrieval.neighbourhood._MOST_LISTS", 1)
    papers = tuple(Paper(f"local:{row}") for row in range(9))
    links = ((0, 3), (0, 4), (0, 5), (1, 3), (1, 4), (1, 6), (2, 4), (2, 5), (2, 7), (2, 8))
    bundle = bundle_in_memory(Corpus(papers, links), factors=2)
    scores = scores_of(NeighbourhoodRetriever(Lists.of(bundle), _neighbours(bundle)), Query(positive_rows=(0,)), bundle)
    assert scores is not None
    assert np.flatnonzero(np.isfinite(scores)).tolist() == [3, 4, 6]


def test_only_the_most_telling_holders_are_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the lists that hold the seed, 1 is short and holds 4, 2 is long and holds 5: one is enough."""
    monkeypatch.setattr("cocite.recommender.retrieval.cocitation._MOST_LISTS", 1)
    papers = tuple(Paper(f"local:{row}") for row in range(9))
    bundle = bundle_in_memory(Corpus(papers, ((1, 0), (1, 4), *((2, row) for row in (0, 5, 6, 7, 8)))), factors=2)
    scores = scores_of(CocitationRetriever(Lists.of(bundle)), Query(positive_rows=(0,)), bundle)
    assert scores is not None
    assert np.flatnonzero(np.isfinite(scores)).tolist() == [4]


@EXAMPLES
@given(case=asked())
def test_the_walk_is_a_power_of_the_transition_matrix(case: tuple[Corpus, Query]) -> None:
    corpus, query = case
    bundle = _with_few_neighbours(bundle_in_memory(corpus, factors=2))
    counts, near = profile(corpus, query), _near(bundle, query)
    lists = lists_of(corpus)
    start = np.zeros(len(lists))
    start[: counts.size] += 0.5 * counts / max(counts.sum(), 1.0)
    start[: near.size] += 0.3 * near**2 / max((near**2).sum(), 1e-12)
    holders = lists[:, list(query.positive_rows)].sum(axis=1)
    start += 0.2 * holders / max(holders.sum(), 1.0)
    (step, near_step), place = _transitions(bundle, lists), start / max(start.sum(), 1e-12)
    visits = np.zeros(len(lists))
    for _ in range(5):
        to_near = 0.7 * near_step * place
        place = 0.7 * step @ place + np.where(to_near >= 1e-5, to_near, 0.0).sum(axis=1)  # too few stay where they are
        visits += place
    found = scores_of(WalkRetriever(bundle, Lists.of(bundle), _neighbours(bundle)), query, bundle)
    expected = np.where(visits > 1e-9, visits, 0.0)[: bundle.paper_count]
    assert_scores(found, expected if start.any() else None)


def _with_few_neighbours(bundle: Bundle) -> Bundle:
    """The bundle with two text neighbours for each paper, so that some are near to others without being so back."""
    rows, likeness = bundle.text_neighbours[:, :2], bundle.text_likeness[:, :2]
    near = near_arrays(NeighbourTable(rows, likeness))
    links = Csr(near[layout.NEAR_OFFSETS], near[layout.NEAR])
    return replace(bundle, text_neighbours=rows, text_likeness=likeness, near=Postings(links, near[layout.NEAR_SHARES]))


def _transitions(bundle: Bundle, lists: Dense) -> tuple[Dense, Dense]:
    """From the node of a column to that of a row: half the steps to references, a fifth to holders; and the rest, to
    neighbours.
    """
    near = np.zeros((len(lists), len(lists)))
    for row, (others, likeness) in enumerate(zip(bundle.text_neighbours, bundle.text_likeness, strict=True)):
        for other, value in zip(others, likeness, strict=True):
            if other >= 0:
                near[other, row] += value**2
                near[row, other] += value**2
    held = np.zeros_like(near)
    held[:, : lists.shape[1]] = lists
    return 0.5 * _columns(held.T) + 0.2 * _columns(held), 0.3 * _columns(near)


def _columns(weights: Dense) -> Dense:
    """Each column adds up to 1, or is zero."""
    totals = weights.sum(axis=0)
    return weights / np.where(totals > 0, totals, 1.0)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(corpora(), st.booleans())
def test_libraries_alone_are_lists_enough(corpus: Corpus, kept: bool) -> None:
    """Without citations, papers are related where a reader keeps both, and only there."""
    corpus = Corpus(corpus.papers, (), ((0, 1),) if kept else ())
    bundle = bundle_in_memory(corpus, factors=2)
    scores = scores_of(CocitationRetriever(Lists.of(bundle)), Query(library_rows=(0,)), bundle)
    assert scores is not None
    assert np.flatnonzero(np.isfinite(scores)).tolist() == ([1] if kept else [])
