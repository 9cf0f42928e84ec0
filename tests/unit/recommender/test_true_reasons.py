"""Every reason is true, and none that is stronger is left out, in corpora drawn at random."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocite.core.paper import Paper
from cocite.recommender import layout
from cocite.recommender.bundle import Bundle
from cocite.recommender.bundle_files import read_manifest
from cocite.recommender.evidence import (
    CitedWithReferences,
    CoCitation,
    DirectCitation,
    SeedEvidence,
    SharedReaders,
    SharedReferences,
    SharedTerms,
    TextLikeness,
)
from cocite.recommender.reasons import MAX_REASONS, reasons_for
from support.bundles import Corpus, bag_vector, checkerboard, write_bundle
from support.messages import in_words
from support.reasons import Truth

SIZE = 14
WORD = st.sampled_from(["graph", "tree", "small_world", "Knight", "bishop", "rook-end", "引文分析"])
TEXT = st.lists(WORD, max_size=5).map(" ".join)
PAIRS = st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)), max_size=60)
LIBRARIES = st.lists(st.sets(st.integers(0, SIZE - 1), max_size=6).map(lambda rows: tuple(sorted(rows))), max_size=8)
CORPORA = st.builds(
    lambda texts, pairs, libraries: Corpus(
        tuple(Paper(f"local:{i}", title=text) for i, text in enumerate(texts)),
        tuple(sorted({(i, j) for i, j in pairs if i != j})),
        tuple(libraries),
    ),
    st.lists(TEXT, min_size=SIZE, max_size=SIZE),
    PAIRS,
    LIBRARIES,
)


def _load(corpus: Corpus) -> Bundle:
    with tempfile.TemporaryDirectory() as scratch:
        directory = write_bundle(Path(scratch), corpus, factors=2)
        arrays = {name: np.load(directory / name) for name in layout.FILES}  # mapped, they would run out of files
        return Bundle.of(directory, read_manifest(directory), arrays)


@settings(max_examples=40, deadline=None)
@given(CORPORA, st.integers(0, SIZE - 1), TEXT, st.sets(st.integers(0, SIZE - 1), max_size=5))
def test_every_reason_is_true_and_no_stronger_one_is_missing(
    corpus: Corpus, seed: int, text: str, references: set[int]
) -> None:
    truth, bundle = Truth(corpus), _load(corpus)
    seeds = [
        SeedEvidence(seed),
        SeedEvidence(vector=bag_vector(text), text=text),
        SeedEvidence(references=tuple(references)),
    ]
    known = [(seed, "", truth.cites[seed]), (None, text, set[int]()), (None, "", references)]
    rows = np.array([row for row in range(SIZE) if row != seed])
    for row, found in zip(rows.tolist(), reasons_for(bundle, seeds, rows), strict=True):
        assert len(found) <= MAX_REASONS
        for reason in found:
            at, said, cited = known[reason.seed]
            truth.check(in_words(bundle, reason.evidence), row, seed=at, text=said, references=cited)
        if len(found) < MAX_REASONS:
            kinds = {(reason.seed, type(reason.evidence)) for reason in found}
            assert ((0, SharedReferences) in kinds) == bool(truth.cites[row] & truth.cites[seed])
            assert ((0, CoCitation) in kinds) == bool(truth.cited[row] & truth.cited[seed])
            assert ((0, DirectCitation) in kinds) == (row in truth.cites[seed] or seed in truth.cites[row])
            assert ((0, SharedReaders) in kinds) == (truth.readers(seed, row) >= 3)
            assert ((2, SharedReferences) in kinds) == bool(truth.cites[row] & references)
            together = any(truth.cites[other] & references for other in truth.cited[row])
            assert ((2, CitedWithReferences) in kinds) == together


def test_the_check_catches_what_is_not_true() -> None:
    truth = Truth(replace(checkerboard(), libraries=((20, 16),) * 3))
    cites = truth.cites[20]
    truth.check(SharedReaders(3), 16, seed=20, references=cites)
    for wrong in (
        SharedReferences(99, (0, 2, 4)),
        SharedReferences(len(cites & truth.cites[16]), (0, 1, 2)),
        CoCitation(1, (23,)),
        DirectCitation(False),
        SharedReaders(4),
        TextLikeness(0.1),
        TextLikeness(1.0, ("trees",)),
    ):
        with pytest.raises(AssertionError):
            truth.check(wrong, 16, seed=20, references=cites)


def test_words_in_common_are_the_last_thing_said(tmp_path: Path) -> None:
    titles = ("knights", "knights graphs", "bishops", "rooks", "graphs bishops", "pawns")
    corpus = Corpus(tuple(Paper(f"local:{i}", title=title) for i, title in enumerate(titles)), ())
    bundle = Bundle.load(write_bundle(tmp_path, corpus, factors=1))
    seeds = [SeedEvidence(text="queens"), SeedEvidence(text="knights and bishops")]  # vectors could not be had
    found = reasons_for(bundle, seeds, np.arange(6))
    assert [[in_words(bundle, reason.evidence) for reason in each] for each in found] == [
        [SharedTerms(("knights",))],
        [SharedTerms(("knights",))],
        [SharedTerms(("bishops",))],
        [],
        [SharedTerms(("bishops",))],
        [],
    ]
    assert {reason.seed for each in found for reason in each} == {1}


@pytest.mark.parametrize(("readers", "told"), [(2, False), (3, True)])
def test_what_few_readers_keep_is_not_told(tmp_path: Path, readers: int, told: bool) -> None:
    papers = tuple(Paper(f"local:{i}") for i in range(4))
    corpus = Corpus(papers, (), (*((0, 1), (1, 0), (2, 0, 1))[:readers], (0, 2), (3, 1)))
    bundle = Bundle.load(write_bundle(tmp_path, corpus, factors=1))
    (found,) = reasons_for(bundle, [SeedEvidence(0)], np.array([1]))
    assert [reason.evidence for reason in found] == ([SharedReaders(3)] if told else [])


def test_shared_terms_are_the_most_telling_and_compounds_stand_for_their_parts(tmp_path: Path) -> None:
    titles = ("small_world graph graph tree", "Small-world graph tree", "graph", "tree tree", "tree graph", *("",) * 3)
    filling = tuple(Paper(f"local:f{i}", title="nothing") for i in range(8))
    corpus = Corpus((*(Paper(f"local:{i}", title=title) for i, title in enumerate(titles)), *filling), ())
    bundle = Bundle.load(write_bundle(tmp_path, corpus, factors=1))
    (found,) = reasons_for(bundle, [SeedEvidence(0)], np.array([1]))
    (likeness,) = (in_words(bundle, reason.evidence) for reason in found)
    assert isinstance(likeness, TextLikeness) and likeness.terms == ("small-world", "graph", "tree")


def test_function_words_are_not_named_among_shared_terms(tmp_path: Path) -> None:
    titles = ("maps with theorems in the co-citation", "theorems with co-citation in the wild")
    corpus = Corpus(tuple(Paper(f"local:{i}", title=title) for i, title in enumerate((*titles, *("nothing",) * 8))), ())
    bundle = Bundle.load(write_bundle(tmp_path, corpus, factors=1))
    assert {b"with", b"in", b"the", b"co"} <= set(bundle.words.vocabulary.tolist())  # in retrieval they count
    (found,) = reasons_for(bundle, [SeedEvidence(0)], np.array([1]))
    (likeness,) = (in_words(bundle, reason.evidence) for reason in found)
    assert isinstance(likeness, TextLikeness) and set(likeness.terms) == {"co-citation", "theorems"}
