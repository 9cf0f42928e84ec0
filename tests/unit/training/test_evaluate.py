from dataclasses import replace

import numpy as np
import pytest

from cocite.core.errors import InvalidArgument
from cocite.recommender.bundle import Bundle
from cocite.recommender.engine import Engine
from cocite.recommender.query import Query, RowFilter
from cocite.recommender.ranking.features import FEATURES
from cocite.recommender.ranking.models import LogisticModel, Rankers
from cocite.recommender.retrieval.registry import RETRIEVERS
from cocite.training.corpus import Corpus, read_corpus
from cocite.training.draws import HeldOut, draw
from cocite.training.evaluate import Evaluation, Observed, Observer, summarised
from cocite.training.fitting import fit, loaded
from cocite.training.learning import learn
from cocite.training.metrics import DEPTH, METRICS, measure
from cocite.training.model import Model
from cocite.training.rankers import RANKERS, RRF, Ranker

from .conftest import QUICK, Fill, cites, material_of, paper
from .test_draws import corpus_of, random_links


def citing_query(bundle: Bundle, row: int) -> Query:
    """What else the paper in a row cites: not newer than it where years are known, none of its references."""
    return Query(
        positive_rows=(row,),
        exclude_rows=tuple(bundle.references.of(row).tolist()),
        row_filter=RowFilter(not_after=bundle.year(row)),
    )


def bundle_of(corpus: Corpus) -> Bundle:
    return loaded(fit(material_of(corpus), QUICK))


@pytest.fixture(scope="module")
def bundle(corpus: Corpus) -> Bundle:
    return bundle_of(corpus)


def observe(bundle: Bundle, *asked: HeldOut, measured: bool = True) -> list[Observed]:
    return Observer(bundle).observe(asked, measured=measured, phase="Looking")


def test_popularity_by_hand(fill: Fill):
    # Cited: 1 by four, 2 by three, 3 by two, 4 by one (paper 5, which is asked). 9 is newer than the citing paper.
    links = [
        (5, 4),
        (6, 1),
        (7, 1),
        (8, 1),
        (0, 1),
        (6, 2),
        (7, 2),
        (8, 2),
        (6, 3),
        (7, 3),
        (6, 9),
        (7, 9),
        (8, 9),
        (0, 9),
    ]
    years = {9: 2010}
    corpus = read_corpus(
        fill([paper(n, year=years.get(n, 2000)) for n in range(10)] + [cites(*link) for link in links])
    )
    bundle = bundle_of(corpus)
    asked = citing_query(bundle, 5)
    assert Ranker(bundle, "popularity").rank(asked, 3).rows.tolist() == [1, 2, 3]
    (observed,) = observe(bundle, HeldOut(asked, np.array([2, 9])))
    found = observed.measures["popularity"]
    assert found["mrr"] == 0.5
    assert found["recall@20"] == 0.5
    assert found["ndcg@10"] == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3)))


def test_candidates_of_unknown_year_stay(fill: Fill):
    corpus = read_corpus(
        fill([paper(0), paper(1, year=None), paper(2, year=2001), paper(3), cites(3, 1), cites(3, 2), cites(3, 0)])
    )
    bundle = bundle_of(corpus)
    assert Ranker(bundle, "popularity").rank(citing_query(bundle, 0), 10).rows.tolist() == [1, 3]


def test_a_retriever_without_an_answer_earns_nothing_from_the_fallback(bundle: Bundle):
    assert Ranker(bundle, "text").rank(citing_query(bundle, 0), 10).rows.size == 0
    assert Ranker(bundle, "als").rank(citing_query(bundle, 0), 10).rows.size == 10
    (observed,) = observe(bundle, HeldOut(citing_query(bundle, 0), np.array([2])))
    assert set(observed.measures["text"].values()) == {0.0}


def test_citations_are_predicted_far_better_than_by_popularity(corpus: Corpus):
    found = learn(material_of(corpus), QUICK).papers
    assert set(found.estimates) == set(RANKERS)
    als, popularity = found.estimates["als"], found.estimates["popularity"]
    assert als["ndcg@10"].low > popularity["ndcg@10"].high
    assert found.as_metrics()["als.mrr"] == als["mrr"].mean
    ends = {f"model.{metric}.{end}" for metric in METRICS for end in ("low", "high")}
    assert set(found.as_metrics()) == {"queries", *(f"{r}.{m}" for r in RANKERS for m in METRICS), *ends}
    assert found.queries == len(draw(corpus, QUICK.seed, QUICK.evaluation_queries).papers)
    assert learn(material_of(corpus), QUICK).papers == found


