"""Papers by the direction of their factors, and texts folded in among them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocite.core.paper import Paper
from cocite.recommender import layout
from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Query
from cocite.recommender.retrieval.als import AlsRetriever, ItemsRetriever
from cocite.recommender.retrieval.text_items import TextItems
from cocite.recommender.word_index import Terms
from support.bundles import Corpus, Options, build_arrays, bundle_in_memory
from support.random_corpora import Dense, asked, assert_scores, corpora
from support.retrievers import scores_of

FACTORS = 3
EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)


def _with_terms(corpus: Corpus, seed: int) -> tuple[Bundle, Dense]:
    """A bundle whose terms have factors, but for the first, and the Gram matrix of its sources, regularised."""
    arrays, _, _ = build_arrays(corpus, Options(factors=FACTORS))
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(len(arrays[layout.VOCABULARY]), FACTORS)).astype(np.float16)
    factors[:1] = 0.0
    sources = rng.normal(size=(20, FACTORS))
    gram = sources.T @ sources + np.eye(FACTORS)
    overrides = {
        layout.TERM_FACTORS: factors,
        layout.SOURCE_GRAM_INVERSE: np.linalg.inv(gram).astype(np.float32),
    }
    return bundle_in_memory(corpus, factors=FACTORS, overrides=overrides), gram


def _folded(bundle: Bundle, gram: Dense, terms: Terms) -> Dense | None:
    """The factors of a text by the normal equations of Hu, Koren and Volinsky: every term is preferred."""
    factors = bundle.term_factors[terms.places].astype(np.float64)
    known = factors.any(axis=1)
    if not known.any():
        return None
    factors = factors[known]
    confidence = bundle.manifest.als.alpha * bundle.manifest.als.term_weight * terms.weights[known]
    return np.asarray(
        np.linalg.solve(gram + (factors.T * (confidence - 1.0)) @ factors, factors.T @ confidence), dtype=np.float64
    )


@EXAMPLES
@given(
    corpora(), st.integers(0, 2**32), st.lists(st.sampled_from(("graphs", "trees", "knights", "chess", "xylophones")))
)
def test_a_text_is_folded_in_as_a_dense_solve_does(corpus: Corpus, seed: int, words: list[str]) -> None:
    bundle, gram = _with_terms(corpus, seed)
    terms = bundle.words.of_text(" ".join(words))
    found, expected = TextItems(bundle).factors(terms), _folded(bundle, gram, terms)
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_of_a_long_text_the_heaviest_terms_are_folded_in(monkeypatch: pytest.MonkeyPatch) -> None:
    titles = ("graphs trees", "graphs trees knights", "knights chess", "chess", "", "forests", "forests")
    bundle, gram = _with_terms(Corpus(tuple(Paper(f"local:{i}", title=t) for i, t in enumerate(titles)), ()), 1)
    monkeypatch.setattr("cocite.recommender.retrieval.text_items._MOST_TERMS", 2)
    terms = bundle.words.of_text("forests forests forests graphs trees trees knights")
    heaviest = np.sort(np.argsort(-terms.weights)[:2])
    kept = Terms(terms.places[heaviest], terms.weights[heaviest])
    found = TextItems(bundle).factors(terms)
    assert found is not None and terms.places.size == 4
    np.testing.assert_allclose(found, _folded(bundle, gram, kept), rtol=1e-3, atol=1e-4)


def _directions(factors: Dense) -> Dense:
    norms = np.linalg.norm(factors, axis=1, keepdims=True)
    return (factors / np.maximum(norms, 1e-12)).sum(axis=0) / max(len(factors), 1)


@EXAMPLES
@given(asked(), st.booleans())
def test_items_are_cosines_to_the_seeds_times_the_root_of_length(case: tuple[Corpus, Query], told: bool) -> None:
    corpus, query = case
    bundle, gram = _with_terms(corpus, 5)
    query = Query(**{**_fields(query), "texts": ("graphs trees chess",) if told else ()})
    factors = np.asarray(bundle.item_factors, dtype=np.float64)
    text = _folded(bundle, gram, bundle.words.of_text("graphs trees chess")) if told else None
    liked = factors[[*query.positive_rows, *query.library_rows]]
    if text is not None:
        liked = np.vstack((liked, text))
    aim = _directions(liked) - 0.25 * _directions(factors[list(query.negative_rows)])
    lengths = np.linalg.norm(factors, axis=1)
    expected = factors @ aim / np.sqrt(np.maximum(lengths, 1e-9))
    expected[np.abs(expected) < 1e-5] = 0.0
    found = scores_of(ItemsRetriever(bundle), query, bundle)
    if found is not None:
        found[found < 1e-5] = -np.inf
    assert_scores(found, expected if liked.any() else None, tolerance=1e-3)


def _fields(query: Query) -> dict[str, tuple[int, ...]]:
    return {
        "positive_rows": query.positive_rows,
        "negative_rows": query.negative_rows,
        "library_rows": query.library_rows,
    }


@EXAMPLES
@given(corpora(), st.integers(0, 2**32))
def test_a_text_counts_for_als_as_a_paper_that_nobody_cites_yet(corpus: Corpus, seed: int) -> None:
    """One item of the text's factors, with the weight of a rarest paper that stands alone in its list."""
    bundle, gram = _with_terms(corpus, seed)
    text, als = _folded(bundle, gram, bundle.words.of_text("graphs knights chess")), bundle.manifest.als
    scores = scores_of(AlsRetriever(bundle), Query(texts=("graphs knights chess", "xylophones")), bundle)
    if text is None:
        assert scores is None
        return
    weight = (als.k1 + 1.0) / (als.k1 * (1.0 - als.b + als.b / als.average_length) + 1.0) * bundle.item_idf.max()
    confidence = als.alpha * weight * als.scale
    vector = np.linalg.solve(bundle.gram + (abs(confidence) - 1.0) * np.outer(text, text), text * max(confidence, 0.0))
    expected = np.asarray(bundle.item_factors, dtype=np.float64) @ vector
    assert scores is not None
    scores[scores < 1e-4] = -np.inf
    assert_scores(scores, np.where(expected < 1e-4, 0.0, expected), tolerance=1e-3)
