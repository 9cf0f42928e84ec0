"""The learned ranker orders the head of a list; the rest follows as it was fused."""

import numpy as np
import pytest

from cocite.core.errors import CorruptData
from cocite.recommender import layout
from cocite.recommender.bundle import Bundle
from cocite.recommender.engine import Engine
from cocite.recommender.proposing import Proposals, Proposer
from cocite.recommender.query import Query, Ranking
from cocite.recommender.ranking.features import FEATURES, FeatureExtractor
from cocite.recommender.ranking.models import LogisticModel, Rankers
from cocite.recommender.ranking.reranking import Reranker
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.profile import Lists
from cocite.recommender.retrieval.registry import retrievers_of
from support.bundles import bundle_in_memory, checkerboard

CORPUS = checkerboard()
SEED = Query(positive_rows=(21,))


def _model(**weights: float) -> LogisticModel:
    """A weighted sum of features, in the order given."""
    names = tuple(name.replace("_", ".") for name in weights)
    ones = np.ones(len(names))
    return LogisticModel(names, np.array(list(weights.values())), 0 * ones, ones)


def _bundle(rankers: Rankers) -> Bundle:
    return bundle_in_memory(CORPUS, overrides={layout.RANKERS: rankers.to_bytes()})


def _proposals(bundle: Bundle, query: Query) -> Proposals:
    return Proposer(retrievers_of(bundle)).propose(Asked(query, bundle))


def _ranked(rankers: Rankers, query: Query = SEED) -> tuple[Proposals, Ranking]:
    bundle = _bundle(rankers)
    proposals = _proposals(bundle, query)
    return proposals, Reranker(bundle, FeatureExtractor(bundle, Lists.of(bundle))).rank(Asked(query, bundle), proposals)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cocite.recommender.ranking.reranking.CANDIDATES", 6)
    monkeypatch.setattr("cocite.recommender.ranking.reranking.LIBRARY_CANDIDATES", 9)


def _by_references(rows: np.ndarray) -> list[int]:
    """Rows by falling number of references, ties in the order they come in."""
    counts = np.bincount([citing for citing, _ in CORPUS.citations], minlength=len(CORPUS.papers))
    return sorted(rows.tolist(), key=lambda row: -counts[row])


@pytest.mark.parametrize(("query", "head"), [(SEED, 6), (Query(library_rows=(21, 19)), 9)])
def test_the_head_goes_by_the_model_and_the_tail_as_fused(query: Query, head: int) -> None:
    model = _model(references_log=1.0, als_score=0.0)  # not in the order of FEATURES
    proposals, ranking = _ranked(Rankers(papers=model, libraries=model), query)
    assert ranking.rows[:head].tolist() == _by_references(proposals.rows[:head]) != proposals.rows[:head].tolist()
    assert ranking.rows[head:].tolist() == proposals.rows[head:].tolist() and ranking.rows.size > head
    assert np.isfinite(ranking.scores).all() and (np.diff(ranking.scores) <= 0).all()


def test_scores_are_the_models_and_fall_on_behind_them() -> None:
    proposals, ranking = _ranked(Rankers(papers=_model(references_log=-2.0)))
    counts = np.bincount([citing for citing, _ in CORPUS.citations], minlength=len(CORPUS.papers))
    np.testing.assert_allclose(ranking.scores[:6], -2.0 * np.log1p(counts[ranking.rows[:6]]), rtol=1e-5)
    behind = ranking.scores[6:]
    assert behind[0] == ranking.scores[5]
    np.testing.assert_allclose(np.diff(behind), np.diff(proposals.scores[6:]), atol=1e-12)


def test_where_the_model_sees_no_difference_the_order_is_that_of_fusion() -> None:
    proposals, ranking = _ranked(Rankers(papers=_model(references_log=0.0)))
    assert ranking.rows.tolist() == proposals.rows.tolist()
    assert (np.diff(ranking.scores) <= 0).all()


def test_each_kind_of_query_has_its_own_ranker_or_fusion() -> None:
    library = Query(library_rows=(21, 19))
    for rankers, plain, learned in (
        (Rankers(papers=_model(references_log=1.0)), library, SEED),
        (Rankers(libraries=_model(references_log=1.0)), SEED, library),
    ):
        proposals, ranking = _ranked(rankers, plain)
        assert np.array_equal(ranking.rows, proposals.rows) and np.array_equal(ranking.scores, proposals.scores)
        proposals, ranking = _ranked(rankers, learned)
        assert ranking.rows.tolist() != proposals.rows.tolist()


def test_a_list_of_one_is_in_order() -> None:
    proposals, ranking = _ranked(
        Rankers(papers=_model(references_log=1.0)), Query(positive_rows=(21,), candidate_rows=(3,))
    )
    assert ranking.rows.tolist() == [3] and np.array_equal(ranking.scores, proposals.scores)


def test_the_engine_ranks_as_the_model_says_the_same_every_time() -> None:
    bundle = _bundle(Rankers(papers=_model(references_log=1.0)))
    proposals, ranking = _ranked(Rankers(papers=_model(references_log=1.0)))
    answers = [Engine(bundle).rank(SEED), Engine(bundle).rank(SEED)]
    for answer in answers:
        assert np.array_equal(answer.rows, ranking.rows) and np.array_equal(answer.scores, ranking.scores)
    assert Engine(bundle).rank(SEED, limit=4).rows.tolist() == ranking.rows[:4].tolist()
    fused = Engine(bundle, retrievers_of(bundle)).rank(SEED)  # given retrievers are fused by their ranks alone
    assert np.array_equal(fused.rows, proposals.rows)


@pytest.mark.parametrize("kind", ["papers", "libraries"])
def test_a_ranker_that_looks_at_what_is_not_there_is_refused(kind: str) -> None:
    assert "citations.monthly" not in FEATURES
    bundle = _bundle(Rankers(**{kind: _model(references_log=1.0, citations_monthly=1.0)}))
    with pytest.raises(CorruptData, match=r"'citations\.monthly'"):
        Engine(bundle)
