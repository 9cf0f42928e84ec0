"""The factorisation is held back as strongly as helps to find what was hidden."""

from dataclasses import replace

import pytest

from cocite.recommender.retrieval.als import ItemsRetriever
from cocite.training import choosing
from cocite.training.choosing import LEAST_QUERIES, STRENGTHS, choose
from cocite.training.corpus import Corpus
from cocite.training.options import AlsOptions, TrainingOptions

from .conftest import QUICK, material_of
from .test_draws import corpus_of, random_links

SIZE = 160
RUINOUS = (40.0, 1e9)  # leaves factors of nothing


@pytest.fixture(scope="module")
def connected() -> Corpus:
    return corpus_of(random_links(0, size=SIZE, each=8, older=False), size=SIZE, years=[None] * SIZE)


def readers_of_one_paper(count: int) -> Corpus:
    return corpus_of([], size=SIZE, years=[None] * SIZE, libraries=[[reader % 50] for reader in range(count)])


def chosen(corpus: Corpus, options: TrainingOptions = QUICK) -> tuple[float, float]:
    als = choose(material_of(corpus), options)
    assert replace(options.als, alpha=als.alpha, regularization=als.regularization) == als, "the rest stays"
    return als.alpha, als.regularization


@pytest.mark.parametrize("order", [1, -1])
def test_what_finds_more_is_chosen(connected: Corpus, monkeypatch: pytest.MonkeyPatch, order: int):
    monkeypatch.setattr(choosing, "retrievers_of", lambda bundle: (ItemsRetriever(bundle),))  # no other makes up for it
    monkeypatch.setattr(choosing, "STRENGTHS", ((40.0, 0.1), RUINOUS)[::order])
    assert chosen(connected) == (40.0, 0.1)


def test_a_stronger_hold_must_find_more(connected: Corpus, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(choosing, "STRENGTHS", ((40.0, 0.1), (40.0, 0.1000001)))
    assert chosen(connected) == (40.0, 0.1)


def test_lists_too_short_to_hide_anything_of_take_the_strongest():
    assert chosen(readers_of_one_paper(LEAST_QUERIES)) == STRENGTHS[-1]


def test_a_corpus_of_few_lists_keeps_what_was_asked_for():
    asked = replace(QUICK, als=AlsOptions(alpha=7.0, regularization=0.3))
    assert chosen(readers_of_one_paper(LEAST_QUERIES - 1), asked) == (7.0, 0.3)


def test_a_large_corpus_keeps_what_was_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(choosing, "MOST_PAPERS", SIZE - 1)
    assert chosen(readers_of_one_paper(LEAST_QUERIES)) == (QUICK.als.alpha, QUICK.als.regularization)


def test_the_choice_is_the_same_every_time(connected: Corpus):
    assert chosen(connected) == chosen(connected)
