"""A synthetic corpus has the properties by which scale is tested, and is the same however it is cut."""

import numpy as np
import pytest

from cocite.core.errors import InvalidArgument
from cocite.recommender.tokens import terms
from cocite.synthetic.corpus import SyntheticCorpus
from cocite.synthetic.shape import BLOCK, MOST_PAPERS, SUBTOPICS, Shape

PAPERS = 20_000  # three blocks


@pytest.fixture(scope="module")
def corpus() -> SyntheticCorpus:
    return SyntheticCorpus.of(PAPERS, seed=3)


def citing(corpus: SyntheticCorpus) -> np.ndarray:
    return np.repeat(np.arange(corpus.shape.papers), np.diff(corpus.references.offsets))


def test_citations_have_a_power_law_tail(corpus: SyntheticCorpus):
    cited = np.bincount(corpus.references.rows, minlength=PAPERS)
    tail = cited[cited >= 20]
    exponent = 1.0 + tail.size / np.log(tail / 19.5).sum()  # maximum likelihood; Clauset, Shalizi, Newman 2009
    assert 2.2 < exponent < 3.8
    assert tail.size > 500
    assert cited.max() > 20 * cited.mean()


def test_papers_cite_earlier_ones_once_and_mostly_of_their_topic(corpus: SyntheticCorpus):
    sources, cited = citing(corpus), corpus.references.rows
    assert 6 < cited.size / PAPERS < 14
    assert (cited < sources).all()
    assert (corpus.years[cited] <= corpus.years[sources]).all()
    assert np.unique(sources * PAPERS + cited).size == cited.size
    within = np.diff(cited)[np.diff(sources) == 0]
    assert (within > 0).all(), "ascending"
    topics = corpus.records.subtopics // SUBTOPICS
    share = (topics[sources] == topics[cited]).mean()
    by_chance = (topics[sources] == np.random.default_rng(0).permutation(topics[cited])).mean()
    assert share > 0.6 > 10 * by_chance


def test_vectors_of_one_topic_are_nearer_than_others(corpus: SyntheticCorpus):
    vectors = corpus.text_vectors(0, 3000).astype(np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3)
    cosines, subtopics = vectors @ vectors.T, corpus.records.subtopics[:3000]
    same = subtopics[:, None] == subtopics
    topic = subtopics[:, None] // SUBTOPICS == subtopics // SUBTOPICS
    apart = ~np.eye(3000, dtype=np.bool_)
    near, beside, far = cosines[same & apart].mean(), cosines[topic & ~same].mean(), cosines[~topic].mean()
    assert near > beside + 0.1 > far + 0.3


def test_words_follow_zipf_and_are_those_of_the_topic(corpus: SyntheticCorpus):
    found = corpus.paper_terms()
    distinct = np.diff(found.offsets)
    assert 40 < np.median(distinct) < 60
    frequency = np.sort(np.bincount(found.places, weights=found.counts))[::-1]
    slope = np.polyfit(np.log(np.arange(10, 1000)), np.log(frequency[9:999]), 1)[0]
    assert -1.3 < slope < -0.5
    subtopics = corpus.records.subtopics
    used = [
        set(found.places[start:end].tolist())
        for start, end in zip(found.offsets[:2000], found.offsets[1:2001], strict=True)
    ]
    shared = np.array([[len(used[a] & used[b]) for b in range(0, 2000, 40)] for a in range(0, 2000, 40)], dtype=float)
    np.fill_diagonal(shared, np.nan)
    same = (subtopics[:2000:40, None] // SUBTOPICS) == (subtopics[:2000:40] // SUBTOPICS)
    assert np.nanmean(shared[same]) > np.nanmean(shared[~same]) + 2


def test_terms_are_those_of_the_texts(corpus: SyntheticCorpus):
    found, vocabulary = corpus.paper_terms(), corpus.vocabulary
    assert (vocabulary[1:] > vocabulary[:-1]).all()
    for row, paper in enumerate(corpus.papers(0, 200)):
        counted: dict[str, int] = {}
        for term in terms(f"{paper.title} {paper.abstract}"):
            counted[term] = counted.get(term, 0) + 1
        span = slice(found.offsets[row], found.offsets[row + 1])
        told = {
            vocabulary[place].decode(): int(count)
            for place, count in zip(found.places[span], found.counts[span], strict=True)
        }
        assert told == counted


def test_the_same_whatever_is_made_first_or_left_out(corpus: SyntheticCorpus):
    start, end = BLOCK - 5, 2 * BLOCK + 7
    np.testing.assert_array_equal(corpus.text_vectors(start, end), corpus.text_vectors()[start:end])
    every = list(corpus.papers())
    assert list(corpus.papers(start, end)) == every[start:end]
    assert [paper.paper_id for paper in every] == sorted(paper.paper_id for paper in every)
    assert len(every) == PAPERS


def test_the_seed_decides():
    one, same, other = (SyntheticCorpus.of(500, seed) for seed in (1, 1, 2))
    assert list(one.papers()) == list(same.papers()) != list(other.papers())
    assert np.array_equal(one.references.rows, same.references.rows)
    assert not np.array_equal(one.references.rows, other.references.rows)
    assert np.array_equal(one.text_vectors(), same.text_vectors())


def test_factors_point_where_the_topic_does_and_grow_with_citations(corpus: SyntheticCorpus):
    factors = corpus.item_factors(32)
    norms = np.linalg.norm(factors, axis=1)
    cited = np.bincount(corpus.references.rows, minlength=PAPERS)
    assert norms[cited >= 20].min() > norms[cited == 0].max()
    directions = (factors / norms[:, None])[:2000]
    cosines, subtopics = directions @ directions.T, corpus.records.subtopics[:2000]
    same = (subtopics[:, None] == subtopics) & ~np.eye(2000, dtype=np.bool_)
    assert cosines[same].mean() > cosines[~same].mean() + 0.3
    assert corpus.term_factors(32).shape == (corpus.shape.terms, 32)


@pytest.mark.parametrize("papers", [1, 2, 41])
def test_small_ones_are_whole(papers: int):
    small = SyntheticCorpus.of(papers)
    assert small.references.offsets.size == papers + 1
    assert len(list(small.papers())) == papers
    assert small.text_vectors().shape == (papers, 384)
    assert small.paper_terms().offsets.size == papers + 1


@pytest.mark.parametrize("papers", [0, -1, MOST_PAPERS + 1])
def test_other_sizes_are_refused(papers: int):
    with pytest.raises(InvalidArgument, match="papers"):
        Shape(papers)
