from pathlib import Path

import numpy as np
import pytest

from cocite.core.paper import Paper
from cocite.recommender import second_order
from cocite.recommender.bundle import Bundle
from cocite.recommender.evidence import CitedWithReferences, Reason, SeedEvidence, TextLikeness
from cocite.recommender.fresh.extension import Extension
from cocite.recommender.fresh.paper import FreshPaper
from cocite.recommender.reasons import reasons_for
from support.bundles import Corpus, bag_vector, write_bundle
from support.messages import reason_message

SEED, RESULT, A, B, C = 0, 1, 2, 3, 4
TIED = ((SEED, A), (SEED, B), (SEED, C), (5, RESULT), (5, A), (6, RESULT), (6, A), (6, B), (7, RESULT), (8, C))


def _load(tmp_path: Path, citations: tuple[tuple[int, int], ...], papers: int = 9, **texts: str) -> Bundle:
    corpus = Corpus(tuple(Paper(f"local:{i}", title=texts.get(f"p{i}", "")) for i in range(papers)), citations)
    return Bundle.load(write_bundle(tmp_path, corpus, factors=2))


def _only(bundle: Bundle, *seeds: SeedEvidence) -> list[Reason]:
    (found,) = reasons_for(bundle, seeds, np.array([RESULT]))
    return found


def test_cited_together_with_what_the_seed_cites(tmp_path: Path) -> None:
    bundle = _load(tmp_path, TIED)
    assert _only(bundle, SeedEvidence(SEED)) == [Reason(0, CitedWithReferences(2, (A, B)))]


def test_the_seed_that_most_papers_tie_is_named(tmp_path: Path) -> None:
    bundle = _load(tmp_path, (*TIED, (7, 9), (10, 9), (11, A)), papers=12)
    seeds = (SeedEvidence(vector=bag_vector("")), SeedEvidence(10), SeedEvidence(11), SeedEvidence(SEED))
    assert _only(bundle, *seeds) == [Reason(2, CitedWithReferences(2, (A,)))]


def test_a_closer_tie_leaves_no_room_for_it(tmp_path: Path) -> None:
    bundle = _load(tmp_path, (*TIED, (8, RESULT), (8, SEED)))
    assert [type(reason.evidence).__name__ for reason in _only(bundle, SeedEvidence(SEED))] == ["CoCitation"]


@pytest.mark.parametrize("number", range(20))
def test_it_is_named_when_it_is_true_and_only_then(tmp_path: Path, number: int) -> None:
    rng = np.random.default_rng(number)
    pairs = sorted({(int(i), int(j)) for i, j in rng.integers(0, 30, (60, 2)) if i > j})
    bundle = _load(tmp_path, tuple(pairs), papers=30)
    cites = {i: {b for a, b in pairs if a == i} for i in range(30)}
    rows = np.arange(29)
    for row, found in zip(rows, reasons_for(bundle, [SeedEvidence(29)], rows), strict=True):
        citers = [i for i in cites if row in cites[i] and cites[i] & cites[29]]
        weak = [reason.evidence for reason in found if isinstance(reason.evidence, CitedWithReferences)]
        assert bool(found) or not citers
        for evidence in weak:
            times = {each: sum(each in cites[i] for i in citers) for each in cites[29]}
            assert len(found) == 1 and evidence.count == len(citers)
            most = sorted((each for each in times if times[each]), key=lambda each: (-times[each], each))
            assert list(evidence.rows) == most[:3]


def test_who_cites_old_and_new_references_counts_once(tmp_path: Path) -> None:
    bundle = _load(tmp_path, ((5, RESULT), (5, A), (6, RESULT), (6, A)))
    new = FreshPaper(1, Paper("local:new"), citing_ids=("local:5", "local:6"))
    seed = SeedEvidence(references=(A, bundle.paper_count))
    assert _only(Extension(bundle).of([new]), seed) == [Reason(0, CitedWithReferences(2, (A, bundle.paper_count)))]


def test_the_papers_looked_at_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = _load(tmp_path, TIED)
    monkeypatch.setattr(second_order, "MAX_CITERS", 1)
    assert _only(bundle, SeedEvidence(SEED)) == [Reason(0, CitedWithReferences(1, (A,)))]


def test_last_comes_text_little_alike(tmp_path: Path) -> None:
    bundle = _load(tmp_path, ((7, RESULT),), p1="knights and bishops")
    text = bundle.text_vectors[RESULT].astype(np.float32)
    other = np.eye(len(text), dtype=np.float32)[np.flatnonzero(text == 0)[0]]
    near = 0.1 * text + np.sqrt(0.99) * other
    (reason,) = _only(bundle, SeedEvidence(vector=other), SeedEvidence(vector=near))
    assert reason == Reason(1, TextLikeness(pytest.approx(0.1, abs=1e-3)))
    assert _only(bundle, SeedEvidence(vector=other), SeedEvidence(vector=-near)) == []


def test_its_message(bundle: Bundle) -> None:
    message = reason_message(bundle, Reason(0, CitedWithReferences(4, (2, 3))), ["doi:10.1000/9"])
    assert message.seed == "doi:10.1000/9" and message.WhichOneof("evidence") == "cited_with_references"
    assert message.cited_with_references.count == 4
    assert list(message.cited_with_references.paper_ids) == ["doi:10.1000/2", "doi:10.1000/3"]


def test_gathering_is_looking_up_one_by_one(bundle: Bundle) -> None:
    for rows in ([], [0], [3, 20, 20, 1, 0, 23]):
        values, owners = bundle.references.gather(np.array(rows, dtype=np.int32))
        expected = [(place, int(each)) for place, row in enumerate(rows) for each in bundle.references.of(row)]
        assert list(zip(owners.tolist(), values.tolist(), strict=True)) == expected
