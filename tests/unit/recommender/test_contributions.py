from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocite.core.paper import Paper
from cocite.recommender.bundle import Bundle
from cocite.recommender.contributions import Contributions
from cocite.recommender.evidence import SeedEvidence
from cocite.recommender.query import Query
from cocite.recommender.retrieval.als import AlsRetriever
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.fold_in import FoldIn
from cocite.recommender.word_index import Terms
from support.bundles import Corpus, bag_vector, write_bundle
from support.retrievers import scores_of

SIZE = 24
ALL = np.arange(SIZE)
ROWS = st.lists(st.integers(0, SIZE - 1), max_size=4, unique=True).map(tuple)
TEXTS = st.lists(st.sampled_from(["knights and bishops", "graphs", "unheard of"]), max_size=2, unique=True)


def _fold_in(bundle: Bundle) -> FoldIn:
    return FoldIn(bundle.item_factors, bundle.gram, bundle.gram_inverse, bundle.manifest.als.alpha)


@pytest.mark.parametrize("items", [3, 8, 20])  # fewer than factors, as many, more
def test_parts_add_up_to_the_score(bundle: Bundle, items: int) -> None:
    rng = np.random.default_rng(items)
    rows, weights = rng.choice(SIZE, items, replace=False), rng.normal(1.0, 1.0, items)
    folded = _fold_in(bundle).fold_in(rows, weights)
    parts = folded.parts(bundle.item_factors[ALL])
    assert parts.shape == (SIZE, items)
    np.testing.assert_allclose(parts.sum(axis=1), bundle.item_factors @ folded.vector, atol=1e-4)
    assert (parts[:, weights < 0] == 0).all(), "what is disliked speaks for nothing"


