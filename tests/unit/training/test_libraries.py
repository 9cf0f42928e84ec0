"""What readers do is learned from, by how much it says, and no more of one reader than of another."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from cocite.catalogue.events import EventKind, EventLog, NewEvent, ReaderName
from cocite.catalogue.readers import Readers
from cocite.catalogue.store import Catalogue
from cocite.training import libraries
from cocite.training.als import factorise
from cocite.training.confidence import CONFIDENCE
from cocite.training.corpus import Corpus, read_corpus
from cocite.training.lists import list_arrays
from cocite.training.matrices import interaction_matrix
from cocite.training.options import AlsOptions
from cocite.training.train import build

from .conftest import QUICK, Fill, board_records, keeps, material_of

ANN, BEN, SESSION = ReaderName(False, "ann"), ReaderName(False, "ben"), ReaderName(True, "ann")
VIEW, CLICK, SAVE = EventKind.VIEW, EventKind.CLICK, EventKind.SAVE
UPVOTE, DISMISS, SUBMIT = EventKind.UPVOTE, EventKind.DISMISS, EventKind.SUBMIT


def act(reader: ReaderName, kind: EventKind, number: int, *, undo: bool = False) -> NewEvent:
    name = f"{kind}-{number}-{undo}"
    return NewEvent(name, reader, kind, f"doi:10.1000/{number:03d}", undo=undo)


def record(catalogue: Catalogue, events: Sequence[NewEvent]) -> None:
    with EventLog(catalogue) as log:
        log.append(events)


def rows(corpus: Corpus) -> list[dict[int, float]]:
    """Of each reader what is sure of which paper."""
    matrix = corpus.libraries
    spans = zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
    return [dict(zip(matrix.indices[a:b].tolist(), matrix.data[a:b].tolist(), strict=True)) for a, b in spans]


@pytest.fixture
def small(fill: Fill) -> Iterator[Catalogue]:
    yield fill([*board_records(20), keeps("ann", 1), keeps("ann", 2), keeps("zoe", 3)])


def test_each_kind_says_as_much_as_it_asked_of_the_reader(small: Catalogue):
    record(small, [act(BEN, kind, int(kind)) for kind in EventKind])
    corpus = read_corpus(small)
    assert rows(corpus) == [{1: 1.0, 2: 1.0}, {3: 1.0}, {2: pytest.approx(0.2), 3: 1.0, 4: pytest.approx(0.7), 6: 1.0}]
    assert corpus.events.by_kind == {SAVE: 1, SUBMIT: 1, UPVOTE: 1, CLICK: 1}
    assert (corpus.events.readers, corpus.events.total) == (1, 4)


def test_the_surest_act_counts_and_a_library_more_than_a_click(small: Catalogue):
    record(small, [act(BEN, UPVOTE, 5), act(BEN, CLICK, 5), act(ANN, CLICK, 1), act(ANN, CLICK, 7)])
    assert rows(read_corpus(small)) == [{1: 1.0, 2: 1.0, 7: pytest.approx(0.2)}, {3: 1.0}, {5: pytest.approx(0.7)}]


def test_a_reader_named_alike_is_one_and_a_session_is_another(small: Catalogue):
    record(small, [act(ANN, SAVE, 9), act(SESSION, SAVE, 9)])
    assert rows(read_corpus(small)) == [{1: 1.0, 2: 1.0, 9: 1.0}, {3: 1.0}, {9: 1.0}]


def test_what_was_undone_and_who_was_deleted_leave_nothing(small: Catalogue):
    before = read_corpus(small)
    record(small, [act(BEN, SAVE, 5), act(BEN, SAVE, 5, undo=True), act(BEN, UPVOTE, 6), act(ANN, SAVE, 9)])
    assert rows(read_corpus(small)) == [{1: 1.0, 2: 1.0, 9: 1.0}, {3: 1.0}, {6: pytest.approx(0.7)}]
    Readers(small).delete(BEN)
    Readers(small).delete(ANN)
    corpus = read_corpus(small)
    assert rows(corpus) == [{3: 1.0}]
    assert corpus.events.total == 0
    assert before.fingerprint != corpus.fingerprint


def test_a_reader_with_very_many_papers_is_heard_as_far_as_others(small: Catalogue, monkeypatch: pytest.MonkeyPatch):
    record(small, [*(act(BEN, CLICK, n) for n in range(12)), act(BEN, SAVE, 15), act(SESSION, CLICK, 4)])
    assert len(rows(read_corpus(small))[2]) == 13
    monkeypatch.setattr(libraries, "MOST_PAPERS_A_READER", 4)
    *_, ben, session = rows(read_corpus(small))
    assert len(ben) == 4
    assert ben[15] == 1.0
    assert session.keys() == {4}
    assert rows(read_corpus(small))[2] == ben


def test_papers_that_come_while_reading_are_left_out(small: Catalogue):
    record(small, [act(BEN, SAVE, 5), act(BEN, SAVE, 6)])
    matrix, used = libraries.read_libraries(small, lambda keys: np.where(keys % 2 == 0, keys, -1), 40)
    assert used.total == 1
    assert matrix.nnz < 5


def test_lists_tell_of_what_is_kept_and_factors_of_all(small: Catalogue):
    record(small, [act(BEN, CLICK, 5), act(BEN, UPVOTE, 6)])
    corpus = read_corpus(small)
    kept = list_arrays(corpus.citations, corpus.libraries)["libraries.npy"]
    assert sorted(kept.tolist()) == [1, 2, 3, 6]
    assert interaction_matrix(corpus.citations, corpus.libraries).nnz == corpus.citations.nnz + 5


def test_a_little_confidence_moves_factors_less(fill: Fill):
    def moved(kind: EventKind) -> float:
        catalogue = fill(board_records(20))
        before = _factors(read_corpus(catalogue))
        record(catalogue, [act(ReaderName(False, f"r{n}"), kind, paper) for n in range(10) for paper in (0, 1)])
        after = _factors(read_corpus(catalogue))
        return likeness(after) - likeness(before)

    def likeness(items: np.ndarray) -> float:
        return float(items[0] @ items[1] / (np.linalg.norm(items[0]) * np.linalg.norm(items[1])))

    assert CONFIDENCE[CLICK] < CONFIDENCE[SAVE]
    assert 0.0 < moved(CLICK) < moved(SAVE)


def _factors(corpus: Corpus) -> np.ndarray:
    interactions = interaction_matrix(corpus.citations, corpus.libraries)
    options = AlsOptions(factors=8, iterations=10, words_share=0.0, least_words=0.0)
    return factorise(interactions, corpus.words.weights, options, 0).item_factors.astype(np.float64)


def test_without_events_that_count_the_model_is_the_same_to_the_last_bit(fill: Fill):
    """And with one that counts it is not: the control."""
    catalogue = fill([*board_records(), *(keeps(f"r{n}", m) for n in range(6) for m in range(n, n + 5))])
    before = read_corpus(catalogue)
    record(catalogue, [act(BEN, VIEW, 1), act(BEN, DISMISS, 2), act(ANN, SAVE, 3), act(ANN, SAVE, 3, undo=True)])
    after = read_corpus(catalogue)
    assert after.fingerprint == before.fingerprint
    assert set(before.libraries.data.tolist()) == {1.0}
    model, same = _model_bytes(before), _model_bytes(after)
    assert same == model
    record(catalogue, [act(BEN, CLICK, 9), act(BEN, CLICK, 8)])
    assert _model_bytes(read_corpus(catalogue)) != model


def _model_bytes(corpus: Corpus) -> dict[str, bytes]:
    model, _ = build(material_of(corpus), QUICK)
    return {name: values.tobytes() for name, values in model.arrays.items()}
