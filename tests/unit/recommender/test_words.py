from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from cocite.core.paper import Paper
from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Query
from cocite.recommender.retrieval import words as module
from cocite.recommender.retrieval.words import WordsRetriever
from support.bundles import Corpus, write_bundle
from support.retrievers import scores_of

TITLES = (
    "graphs and trees",
    "trees and forests",
    "small-world graphs",
    "knights of old",
    "knights and bishops",
    "",
    "bishops of forests",
    "old small_world",
    "graphs",
    "引文分析",
    "引文网络",
)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    papers = [Paper(f"local:{i}", title=title) for i, title in enumerate(TITLES)]
    papers.append(Paper("local:k", title="untold", abstract="nothing else", keywords=("small_world", "网络")))
    return Bundle.load(write_bundle(tmp_path_factory.mktemp("words"), Corpus(tuple(papers), ()), factors=1))


def _dense(bundle: Bundle) -> np.ndarray:
    dense = np.zeros((bundle.paper_count, bundle.words.vocabulary.size), dtype=np.float64)
    for row in range(bundle.paper_count):
        found = bundle.words.of_row(row)
        dense[row, found.places] = found.weights
    return dense


def test_scores_are_cosines(words: Bundle) -> None:
    dense, retriever = _dense(words), WordsRetriever(words)
    for row in (0, 2, 4, 10):
        scores = scores_of(retriever, Query(positive_rows=(row,)), words)
        cosines = dense @ dense[row]
        assert scores is not None
        assert np.array_equal(scores > -np.inf, cosines > 0)
        assert scores[cosines > 0] == pytest.approx(cosines[cosines > 0], abs=1e-6)


def test_several_and_negative_seeds_are_rocchio(words: Bundle) -> None:
    dense = _dense(words)
    for one, other in combinations((0, 1, 2, 4, 6), 2):
        aim = (dense[one] + dense[other]) / 2 - 0.25 * dense[3]
        expected = dense @ (aim / np.linalg.norm(aim))
        scores = scores_of(
            WordsRetriever(words), Query(positive_rows=(one,), library_rows=(other,), negative_rows=(3,)), words
        )
        assert scores is not None
        assert scores[expected > 1e-6] == pytest.approx(expected[expected > 1e-6], abs=1e-6)
        assert (scores[expected < -1e-6] == -np.inf).all()


def test_a_text_is_weighed_like_a_paper(words: Bundle) -> None:
    for row, title in enumerate(TITLES):
        by_row = scores_of(WordsRetriever(words), Query(positive_rows=(row,)), words)
        by_text = scores_of(WordsRetriever(words), Query(texts=(title.upper(),)), words)
        if by_row is None or by_text is None:
            assert by_row is by_text is None and title == ""
        else:
            np.testing.assert_allclose(by_row, by_text, rtol=1e-5)


def test_a_text_is_read_once_for_all_who_ask(words: Bundle) -> None:
    found = words.words.of_text("graphs over trees")
    assert words.words.of_text("graphs over trees") is found
    with pytest.raises(ValueError, match="read-only"):
        found.weights[0] = 2.0
    for number in range(100):
        words.words.of_text(f"text {number}")
    assert words.words.of_text("graphs over trees") is not found, "as few are remembered as one request has"


def test_keywords_count_beside_an_abstract_and_tags_are_found_whole(words: Bundle) -> None:
    scores = scores_of(WordsRetriever(words), Query(texts=("small-world",)), words)
    assert scores is not None and set(np.flatnonzero(scores > 0)) == {2, 7, 11}
    scores = scores_of(WordsRetriever(words), Query(texts=("网络",)), words)
    assert scores is not None and set(np.flatnonzero(scores > 0)) == {10, 11}


def test_what_is_not_looked_up_is_the_lightest(words: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    row = 7  # old small_world
    found = words.words.of_row(row)
    heaviest = int(found.places[np.argmax(found.weights)])
    monkeypatch.setattr(module, "MOST_TERMS", 1)
    scores = scores_of(WordsRetriever(words), Query(positive_rows=(row,)), words)
    assert scores is not None
    assert set(np.flatnonzero(scores > 0)) == set(words.words.term_papers.of(heaviest)[0].tolist())


def test_unknown_words_are_nothing_to_go_by(words: Bundle, tmp_path: Path) -> None:
    retriever = WordsRetriever(words)
    assert scores_of(retriever, Query(texts=("xylophone", "zzz")), words) is None
    assert scores_of(retriever, Query(texts=("",)), words) is None
    assert scores_of(retriever, Query(positive_rows=(5,)), words) is None  # has no text
    mixed = scores_of(retriever, Query(texts=("xylophone trees",)), words)
    assert mixed is not None and set(np.flatnonzero(mixed > 0)) == {0, 1}
