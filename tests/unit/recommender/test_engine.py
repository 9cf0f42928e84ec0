from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocite.core.paper import Paper
from cocite.recommender.bundle import Bundle
from cocite.recommender.engine import Engine
from cocite.recommender.evidence import SeedEvidence
from cocite.recommender.query import Query, RowFilter
from cocite.recommender.retrieval.als import AlsRetriever
from cocite.recommender.retrieval.text import TextRetriever
from support.bundles import Corpus, bag_vector, checkerboard, write_bundle

SIZE = 24
ROWS = st.lists(st.integers(0, SIZE - 1), max_size=4, unique=True).map(tuple)
FILTERS = st.builds(
    RowFilter,
    min_year=st.none() | st.integers(1985, 2020),
    max_year=st.none() | st.integers(1985, 2020),
    not_after=st.none() | st.integers(1985, 2020),
    venues=st.sampled_from([(), ("journal of BLACK",), ("No Such Venue",), ("Journal of White", "x")]),
    fields=st.sampled_from([(), ("CHESS ",), ("Trees", "No such field"), ("no such field",)]),
    has_abstract=st.none() | st.booleans(),
)
QUERIES = st.builds(
    Query,
    positive_rows=ROWS,
    negative_rows=ROWS,
    text_vectors=st.sampled_from([np.empty((0, 0), np.float32), bag_vector("knights and bishops")[None, :]]),
    negative_text_vectors=st.sampled_from([np.empty((0, 0), np.float32), bag_vector("graphs over trees")[None, :]]),
    reference_rows=ROWS,
    library_rows=ROWS,
    exclude_rows=ROWS,
    candidate_rows=st.none() | ROWS,
    row_filter=FILTERS,
    recency=st.sampled_from([0.0, 0.3, 1.0]),
    diversity=st.sampled_from([0.0, 0.5, 1.0]),
)


def _passes(corpus: Corpus, query: Query) -> set[int]:
    """Which rows the contract allows, from the papers and not from the bundle."""
    wanted, rows = query.row_filter, set()
    venues = {venue.casefold() for venue in wanted.venues}
    fields = {field.strip().casefold() for field in wanted.fields}
    for row, paper in enumerate(corpus.papers):
        year_ok = wanted.min_year is None and wanted.max_year is None
        year_ok |= paper.year is not None and (wanted.min_year or 0) <= paper.year <= (wanted.max_year or 9999)
        year_ok &= wanted.not_after is None or paper.year is None or paper.year <= wanted.not_after
        venue_ok = not venues or paper.venue.casefold() in venues
        abstract_ok = wanted.has_abstract in (None, bool(paper.abstract))
        field_ok = not fields or bool(fields & {field.casefold() for field in paper.fields})
        if year_ok and venue_ok and abstract_ok and field_ok:
            rows.add(row)
    if query.candidate_rows is not None:
        rows &= set(query.candidate_rows)
    return rows - {*query.positive_rows, *query.negative_rows, *query.library_rows, *query.exclude_rows}


@settings(max_examples=300, deadline=None)
@given(QUERIES)
def test_the_contract_of_an_answer(bundle: Bundle, corpus: Corpus, query: Query) -> None:
    engine = Engine(bundle)
    ranking = engine.rank(query)
    allowed = _passes(corpus, query)
    rows = [int(row) for row in ranking.rows]
    assert len(rows) == len(set(rows))
    assert set(rows) <= allowed
    assert bool(rows) == bool(allowed), "never empty while a candidate remains"
    assert np.isfinite(ranking.scores).all()
    assert query.diversity or (np.diff(ranking.scores) <= 0).all()
    again = Engine(bundle).rank(query)
    assert list(again.rows) == rows and list(again.scores) == list(ranking.scores)
    assert list(engine.rank(query, limit=3).rows) == rows[:3]


@pytest.mark.parametrize("seed", range(8, SIZE))  # three references at least
def test_als_finds_the_colour_of_the_checkerboard(bundle: Bundle, seed: int) -> None:
    rows = Engine(bundle, [AlsRetriever(bundle)]).rank(Query(positive_rows=(seed,)), limit=6).rows
    assert {int(row) % 2 for row in rows} == {seed % 2}


