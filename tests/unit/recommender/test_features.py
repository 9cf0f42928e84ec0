"""Features of candidates, each by hand on a corpus of seven papers, and what is unknown of them."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from cocite.core.paper import Paper
from cocite.recommender.bundle import Bundle
from cocite.recommender.proposing import Proposer
from cocite.recommender.query import Query
from cocite.recommender.ranking.candidates import Candidates
from cocite.recommender.ranking.features import FEATURES, FeatureExtractor
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Dense
from cocite.recommender.retrieval.profile import Lists
from cocite.recommender.retrieval.registry import RETRIEVERS, retrievers_of
from support.bundles import Corpus, bag_vector, bundle_in_memory
from support.random_corpora import asked

TITLES = ("graphs trees", "graphs", "trees", "knights", "", "graphs trees", "chess")
YEARS = (2000, 1995, 1998, 2001, None, 1990, 2000)
VENUES = ("Black", "Black", "White", "White", "", "Black", "Black")
LINKS = ((0, 1), (0, 2), (3, 1), (4, 1), (4, 5), (6, 0), (6, 1), (6, 3), (6, 5))  # the profile of 0 is 1 and 2
CORPUS = Corpus(
    tuple(
        Paper(f"local:{row}", title=title, year=year, venue=venue)
        for row, (title, year, venue) in enumerate(zip(TITLES, YEARS, VENUES, strict=True))
    ),
    LINKS,
)
ROWS = np.array([3, 5, 4, 1])  # newer than the seed, old, of unknown year and venue, in the profile
NAN = np.nan


@pytest.fixture(scope="module")
def small() -> Bundle:
    return bundle_in_memory(CORPUS, factors=2)


def _values(bundle: Bundle, query: Query, candidates: Candidates) -> dict[str, np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = FeatureExtractor(bundle, Lists.of(bundle)).of(Asked(query, bundle), candidates)
    assert values.dtype == np.float32 and values.shape == (candidates.rows.size, len(FEATURES))
    assert not np.isinf(values).any()
    return dict(zip(FEATURES, values.T, strict=True))


def _candidates(rows: np.ndarray, **scores: list[float]) -> Candidates:
    """Candidates with the scores of some retrievers, the others silent."""
    columns = [scores.get(name, [NAN] * rows.size) for name in RETRIEVERS]
    return Candidates(rows, RETRIEVERS, np.array(columns, dtype=np.float32).T)


def _cosine(one: int, other: int) -> float:
    return float(bag_vector(TITLES[one]) @ bag_vector(TITLES[other]))


EXPECTED = {
    "likeness.closest": [(_cosine(3, 1) + _cosine(3, 2)) / 2, (_cosine(5, 1) + _cosine(5, 2)) / 2, 0, _cosine(1, 2)],
    "likeness.mean": [(_cosine(3, 1) + _cosine(3, 2)) / 2, (_cosine(5, 1) + _cosine(5, 2)) / 2, 0, _cosine(1, 2)],
    "citations.log": np.log1p([1, 2, 0, 4]),
    "citations.percentile": [2 / 7, 5 / 7, 0, 6 / 7],  # citations: 1, 4, 1, 1, 0, 2, 0
    "citations.recent": np.log1p([0, 1, 0, 2]),  # for 3, of the years 2002 to 2004
    "citations.per_year": [np.log(2 / 1), np.log(2 / 11), NAN, np.log(3 / 6)],
    "references.log": np.log1p([1, 0, 2, 0]),
    "age.to_query": [-1, 10, NAN, 5],
    "age.to_candidates": [6, -5, NAN, 0],
    "age.to_profile": [4.5, -6.5, NAN, -3],
    "age.to_nearest": [3, 5, NAN, 3],
    "venue.same": [0, 1, NAN, 1],
    # Of six citations by papers of Black, four are of its own four papers, two of the two of White.
    "venue.rate": [*np.log([(3 / 8) / (3 / 8), (5 / 8) / (5 / 8)]), NAN, np.log((5 / 8) / (5 / 8))],
    "venue.profile": [0.5, 0.5, NAN, 0],
    "query.profile": np.log1p([2] * 4),
    "query.citations": np.log1p([1] * 4),
}


def test_each_feature_by_hand(small: Bundle) -> None:
    values = _values(small, Query(positive_rows=(0,)), _candidates(ROWS))
    assert set(EXPECTED) == {name for name in FEATURES if not name.endswith((".score", ".share"))}
    for name, expected in EXPECTED.items():
        np.testing.assert_allclose(values[name], expected, atol=1e-3, err_msg=name)


def test_what_retrievers_say_as_it_is_and_as_a_share_of_the_best(small: Bundle) -> None:
    found = _candidates(ROWS, als=[0.5, 2.0, NAN, 0.25], passages=[-1.0, -2.0, NAN, -3.0])
    values = _values(small, Query(positive_rows=(0,)), found)
    np.testing.assert_array_equal(values["als.score"], np.float32([0.5, 2.0, NAN, 0.25]))
    np.testing.assert_array_equal(values["als.share"], np.float32([0.25, 1.0, NAN, 0.125]))
    np.testing.assert_array_equal(values["passages.score"], np.float32([-1.0, -2.0, NAN, -3.0]))
    for name in ("passages.share", "text.score", "text.share"):  # of what is below 0 a share means nothing
        assert np.isnan(values[name]).all(), name


def test_venues_that_cite_each_other_more_than_by_chance() -> None:
    corpus = replace(CORPUS, citations=(*((0, row) for row in (1, 5, 6)), (2, 3)))
    values = _values(bundle_in_memory(corpus, factors=2), Query(positive_rows=(0,)), _candidates(ROWS))
    # Three citations by papers of Black are all of Black, of which four of the six papers are.
    np.testing.assert_allclose(values["venue.rate"][:2], np.log([(1 / 5) / (3 / 8), (4 / 5) / (5 / 8)]), atol=1e-6)


def test_without_seed_year_or_profile_what_goes_by_them_is_unknown(small: Bundle) -> None:
    values = _values(small, Query(texts=("graphs",)), _candidates(ROWS))
    unknown = {name for name, of_all in values.items() if np.isnan(of_all).all()}
    assert unknown == {
        *(f"{name}.{kind}" for name in RETRIEVERS for kind in ("score", "share")),
        *("likeness.closest", "likeness.mean", "citations.recent", "citations.per_year"),
        *("age.to_query", "age.to_profile", "age.to_nearest", "venue.same", "venue.rate", "venue.profile"),
    }
    told = _values(small, Query(texts=("graphs",), year=2000, reference_rows=(1, 2)), _candidates(ROWS))
    for name in ("citations.recent", "citations.per_year", "age.to_query", "age.to_profile", "likeness.mean"):
        np.testing.assert_allclose(told[name], EXPECTED[name], atol=1e-3, err_msg=name)


def test_seeds_of_unknown_venue_are_of_no_venue(small: Bundle) -> None:
    values = _values(small, Query(positive_rows=(4,)), _candidates(ROWS))
    assert np.isnan([values["venue.same"], values["venue.rate"]]).all()
    both = _values(small, Query(positive_rows=(0, 4)), _candidates(ROWS))
    for name in ("venue.same", "venue.rate"):
        np.testing.assert_allclose(both[name], EXPECTED[name], atol=1e-6)


def test_candidates_of_unknown_year_have_no_median(small: Bundle) -> None:
    values = _values(small, Query(positive_rows=(0,)), _candidates(np.array([4])))
    assert np.isnan(values["age.to_candidates"]).all()


def test_the_newest_seed_dates_the_query(small: Bundle) -> None:
    values = _values(small, Query(positive_rows=(0, 5), year=1999), _candidates(ROWS))
    np.testing.assert_array_equal(values["age.to_query"], np.float32([-1, 10, NAN, 5]))


def test_of_a_long_profile_the_most_telling_papers_are_compared_with(
    small: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cocite.recommender.ranking.features._MOST_PROFILE", 1)
    values = _values(small, Query(positive_rows=(0,)), _candidates(np.array([5])))
    assert values["likeness.mean"] == pytest.approx(_cosine(5, 2), abs=1e-3)  # 2 is cited less than 1
    assert values["query.profile"] == pytest.approx(np.log(3))


def test_readers_add_to_fame() -> None:
    kept = bundle_in_memory(replace(CORPUS, libraries=((3, 4), (3,))), factors=2)
    values = _values(kept, Query(positive_rows=(0,)), _candidates(ROWS))
    np.testing.assert_allclose(values["citations.log"], np.log1p([3, 2, 1, 4]), rtol=1e-6)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(asked())
def test_features_of_whatever_is_proposed_are_numbers_or_unknown(case: tuple[Corpus, Query]) -> None:
    corpus, query = case
    bundle = bundle_in_memory(corpus, factors=2)
    lists = Lists.of(bundle)
    proposals = Proposer(retrievers_of(bundle, lists)).propose(Asked(query, bundle))
    candidates = proposals.candidates(4)
    assert candidates.names == RETRIEVERS and np.array_equal(candidates.rows, proposals.rows[:4])
    if candidates.rows.size:
        values = _values(bundle, query, candidates)
        assert np.isfinite(candidates.scores).any(axis=1).all()  # somebody proposed each of them
        for name in RETRIEVERS:
            assert not (values[f"{name}.share"] > 1.0).any()


def test_candidates_hold_what_each_retriever_says_of_each() -> None:
    said = np.array([0.5, -np.inf, 2.0], dtype=np.float32)
    found = Candidates.of(np.array([2, 1]), {"one": Dense(said), "none": None})
    assert found.names == ("one", "none") and found.scores.dtype == np.float32
    np.testing.assert_array_equal(found.scores, [[2.0, NAN], [NAN, NAN]])
    assert Candidates.of(np.empty(0, dtype=np.int64), {"one": Dense(said)}).scores.shape == (0, 1)
