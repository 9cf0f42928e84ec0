"""What every retriever promises (retrieval/contract.py), and for each promise one that breaks it and must be caught."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import count

import numpy as np
import numpy.typing as npt
import pytest

from cocite.core.paper import Paper
from cocite.recommender.allowed import Allowed
from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Passages, Query
from cocite.recommender.ranking.fusion import top_rows
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Dense, Found, Retriever, Rows, Scores
from cocite.recommender.retrieval.registry import retrievers_of
from support.bundles import Corpus, bag_vector, checkerboard, write_bundle
from support.retrievers import scores_of

TEXT = "odd white paper graphs over trees"
BOARD = checkerboard()
CORPORA = {
    "board": BOARD,
    "libraries": replace(BOARD, libraries=((1, 3, 5, 7), (0, 2, 4), (3, 5, 9), (1, 7, 9))),
    "no text": Corpus(
        tuple(Paper(f"local:{i}") for i in range(12)), tuple((i, j) for i in range(12) for j in range(i))
    ),
    "no citations": Corpus(BOARD.papers, ()),
    "one paper": Corpus((Paper("local:a", title="one"),), ()),
    "all equal": Corpus(
        tuple(Paper(f"local:{i}", title="the same words") for i in range(6)),
        tuple((i, j) for i in range(6) for j in range(6) if i != j),
    ),
}


def _rows(bundle: Bundle, *rows: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys(row % bundle.paper_count for row in rows))


def _queries(bundle: Bundle) -> dict[str, Query]:
    vectors = np.stack([bag_vector(TEXT), bag_vector("knights and bishops")])
    seeds, cited = _rows(bundle, 21, 19, 8), _rows(bundle, 3, 5, 7)
    return {
        "one seed": Query(positive_rows=seeds[:1]),
        "several seeds": Query(positive_rows=seeds),
        "a seed that nobody cites": Query(positive_rows=_rows(bundle, -1)),
        "seeds against others": Query(positive_rows=seeds, negative_rows=_rows(bundle, 20, 22)),
        "text": Query(texts=(TEXT,), text_vectors=vectors[:1]),
        "text without vector": Query(texts=(TEXT,)),
        "text of no known word": Query(texts=("xylophones",)),
        "text against text": Query(
            texts=(TEXT,),
            text_vectors=vectors[:1],
            negative_texts=("knights and bishops",),
            negative_text_vectors=vectors[1:],
        ),
        "a library": Query(library_rows=seeds),
        "passages": Query(
            candidate_rows=seeds,
            passages=(Passages(vectors, np.array(seeds, dtype=np.int64), vectors[[0] * len(seeds)]),),
        ),
        "references only": Query(reference_rows=cited),
        "a new paper": Query(texts=(TEXT,), text_vectors=vectors[:1], reference_rows=cited, year=2001),
        "everything": Query(
            positive_rows=seeds[:2],
            negative_rows=_rows(bundle, 20),
            texts=(TEXT, "graphs"),
            text_vectors=vectors,
            reference_rows=cited,
            library_rows=_rows(bundle, 9, 11),
            exclude_rows=_rows(bundle, 1),
            year=2010,
        ),
    }


def _same(one: Scores | None, other: Scores | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.tobytes() == other.tobytes()


Make = Callable[[Bundle], Retriever]


def scores_are_numbers_or_minus_infinity(make: Make, bundle: Bundle) -> None:
    retriever = make(bundle)
    for name, query in _queries(bundle).items():
        scores = scores_of(retriever, query, bundle)
        if scores is not None:
            assert scores.dtype == np.float32 and scores.shape == (bundle.paper_count,), name
            assert (np.isfinite(scores) | (scores == -np.inf)).all(), name


def each_answer_is_an_array_of_its_own(make: Make, bundle: Bundle) -> None:
    retriever = make(bundle)
    for name, query in _queries(bundle).items():
        first = scores_of(retriever, query, bundle)
        if first is not None:
            before = first.copy()
            first[:] = 7.0
            assert _same(scores_of(retriever, query, bundle), before), name


def answers_are_the_same_every_time(make: Make, bundle: Bundle) -> None:
    one, other = make(bundle), make(bundle)
    for name, query in _queries(bundle).items():
        first = scores_of(one, query, bundle)
        assert _same(scores_of(one, query, bundle), first) and _same(scores_of(other, query, bundle), first), name


def threads_do_not_disturb_each_other(make: Make, bundle: Bundle) -> None:
    retriever, queries = make(bundle), list(_queries(bundle).values())
    alone = [scores_of(retriever, query, bundle) for query in queries]
    rounds = [place for start in range(4) for place in (*range(start, len(queries)), *range(start))] * 3
    with ThreadPoolExecutor(4) as pool:
        together = pool.map(lambda place: (place, scores_of(retriever, queries[place], bundle)), rounds)
        assert all(_same(scores, alone[place]) for place, scores in together)


def the_best_are_the_allowed_of_highest_score(make: Make, bundle: Bundle) -> None:
    retriever = make(bundle)
    for name, query in _queries(bundle).items():
        asked = Asked(query, bundle)
        found = retriever.find(asked)
        if found is not None:
            scores = np.where(asked.allowed.mask, found.of(np.arange(bundle.paper_count)), np.float32(-np.inf))
            for count in (1, 3, 1000):
                best = found.best(count, asked.allowed)
                assert best.tolist() == top_rows(scores.astype(np.float32), count).tolist(), name


def without_positives_there_is_nothing_to_go_by(make: Make, bundle: Bundle) -> None:
    retriever = make(bundle)
    rows = _rows(bundle, 1, 2)
    assert scores_of(retriever, Query(), bundle) is None
    assert scores_of(retriever, Query(exclude_rows=rows, year=2000), bundle) is None
    assert scores_of(retriever, Query(negative_rows=rows, negative_texts=(TEXT,)), bundle) is None


def bundle_and_query_stay_as_they_are(make: Make, bundle: Bundle) -> None:
    retriever = make(bundle)
    for name, query in _queries(bundle).items():
        before = query.text_vectors.copy(), query.negative_text_vectors.copy()
        scores_of(retriever, query, bundle)  # the arrays of a bundle are read-only: to write into one raises
        assert np.array_equal(query.text_vectors, before[0]), name
        assert np.array_equal(query.negative_text_vectors, before[1]), name


def the_order_of_seeds_does_not_matter(make: Make, bundle: Bundle) -> None:
    retriever = make(bundle)
    for name, query in _queries(bundle).items():
        turned = replace(
            query,
            positive_rows=query.positive_rows[::-1],
            negative_rows=query.negative_rows[::-1],
            texts=query.texts[::-1],
            text_vectors=query.text_vectors[::-1],
            reference_rows=query.reference_rows[::-1],
            library_rows=query.library_rows[::-1],
        )
        one, other = scores_of(retriever, query, bundle), scores_of(retriever, turned, bundle)
        assert (one is None) == (other is None), name
        if one is not None and other is not None:
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5, err_msg=name)


CHECKS = (
    scores_are_numbers_or_minus_infinity,
    each_answer_is_an_array_of_its_own,
    answers_are_the_same_every_time,
    threads_do_not_disturb_each_other,
    the_best_are_the_allowed_of_highest_score,
    without_positives_there_is_nothing_to_go_by,
    bundle_and_query_stay_as_they_are,
    the_order_of_seeds_does_not_matter,
)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Bundle]:
    return {
        name: Bundle.load(write_bundle(tmp_path_factory.mktemp("bundles"), corpus, factors=4))
        for name, corpus in CORPORA.items()
    }


def _makers(bundle: Bundle) -> list[Make]:
    """For each retriever something that makes a new one."""
    return [partial(_nth, place) for place in range(len(retrievers_of(bundle)))]


def _nth(place: int, bundle: Bundle) -> Retriever:
    return retrievers_of(bundle)[place]


@pytest.mark.parametrize("corpus", CORPORA)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_retriever_keeps_the_promise(
    bundles: dict[str, Bundle], corpus: str, check: Callable[[Make, Bundle], None]
) -> None:
    for make in _makers(bundles[corpus]):
        check(make, bundles[corpus])


def test_every_retriever_finds_something_and_has_a_name_of_its_own(bundles: dict[str, Bundle]) -> None:
    bundle = bundles["libraries"]
    retrievers = retrievers_of(bundle)
    assert len({retriever.name for retriever in retrievers}) == len(retrievers) >= 3
    for retriever in retrievers:
        assert retriever.weight > 0
        found = [scores_of(retriever, query, bundle) for query in _queries(bundle).values()]
        assert any(scores is not None and np.isfinite(scores).any() for scores in found), retriever.name


@pytest.mark.parametrize("corpus", ["no text", "one paper"])
def test_without_words_in_common_the_words_are_silent(bundles: dict[str, Bundle], corpus: str) -> None:
    (words,) = (retriever for retriever in retrievers_of(bundles[corpus]) if retriever.name == "words")
    assert all(scores_of(words, query, bundles[corpus]) is None for query in _queries(bundles[corpus]).values())


@dataclass
class _Sound:
    """Keeps every promise; each broken one below breaks one of them."""

    bundle: Bundle
    name: str = "sound"
    weight: float = 1.0

    def scores(self, query: Query) -> Scores | None:
        if not (query.positive_rows or query.texts or query.reference_rows or query.library_rows):
            return None
        scores = np.full(self.bundle.paper_count, -np.inf, dtype=np.float32)
        scores[list(query.positive_rows)] = 1.0
        return scores

    def find(self, asked: Asked) -> Found | None:
        scores = self.scores(asked.query)
        return None if scores is None else Dense(scores)


class _NotANumber(_Sound):
    def scores(self, query: Query) -> Scores | None:
        scores = super().scores(query)
        return None if scores is None else np.where(scores > 0, np.nan, scores).astype(np.float32)


class _Infinite(_Sound):
    def scores(self, query: Query) -> Scores | None:
        scores = super().scores(query)
        return None if scores is None else np.where(scores > 0, np.inf, scores).astype(np.float32)


class _Wide(_Sound):
    def scores(self, query: Query) -> Scores | None:
        scores = super().scores(query)
        return None if scores is None else scores.astype(np.float64)  # type: ignore[return-value]  # what is caught


class _Keeping(_Sound):
    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        self._kept: dict[tuple[int, ...], Scores | None] = {}

    def scores(self, query: Query) -> Scores | None:
        if not query.positive_rows:
            return super().scores(query)
        return self._kept.setdefault(query.positive_rows, super().scores(query))

    def find(self, asked: Asked) -> Found | None:
        scores = self.scores(asked.query)
        return None if scores is None else _Lent(scores)


class _Lent(Dense):
    """Gives its own array away."""

    def of(self, rows: npt.NDArray[np.integer]) -> Scores:
        return self.scores


class _Unsorted(_Sound):
    def find(self, asked: Asked) -> Found | None:
        scores = self.scores(asked.query)
        return None if scores is None else _LastFirst(np.where(scores > 0, 2.0, 1.0).astype(np.float32))


class _LastFirst(Dense):
    def best(self, count: int, allowed: Allowed) -> Rows:
        return super().best(count, allowed)[::-1].copy()


class _Unbarred(_Sound):
    def find(self, asked: Asked) -> Found | None:
        scores = self.scores(asked.query)
        return None if scores is None else _ForAll(scores)


class _ForAll(Dense):
    def best(self, count: int, allowed: Allowed) -> Rows:
        return top_rows(self.scores, count)


class _Counting(_Sound):
    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        self._calls: Iterator[int] = count()

    def scores(self, query: Query) -> Scores | None:
        scores = super().scores(query)
        return None if scores is None else np.full_like(scores, next(self._calls))


class _Sharing(_Sound):
    """Writes down the query and reads it again later, as if it were alone."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        self._query = Query()

    def scores(self, query: Query) -> Scores | None:
        self._query = query
        time.sleep(0.001)  # another thread comes in between
        return super().scores(self._query)


