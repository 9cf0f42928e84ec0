"""What retrievers leave out when there is too much to look at, and that links of new papers count like others."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from cocite.core.paper import Paper
from cocite.recommender.bundle import Bundle
from cocite.recommender.csr import Csr
from cocite.recommender.query import Query
from cocite.recommender.retrieval.contract import Retriever
from cocite.recommender.retrieval.profile import Lists
from cocite.recommender.retrieval.registry import retrievers_of
from cocite.recommender.word_index import Postings
from support.bundles import Corpus, bundle_in_memory
from support.random_corpora import asked
from support.retrievers import scores_of

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)
BOUNDED = ("words", "contexts", "coupling", "cocitation", "neighbourhood", "walk")

# The seed 0 cites 2 and 3; 2 is cited by 4 to 9, 3 by 4. Each of those cites one more paper. Words are shared by every
# third paper, by every fourth, and by four in a row.
STAR = Corpus(
    tuple(Paper(f"local:{row:02}", title=f"graph{row % 3} tree{row % 4} knight{row // 4}") for row in range(16)),
    ((0, 2), (0, 3), *((row, 2) for row in range(4, 10)), (4, 3), *((row, row + 6) for row in range(4, 10))),
)


@pytest.fixture(scope="module")
def star() -> Bundle:
    return bundle_in_memory(STAR, factors=2)


def _retriever(bundle: Bundle, name: str) -> Retriever:
    (found,) = (each for each in retrievers_of(bundle) if each.name == name)
    return found


def _said(bundle: Bundle, name: str) -> dict[int, float]:
    scores = scores_of(_retriever(bundle, name), Query(positive_rows=(0,)), bundle)
    assert scores is not None
    return {int(row): float(scores[row]) for row in np.flatnonzero(np.isfinite(scores))}


@pytest.mark.parametrize(
    ("name", "bound", "value"),
    [
        ("coupling", "profile._HOLDERS", 4),
        ("cocitation", "cocitation._HOLDERS", 4),
        ("cocitation", "cocitation._MOST_LISTS", 2),
        ("cocitation", "cocitation._PAPERS", 4),
        ("neighbourhood", "neighbourhood._MOST_LISTS", 2),
        ("neighbourhood", "neighbourhood._PAPERS", 8),
        ("neighbourhood", "profile._HOLDERS", 4),
        ("walk", "walk._ENOUGH", 3),
        ("walk", "walk._PLACES", 1),
        ("walk", "walk._LINKS", 3),
        ("words", "words._POSTINGS", 4),
        ("contexts", "words._CONTEXT_POSTINGS", 2),
    ],
)
def test_beyond_a_bound_not_everything_is_found(
    star: Bundle, monkeypatch: pytest.MonkeyPatch, name: str, bound: str, value: int
) -> None:
    everything = _said(star, name)
    monkeypatch.setattr(f"cocite.recommender.retrieval.{bound}", value)
    found = _said(star, name)
    assert found and found != everything and set(found) <= set(everything), name
    monkeypatch.setattr(f"cocite.recommender.retrieval.{bound}", 1000)
    assert _said(star, name) == everything, "the control: a bound that is not reached changes nothing"


def test_of_a_paper_that_many_cite_a_sample_couples_and_of_a_rare_one_all(
    star: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(_said(star, "coupling")) == {4, 5, 6, 7, 8, 9}
    monkeypatch.setattr("cocite.recommender.retrieval.profile._HOLDERS", 4)  # two of the holders of each paper
    assert set(_said(star, "coupling")) == {4, 6}


def test_where_not_all_is_looked_at_the_best_are_exact(star: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = _said(star, "words")
    monkeypatch.setattr("cocite.recommender.retrieval.words._POSTINGS", 6)
    found = _said(star, "words")
    assert 0 < len(found) < len(everything)
    assert found == pytest.approx({row: everything[row] for row in found})
    monkeypatch.setattr("cocite.recommender.retrieval.words._COMPLETED", 0)
    rough = _said(star, "words")
    assert any(rough[row] < 0.99 * everything[row] for row in rough), "the control: without a second look they are not"


def _layered(links: Csr, first: int, row_count: int) -> Csr:
    """The same links, those of or to rows from first on in the second layer."""
    sources, targets = np.repeat(np.arange(row_count), links.counts()), links.rows
    old = (sources < first) & (targets < first)
    offsets = np.concatenate(([0], np.cumsum(np.bincount(sources[old], minlength=first)))).astype(np.int64)
    return Csr(offsets, targets[old]).with_links(sources[~old], targets[~old], row_count)


def _layered_postings(postings: Postings, first: int, terms: int) -> Postings:
    links = postings.links
    sources, new = np.repeat(np.arange(terms), links.counts()), links.rows >= first
    offsets = np.concatenate(([0], np.cumsum(np.bincount(sources[~new], minlength=terms)))).astype(np.int64)
    old = Postings(Csr(offsets, links.rows[~new]), postings.weights[~new])
    return old.with_links(sources[new], links.rows[new], postings.weights[new], terms)


@EXAMPLES
@given(asked())
def test_links_of_new_papers_count_like_others(case: tuple[Corpus, Query]) -> None:
    """Every retriever says the same whether links lie in one layer or in two."""
    corpus, query = case
    bundle = bundle_in_memory(corpus, factors=2)
    n, first = bundle.paper_count, max(bundle.paper_count - 3, 1)
    layered = replace(
        bundle,
        references=_layered(bundle.references, first, n),
        cited_by=_layered(bundle.cited_by, first, n),
        words=replace(
            bundle.words,
            term_papers=_layered_postings(bundle.words.term_papers, first, bundle.words.vocabulary.size),
        ),
    )
    for one, other in zip(retrievers_of(bundle), retrievers_of(layered), strict=True):
        if one.name in BOUNDED:
            expected, found = scores_of(one, query, bundle), scores_of(other, query, layered)
            assert (expected is None) == (found is None), one.name
            if expected is not None and found is not None:
                np.testing.assert_allclose(found, expected, rtol=1e-5, err_msg=one.name)


def test_a_corpus_without_links_or_words_says_nothing() -> None:
    bundle = bundle_in_memory(Corpus(tuple(Paper(f"local:{row}") for row in range(3)), ()), factors=2)
    for name in BOUNDED:
        scores = scores_of(_retriever(bundle, name), Query(positive_rows=(0,), library_rows=(1,)), bundle)
        assert scores is None or not np.isfinite(scores).any(), name
    assert Lists.of(bundle).graph[2][0].tolist() == [0], "no readers"
