from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cocite.core.errors import InvalidArgument
from cocite.training.corpus import Corpus, read_corpus
from cocite.training.evaluate import evaluate, evaluate_bundle, train_bundle
from cocite.training.metrics import METRICS
from cocite.training.rankers import RANKERS, Ranker
from cocite.training.split import Split, hide_references
from cocite.training.vectors import NO_MODEL, TextVectors

from .conftest import QUICK, Fill, cites, paper


def no_text(corpus: Corpus) -> TextVectors:
    return TextVectors(np.zeros((corpus.paper_count, 1), dtype=np.float16), NO_MODEL, 0)


def test_a_fifth_of_the_references_is_hidden(corpus: Corpus):
    split = hide_references(corpus.citations, seed=1)
    assert split.queries.tolist() == list(range(40))
    for query, hidden in zip(split.queries, split.hidden, strict=True):
        before = corpus.citations.indices[corpus.citations.indptr[query] : corpus.citations.indptr[query + 1]]
        after = split.citations.indices[split.citations.indptr[query] : split.citations.indptr[query + 1]]
        assert len(hidden) == 1  # of eight
        assert sorted([*after, *hidden]) == sorted(before)


def test_the_split_follows_the_seed(corpus: Corpus):
    def hidden(seed: int) -> list[int]:
        return np.concatenate(hide_references(corpus.citations, seed).hidden).tolist()

    assert hidden(1) == hidden(1) != hidden(2)


def test_papers_of_few_references_keep_them(fill: Fill):
    records = [paper(n) for n in range(7)] + [cites(0, n) for n in range(1, 6)] + [cites(6, n) for n in range(1, 5)]
    split = hide_references(read_corpus(fill(records)).citations, seed=0)
    assert split.queries.tolist() == [0]
    assert split.citations.toarray()[6].sum() == 4


def test_popularity_by_hand(fill: Fill, tmp_path: Path):
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
    bundle = train_bundle(corpus, no_text(corpus), QUICK, tmp_path)
    assert Ranker(bundle, "popularity").rank(5, 3).rows.tolist() == [1, 2, 3]
    split = Split(corpus.citations, np.array([5]), (np.array([2, 9]),))
    found = evaluate_bundle(bundle, split, QUICK).estimates["popularity"]
    assert found["mrr"].mean == 0.5
    assert found["recall@20"].mean == 0.5
    assert found["ndcg@10"].mean == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3)))


def test_candidates_of_unknown_year_stay(fill: Fill, tmp_path: Path):
    corpus = read_corpus(
        fill([paper(0), paper(1, year=None), paper(2, year=2001), paper(3), cites(3, 1), cites(3, 2), cites(3, 0)])
    )
    ranker = Ranker(train_bundle(corpus, no_text(corpus), QUICK, tmp_path), "popularity")
    assert ranker.rank(0, 10).rows.tolist() == [1, 3]


def test_a_retriever_without_an_answer_earns_nothing_from_the_fallback(corpus: Corpus, tmp_path: Path):
    bundle = train_bundle(corpus, no_text(corpus), QUICK, tmp_path)
    assert Ranker(bundle, "text").rank(0, 10).rows.size == 0
    assert Ranker(bundle, "als").rank(0, 10).rows.size == 10


def test_citations_are_predicted_far_better_than_by_popularity(corpus: Corpus, tmp_path: Path):
    found = evaluate(corpus, no_text(corpus), QUICK, tmp_path)
    assert found.queries == 40
    assert set(found.estimates) == set(RANKERS)
    als, popularity = found.estimates["als"], found.estimates["popularity"]
    assert als["ndcg@10"].low > popularity["ndcg@10"].high
    assert found.as_metrics()["als.mrr"] == als["mrr"].mean
    assert set(found.as_metrics()) == {"queries", *(f"{r}.{m}" for r in RANKERS for m in METRICS)}
    assert not list(tmp_path.glob(".tmp-*")), "the scratch bundle is gone"
    assert evaluate(corpus, no_text(corpus), QUICK, tmp_path) == found


def test_queries_are_sampled(corpus: Corpus, tmp_path: Path):
    assert evaluate(corpus, no_text(corpus), replace(QUICK, evaluation_queries=7), tmp_path).queries == 7


def test_a_corpus_too_small_says_so(fill: Fill, tmp_path: Path):
    corpus = read_corpus(fill([paper(0), paper(1), cites(0, 1)]))
    found = evaluate(corpus, no_text(corpus), QUICK, tmp_path)
    assert "5 references" in found.skipped
    assert found.as_metrics() == {}


def test_unknown_retriever(corpus: Corpus, tmp_path: Path):
    with pytest.raises(InvalidArgument) as raised:
        Ranker(train_bundle(corpus, no_text(corpus), QUICK, tmp_path), "magic")
    assert raised.value.field == "retriever"
