"""A bundle with papers in it that are newer than its training."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cocite.core.paper import Paper, text_of
from cocite.recommender.bundle import Bundle
from cocite.recommender.engine import Engine
from cocite.recommender.fresh.extension import Extension
from cocite.recommender.fresh.factors import Folding
from cocite.recommender.fresh.paper import FreshPaper, name_of
from cocite.recommender.query import Query, RowFilter
from support.bundles import EMBEDDING_MODEL, bag_vector, checkerboard, write_bundle

BLACK = tuple(f"doi:10.1000/{i}" for i in range(0, 12, 2))
NEW = Paper(
    "local:new",
    title="even black paper",
    abstract="knights and bishops",
    year=2020,
    venue="Journal of Novelty",
    aliases=("pmid:9",),
    fields=("Endgames",),
)


def fresh(
    paper: Paper, references: tuple[str, ...] = (), citing: tuple[str, ...] = (), *, text: bool = True
) -> FreshPaper:
    vector = bag_vector(text_of(paper)) if text else None
    return FreshPaper(1, paper, references, citing, vector, EMBEDDING_MODEL if text else "")


def parity(bundle: Bundle, rows: np.ndarray) -> list[int]:
    return [int(bundle.paper_id(int(row)).rpartition("/")[2]) % 2 for row in rows]


def test_without_papers_it_is_the_same_bundle(bundle: Bundle) -> None:
    assert Extension(bundle).of([]) is bundle


def test_every_array_has_a_row_for_the_paper(bundle: Bundle) -> None:
    longer, row = Extension(bundle).of([fresh(NEW, BLACK, ("doi:10.1000/20",))]), bundle.paper_count
    assert longer.paper_count == row + 1
    assert longer.rows_of(["local:new", "pmid:9", BLACK[0], "local:other"]).tolist() == [row, row, 0, -1]
    assert (longer.paper_id(row), longer.year(row), bool(longer.has_abstract[row])) == ("local:new", 2020, True)
    assert longer.references.of(row).tolist() == sorted(longer.rows_of(BLACK).tolist())
    assert row in longer.references.of(20) and longer.cited_by.of(row).tolist() == [20]
    assert all(row in longer.cited_by.of(int(cited)) for cited in longer.rows_of(BLACK))
    assert np.linalg.norm(longer.text_vectors[row]) == pytest.approx(1.0)
    assert longer.item_factors[row].any()
    assert longer.words.of_row(row).places.size
    for wanted in (RowFilter(venues=("journal of novelty",)), RowFilter(fields=("endgames",))):
        assert np.flatnonzero(wanted.mask(longer)).tolist() == [row]
    lengths = {
        len(each) for each in (longer.years, longer.venue_codes, longer.item_idf, longer.works, longer.has_abstract)
    }
    assert lengths == {row + 1}
    links = (longer.references, longer.cited_by, longer.words.paper_terms.links, longer.fields)
    assert {each.row_count for each in links} == {row + 1}
    numbers = longer.list_numbers
    assert {each.size for each in (numbers.idf, numbers.list_norms, numbers.cocitation_norms)} == {row + 1}


@pytest.mark.parametrize(
    "new",
    [fresh(NEW, BLACK), fresh(NEW), fresh(NEW, BLACK, text=False), fresh(NEW, (), ("doi:10.1000/20",), text=False)],
    ids=["text and references", "text", "references and words", "a citation and words"],
)
def test_it_is_recommended_to_its_like_and_recommended_from(bundle: Bundle, new: FreshPaper) -> None:
    longer, row = Extension(bundle).of([new]), bundle.paper_count
    engine = Engine(longer)
    like, unlike = (engine.rank(Query(positive_rows=(seed,))).rows.tolist() for seed in (14, 15))
    assert row in like and (row not in unlike or like.index(row) < unlike.index(row))
    found = engine.rank(Query(positive_rows=(row,)), limit=4).rows
    assert len(found) == 4 and not any(parity(bundle, found))


def test_a_paper_that_says_nothing_is_never_pushed(bundle: Bundle) -> None:
    longer, row = Extension(bundle).of([fresh(Paper("local:bare"), text=False)]), bundle.paper_count
    assert not longer.item_factors[row].any() and not longer.text_vectors[row].any()
    assert row not in Engine(longer).rank(Query(positive_rows=(14,))).rows


def test_the_others_keep_their_places(bundle: Bundle) -> None:
    """But for what links to the fresh paper: this one has none."""
    longer, row = Extension(bundle).of([fresh(NEW)]), bundle.paper_count
    for query in (
        Query(positive_rows=(14,)),
        Query(positive_rows=(7, 9)),
        Query(text_vectors=bag_vector("trees")[None]),
    ):
        before = Engine(bundle).rank(query)
        after = Engine(longer).rank(replace(query, exclude_rows=(row,)))
        np.testing.assert_array_equal(after.rows, before.rows)


def test_papers_it_knows_are_left_out(bundle: Bundle) -> None:
    known = Paper("local:renamed", aliases=("doi:10.1000/3",))
    assert Extension(bundle).of([fresh(known)]) is bundle
    assert Extension(bundle).of([fresh(known), fresh(NEW)]).paper_count == bundle.paper_count + 1


def test_fresh_papers_may_cite_each_other(bundle: Bundle) -> None:
    second = Paper("local:second", title="cites the first")
    for papers in (
        [fresh(NEW), fresh(second, ("local:new", "local:second"))],
        [fresh(NEW, citing=("local:second",)), fresh(second, ("local:new",))],
    ):
        longer, row = Extension(bundle).of(papers), bundle.paper_count
        assert longer.references.of(row + 1).tolist() == [row]
        assert longer.cited_by.of(row).tolist() == [row + 1]


def test_a_vector_of_another_embedding_model_counts_as_none(bundle: Bundle) -> None:
    strange = replace(fresh(NEW), embedding_model_version="other")
    longer = Extension(bundle).of([strange])
    assert not longer.text_vectors[bundle.paper_count].any()


@pytest.mark.parametrize(("year", "joined"), [(1994, True), (None, True), (2020, False)])
def test_a_preprint_of_a_known_paper_is_its_version(tmp_path: Path, year: int | None, joined: bool) -> None:
    board = checkerboard()
    titled = replace(board.papers[3], title="A title that no other paper bears")
    papers = (*board.papers[:3], titled, *board.papers[4:])
    bundle = Bundle.load(write_bundle(tmp_path, replace(board, papers=papers)))
    preprint = Paper("arxiv:9901.00001", title="A Title that no other Paper bears.", year=year)
    longer, row = Extension(bundle).of([fresh(preprint)]), bundle.paper_count
    assert longer.works[row] == (3 if joined else row)


@pytest.mark.parametrize(
    ("title", "year", "venue", "joined"),
    [
        ("A work that came in two versions", 2023, "Elsewhere", True),
        ("A work that came in two versions", 2021, "Yearbook", True),
        ("A work that came in two versions", 2023, "Yearbook", False),
        ("A work that came in two versions", 2027, "Elsewhere", False),
        ("Of three words", 2023, "Elsewhere", False),
    ],
)
def test_versions_that_are_both_fresh_are_one_result(
    bundle: Bundle, title: str, year: int, venue: str, joined: bool
) -> None:
    one = Paper("arxiv:2101.00009", title=title, year=2021, venue="Yearbook")
    longer, row = Extension(bundle).of([fresh(one), fresh(Paper("local:z", title=title, year=year, venue=venue))]), 24
    assert longer.works[row:].tolist() == [row, row if joined else row + 1]
    found = Engine(longer).rank(Query(positive_rows=(14,), texts=(title,))).rows
    assert np.count_nonzero(found >= row) == (1 if joined else 2)


@pytest.mark.parametrize(("count", "works"), [(4, 1), (5, 5)])
def test_a_title_that_many_bear_is_a_heading(bundle: Bundle, count: int, works: int) -> None:
    papers = [fresh(Paper(f"local:{i}", title="Introduction to the special issue", year=2024)) for i in range(count)]
    assert np.unique(Extension(bundle).of(papers).works[24:]).size == works


def test_the_large_matrices_are_shared_and_work_is_done_once(bundle: Bundle) -> None:
    extension, new = Extension(bundle), fresh(NEW, BLACK)
    first, second = extension.of([new]), extension.of([new, fresh(Paper("local:other", title="odd white"))])
    for matrix in ("item_factors", "text_vectors"):
        blocks = [getattr(each, matrix).blocks for each in (bundle, first, second)]
        assert blocks[0][0] is blocks[1][0] is blocks[2][0]
        np.testing.assert_array_equal(blocks[1][1][0], blocks[2][1][0])
    assert bundle.paper_count == len(bundle.years), "the trained bundle is as it was"


def test_factors_are_as_long_as_those_of_the_median_cited_paper(bundle: Bundle) -> None:
    lengths = np.linalg.norm(np.asarray(bundle.item_factors), axis=1)
    folding, none = Folding(bundle), np.empty(0, dtype=np.int64)
    for factors in (folding.factors(bag_vector("knights"), none), folding.factors(None, np.array([0, 2]))):
        assert np.linalg.norm(factors) == pytest.approx(np.median(lengths[lengths > 0]), rel=1e-3)  # float16
    assert not folding.factors(None, none).any()


def test_states_are_told_apart_by_their_papers() -> None:
    one, two = fresh(NEW), fresh(Paper("local:two"))
    names = [name_of("m1", papers) for papers in ([], [one], [one, two], [replace(one, vector=None)])]
    assert names[0] == "m1" and len(set(names)) == 4
    assert name_of("m1", [fresh(NEW)]) == names[1]