def test_queries_are_sampled(corpus: Corpus):
    most = learn(material_of(corpus), QUICK).papers.queries
    assert 0 < learn(material_of(corpus), replace(QUICK, evaluation_queries=7)).papers.queries <= 14 < most


def test_a_corpus_too_small_says_so(fill: Fill):
    corpus = read_corpus(fill([paper(0), paper(1), cites(0, 1)]))
    learned = learn(material_of(corpus), QUICK)
    assert "5 references" in learned.papers.skipped
    assert "reader" in learned.libraries.skipped
    assert learned.metrics() == {}


def test_unknown_retriever(bundle: Bundle):
    with pytest.raises(InvalidArgument) as raised:
        Ranker(bundle, "magic")
    assert raised.value.field == "retriever"


def test_what_is_measured_is_what_each_ranking_answers(corpus: Corpus):
    hidden = draw(corpus, 3, 50)
    bundle = bundle_of(hidden.corpus)
    for observed in observe(bundle, *hidden.papers):
        query, relevant = observed.held_out.query, observed.held_out.relevant
        for name in (*RETRIEVERS, "popularity", RRF):
            answered = Ranker(bundle, name).rank(query, DEPTH).rows
            assert observed.measures[name] == measure(answered, relevant), name


def test_a_ranker_is_measured_as_it_serves():
    corpus = corpus_of(random_links(5, size=500), size=500)
    hidden = draw(corpus, 3, 10)
    model = fit(material_of(hidden.corpus), QUICK)
    ranker = LogisticModel(("walk.score", "age.to_query"), np.array([1.0, -2.0]), np.zeros(2), np.ones(2))
    bundle = loaded(with_ranker(model, ranker))
    served = Engine(bundle)
    differs = 0
    for observed in observe(bundle, *hidden.papers):
        ranking = served.rank(observed.held_out.query, DEPTH)
        answered = ranking.rows[: 0 if ranking.fallback else DEPTH]  # the fallback is none of the ranker's merit
        found = replace_columns(observed, ranker).measure(ranker)
        assert found == measure(answered, observed.held_out.relevant)
        differs += found != observed.measures[RRF]
    assert differs, "the control: the ranker changes the order"


def with_ranker(model: Model, ranker: LogisticModel) -> Model:
    return model.with_rankers(Rankers(papers=ranker), {}, {})


def replace_columns(observed: Observed, ranker: LogisticModel) -> Observed:
    """What a ranker that looks at some of the features is shown."""
    return replace(observed, values=observed.values[:, [FEATURES.index(name) for name in ranker.features]])


def test_relevant_candidates_are_marked(bundle: Bundle):
    query = Query(positive_rows=(0,), row_filter=RowFilter())
    (observed,) = observe(bundle, HeldOut(query, np.array([2, 4])), measured=False)
    assert observed.values.shape == (observed.ranked, len(FEATURES))
    assert observed.measures == {}
    assert observed.rows[: observed.ranked][observed.relevant].tolist() == sorted(
        {2, 4} & set(observed.rows.tolist()), key=observed.rows.tolist().index
    )


def test_a_query_that_finds_nothing_counts_as_0(fill: Fill):
    corpus = read_corpus(fill([paper(n, text=False) for n in range(4)] + [cites(0, 1)]))
    bundle = bundle_of(corpus)
    (observed,) = observe(bundle, HeldOut(Query(positive_rows=(3,)), np.array([2])))
    assert observed.rows.size == 0
    assert set(observed.measures[RRF].values()) == {0.0}
    ranker = LogisticModel(("walk.score",), np.ones(1), np.zeros(1), np.ones(1))
    assert set(replace_columns(observed, ranker).measure(ranker).values()) == {0.0}


def test_no_queries_no_metrics():
    assert summarised([]) == {}
    assert Evaluation(skipped="why").as_metrics("libraries.") == {}


def test_progress_is_told(bundle: Bundle):
    told: list[tuple[str, int, int]] = []
    asked = [HeldOut(citing_query(bundle, row % 40), np.array([2])) for row in range(60)]
    Observer(bundle).observe(asked, measured=False, phase="Looking", progress=lambda *step: told.append(step))
    assert told == [("Looking", 50, 60), ("Looking", 60, 60)]
