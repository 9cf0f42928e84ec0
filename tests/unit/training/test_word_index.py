import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocite.recommender.tokens import terms
from cocite.training import word_index
from cocite.training.word_index import WordCounts, Words

TEXTS = ("graphs graphs trees", "trees bishops", "graphs bishops bishops", "knights", "", "of of")
WORDS = st.lists(st.sampled_from(["graph", "tree", "knight", "bishop", "共引", "of"]), max_size=6).map(" ".join)


def index(*texts: str, order: list[int] | None = None) -> Words:
    counts = WordCounts()
    for text in texts:
        counts.add(text)
    return counts.words(None if order is None else np.array(order))


def names(words: Words) -> list[str]:
    return [term.decode() for term in words.terms.tolist()]


def test_weights_are_those_of_the_formula() -> None:
    words = index(*TEXTS)
    assert names(words) == ["bishops", "graphs", "trees"]
    assert words.idf == pytest.approx([math.log(5 / 2)] * 3)
    row = words.weights.toarray()[0]
    graphs, trees = (1 + math.log(2)) * math.log(5 / 2), math.log(5 / 2)
    assert row == pytest.approx([0, graphs / math.hypot(graphs, trees), trees / math.hypot(graphs, trees)])
    assert words.weights.dtype == words.idf.dtype == np.float32


@given(st.lists(WORDS, max_size=8))
def test_rows_have_norm_one_and_terms_relate_papers(texts: list[str]) -> None:
    words = index(*texts)
    norms = np.sqrt((words.weights.toarray() ** 2).sum(axis=1))
    assert ((np.abs(norms - 1) < 1e-5) | (norms == 0)).all()
    assert names(words) == sorted(names(words), key=str.encode)
    with_text = [set(terms(text)) for text in texts if text]
    for name in {name for found in with_text for name in found}:
        holders = sum(name in found for found in with_text)
        assert (name in names(words)) == (2 <= holders <= len(with_text) / 2)


def test_the_order_papers_come_in_does_not_matter() -> None:
    one, turned = index(*TEXTS), index(*TEXTS[::-1], order=[5, 4, 3, 2, 1, 0])
    assert one.terms.tobytes() == turned.terms.tobytes() and one.idf.tobytes() == turned.idf.tobytes()
    for name in ("indptr", "indices", "data"):
        assert getattr(one.weights, name).tobytes() == getattr(turned.weights, name).tobytes()


@pytest.mark.parametrize("texts", [(), ("",), ("", ""), ("one paper",), ("same", "same")])
def test_nothing_in_common_is_an_empty_vocabulary(texts: tuple[str, ...]) -> None:
    words = index(*texts)
    assert words.terms.size == words.idf.size == words.weights.nnz == 0
    assert words.weights.shape == (len(texts), 0)


def test_the_vocabulary_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ("a1 b1", "a1 b1", "a1 c1", "c1 d1", "d1 e1", "e1", "f1", "f1", "g1", "h1")
    assert names(index(*texts)) == ["a1", "b1", "c1", "d1", "e1", "f1"]
    monkeypatch.setattr(word_index, "MOST_TERMS", 3)
    assert names(index(*texts)) == ["a1", "b1", "c1"]
    monkeypatch.undo()
    monkeypatch.setattr(word_index, "_MOST_DISTINCT", 5)
    assert names(index(*texts)) == ["a1", "b1", "c1", "d1", "e1"]