class _Talkative(_Sound):
    def scores(self, query: Query) -> Scores | None:
        return np.zeros(self.bundle.paper_count, dtype=np.float32)


class _WritesIntoTheQuery(_Sound):
    def scores(self, query: Query) -> Scores | None:
        query.text_vectors[:] = 0.0
        return super().scores(query)


class _WritesIntoTheBundle(_Sound):
    def scores(self, query: Query) -> Scores | None:
        self.bundle.item_idf[0] = 1.0
        return super().scores(query)


class _FirstSeedOnly(_Sound):
    def scores(self, query: Query) -> Scores | None:
        return super().scores(replace(query, positive_rows=query.positive_rows[:1], texts=query.texts[:1]))


def test_the_sound_one_passes(bundles: dict[str, Bundle]) -> None:
    for check in CHECKS:
        check(_Sound, bundles["board"])


@pytest.mark.parametrize(
    ("check", "broken"),
    [
        (scores_are_numbers_or_minus_infinity, _NotANumber),
        (scores_are_numbers_or_minus_infinity, _Infinite),
        (scores_are_numbers_or_minus_infinity, _Wide),
        (each_answer_is_an_array_of_its_own, _Keeping),
        (answers_are_the_same_every_time, _Counting),
        (threads_do_not_disturb_each_other, _Sharing),
        (the_best_are_the_allowed_of_highest_score, _Unsorted),
        (the_best_are_the_allowed_of_highest_score, _Unbarred),
        (without_positives_there_is_nothing_to_go_by, _Talkative),
        (bundle_and_query_stay_as_they_are, _WritesIntoTheQuery),
        (bundle_and_query_stay_as_they_are, _WritesIntoTheBundle),
        (the_order_of_seeds_does_not_matter, _FirstSeedOnly),
    ],
)
def test_a_broken_one_is_caught(
    bundles: dict[str, Bundle], check: Callable[[Make, Bundle], None], broken: type[_Sound]
) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check(broken, bundles["board"])