@pytest.mark.parametrize("items", [3, 8, 20])
def test_parts_of_the_others_are_those_of_the_held_out_score(bundle: Bundle, items: int) -> None:
    rows, weights = np.arange(0, 20, 20 // items)[:items], np.full(items, 0.7)
    parts = _fold_in(bundle).fold_in(rows, weights).parts(bundle.item_factors[rows])
    for place in range(items):
        others = np.arange(items) != place
        alone = _fold_in(bundle).fold_in(rows[others], weights[others]).parts(bundle.item_factors[rows[[place]]])[0]
        mine = parts[place, others]
        if abs(alone.sum()) > 1e-3:
            np.testing.assert_allclose(mine / mine.sum(), alone / alone.sum(), rtol=1e-3, atol=1e-3)


def test_the_retriever_scores_by_its_parts(bundle: Bundle) -> None:
    known, unknown = "knights and bishops", "unheard of"
    query = Query((20, 9), (3,), (known, unknown), reference_rows=(1, 2), library_rows=(8,))
    retriever = AlsRetriever(bundle)
    scores, profile = scores_of(retriever, query, bundle), retriever.folded(Asked(query, bundle))
    items, texts, parts = profile.items, profile.texts, retriever.parts(profile, ALL)
    assert scores is not None and unknown not in texts and parts.shape == (SIZE, len(items) + len(texts))
    outside = np.setdiff1d(ALL, items)[scores[np.setdiff1d(ALL, items)] > 0]
    np.testing.assert_allclose(parts[outside].sum(axis=1), scores[outside], atol=1e-4)
    assert (parts[items, np.arange(len(items))] == 0).all()


def _shares(
    bundle: Bundle, query: Query, seeds: list[SeedEvidence], rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    return Contributions(bundle).shares(Asked(query, bundle), seeds, rows)


def _seeds(rows: tuple[int, ...], texts: list[str], references: tuple[int, ...]) -> list[SeedEvidence]:
    wholes = [SeedEvidence(references=references)] if references else []
    return [*(SeedEvidence(r) for r in rows), *(SeedEvidence(None, bag_vector(t), t) for t in texts), *wholes]


@settings(max_examples=150, deadline=None)
@given(ROWS, TEXTS, ROWS, ROWS, ROWS)
def test_shares_add_up_to_one(
    bundle: Bundle,
    rows: tuple[int, ...],
    texts: list[str],
    references: tuple[int, ...],
    library: tuple[int, ...],
    negatives: tuple[int, ...],
) -> None:
    seeds = _seeds(rows, texts, references)
    if not seeds and not library:
        return
    query = Query(
        positive_rows=rows,
        negative_rows=tuple(set(negatives) - set(rows)),
        texts=tuple(texts),
        reference_rows=references,
        library_rows=library,
    )
    shares = _shares(bundle, query, seeds, ALL)
    assert shares.shape == (SIZE, len(seeds) + bool(library))
    assert (shares >= 0).all() and np.isfinite(shares).all()
    sums = shares.sum(axis=1)
    assert ((np.abs(sums - 1) < 1e-6) | (sums == 0)).all()
    turned = _shares(bundle, query, seeds[::-1], ALL)
    np.testing.assert_allclose(turned[:, : len(seeds)], shares[:, : len(seeds)][:, ::-1], atol=1e-5)


def _two_islands(tmp_path: Path) -> Bundle:
    """Papers 0 to 7 and 8 to 15 share neither words nor references; 14 and 15 cite alike and are cited by nobody."""
    titles = ["knights bishops"] * 4 + ["knights rooks"] * 4 + ["graphs trees"] * 4 + ["graphs forests"] * 4
    assert abs(float(bag_vector(titles[0]) @ bag_vector(titles[8]))) < 1e-6
    links = [(i, j) for start in (0, 8) for i in range(start, start + 8) for j in range(start, min(i, start + 6))]
    papers = tuple(Paper(f"local:{i}", title=title) for i, title in enumerate(titles))
    return Bundle.load(write_bundle(tmp_path, Corpus(papers, tuple(links)), factors=4))


def test_a_seed_that_has_nothing_to_do_with_a_result_gets_nothing(tmp_path: Path) -> None:
    bundle = _two_islands(tmp_path)
    shares = _shares(bundle, Query(positive_rows=(7, 15)), _seeds((7, 15), [], ()), np.array([1, 2, 3, 9, 10]))
    assert (shares[:3, 0] > 0.95).all() and (shares[3:, 1] > 0.95).all()


def test_seeds_that_are_alike_share_alike(tmp_path: Path) -> None:
    bundle = _two_islands(tmp_path)
    shares = _shares(bundle, Query(positive_rows=(14, 15)), _seeds((14, 15), [], ()), np.arange(8, 14))
    np.testing.assert_allclose(shares, 0.5, atol=1e-6)


def test_of_texts_the_shares_are_those_of_the_cosines(bundle: Bundle) -> None:
    texts = ["unheard knights", "unheard graphs of bishops"]
    vectors = np.stack([bag_vector(text) for text in texts])
    words = [bundle.words.of_text(text) for text in texts]
    shares = _shares(bundle, Query(texts=tuple(texts)), _seeds((), texts, ()), ALL)
    for row in range(SIZE):
        cosines = vectors @ bundle.text_vectors[row]
        both = [_dot(each, bundle.words.of_row(row)) for each in words]
        measures = [np.array(each) / sum(each) for each in (cosines, both) if sum(each) > 1e-6]
        expected = np.mean(measures, axis=0) if measures else np.zeros(2)
        np.testing.assert_allclose(shares[row], expected, atol=1e-5)


def _dot(one: Terms, other: Terms) -> float:
    weights = dict(zip(one.places.tolist(), one.weights.tolist(), strict=True))
    return sum(weights.get(p, 0.0) * w for p, w in zip(other.places.tolist(), other.weights.tolist(), strict=True))


def test_where_no_measure_speaks_there_is_nothing_to_share(tmp_path: Path) -> None:
    papers = tuple(Paper(f"local:{i}") for i in range(3))
    bundle = Bundle.load(write_bundle(tmp_path, Corpus(papers, ()), factors=1))
    shares = _shares(bundle, Query(positive_rows=(0, 1)), _seeds((0, 1), [], ()), np.array([2]))
    assert shares.tolist() == [[0.0, 0.0]]
    assert _shares(bundle, Query(positive_rows=(0, 1)), _seeds((0, 1), [], ()), ALL[:0]).shape == (0, 2)