def test_als_finds_the_reference_that_was_withheld(bundle: Bundle) -> None:
    seed = 20
    known = set(bundle.references.of(seed).tolist())
    ranking = Engine(bundle, [AlsRetriever(bundle)]).rank(Query(positive_rows=(seed,), exclude_rows=tuple(known)))
    assert seed - 2 not in known
    assert int(ranking.rows[0]) % 2 == 0
    assert seed - 2 in ranking.rows[:2]


def test_text_finds_the_colour(bundle: Bundle) -> None:
    query = Query(text_vectors=bag_vector("odd white paper graphs over trees")[None, :])
    rows = Engine(bundle, [TextRetriever(bundle)]).rank(query, limit=8).rows
    assert {int(row) % 2 for row in rows} == {1}


def test_a_negative_seed_pushes_its_colour_down(bundle: Bundle) -> None:
    engine = Engine(bundle)
    mixed = [int(row) for row in engine.rank(Query(positive_rows=(21, 22))).rows]
    less_odd = [int(row) for row in engine.rank(Query(positive_rows=(21, 22), negative_rows=(23,))).rows]

    def place_of_odd(rows: list[int]) -> float:
        return float(np.mean([place for place, row in enumerate(rows) if row % 2]))

    mixed.remove(23)
    assert place_of_odd(less_odd) > place_of_odd(mixed)


def test_references_stand_in_for_a_paper_the_bundle_does_not_know(bundle: Bundle) -> None:
    references = tuple(int(row) for row in bundle.references.of(22))
    rows = Engine(bundle).rank(Query(reference_rows=references), limit=6).rows
    assert {int(row) % 2 for row in rows} == {0}


def test_shared_items_are_not_held_against_a_seed(bundle: Bundle) -> None:
    items, weights = AlsRetriever(bundle).profile(Query(positive_rows=(22,), negative_rows=(20,)))
    signed = dict(zip(items.tolist(), weights.tolist(), strict=True))
    shared = set(bundle.references.of(22).tolist()) & {*bundle.references.of(20).tolist(), 20}
    assert shared and not shared & set(signed)
    assert signed[22] > 0
    assert signed.get(18, 0) >= 0


def test_the_most_cited_stand_in_and_say_so(bundle: Bundle) -> None:
    ranking = Engine(bundle).rank(Query())
    counts = bundle.cited_by.counts()
    assert ranking.fallback
    assert len(ranking.rows) == SIZE
    assert list(ranking.rows) == sorted(range(SIZE), key=lambda row: (-counts[row], row))
    assert not Engine(bundle).rank(Query(positive_rows=(20,))).fallback


def test_no_fallback_is_named_when_nothing_may_be_answered(bundle: Bundle) -> None:
    ranking = Engine(bundle).rank(Query(row_filter=RowFilter(min_year=9999)))
    assert not ranking.rows.size and not ranking.fallback


def test_filters_apply_before_the_cut(bundle: Bundle) -> None:
    query = Query(positive_rows=(20,), row_filter=RowFilter(venues=("journal of white",)))
    rows = Engine(bundle).rank(query, limit=5).rows
    assert len(rows) == 5 and {int(row) % 2 for row in rows} == {1}


def test_papers_without_any_citation_go_by_their_text(tmp_path: Path) -> None:
    corpus = Corpus(checkerboard().papers, ())
    engine = Engine(Bundle.load(write_bundle(tmp_path, corpus)))
    ranking = engine.rank(Query(positive_rows=(21,)), limit=5)
    assert not ranking.fallback and {int(row) % 2 for row in ranking.rows} == {1}
    assert engine.explain([SeedEvidence(21)], ranking, 0, 1)[0]


def test_one_citation_is_enough_for_als(tmp_path: Path) -> None:
    corpus = Corpus((Paper("local:a", title="one"), Paper("local:b", title="two")), ((0, 1),))
    bundle = Bundle.load(write_bundle(tmp_path, corpus, factors=2))
    ranking = Engine(bundle).rank(Query(positive_rows=(0,)))
    assert [int(row) for row in ranking.rows] == [1]


def test_named_candidates_are_ranked_however_many(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cocite.recommender.proposing.MAX_DEPTH", 3)
    rows = Engine(bundle).rank(Query(positive_rows=(0,), candidate_rows=tuple(range(1, 9))), limit=8).rows
    assert len(rows) > 3 and set(rows.tolist()) <= set(range(1, 9))
    assert len(Engine(bundle).rank(Query(positive_rows=(0,)), limit=8).rows) == 3
