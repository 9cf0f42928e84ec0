"""Search by index: what it finds of what an exact search finds, whatever a query lets through."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt
import pytest

from cocite.core.errors import CorruptData
from cocite.core.paper import Paper
from cocite.recommender import allowed as allowing
from cocite.recommender import layout, row_index
from cocite.recommender.allowed import Allowed
from cocite.recommender.bundle import Bundle
from cocite.recommender.fresh.extension import Extension
from cocite.recommender.fresh.paper import FreshPaper
from cocite.recommender.query import Query, RowFilter
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Found, Retriever, Rows
from cocite.recommender.retrieval.nearest import Aimed, Space
from cocite.recommender.retrieval.registry import retrievers_of
from cocite.recommender.row_index import RowIndex
from support.bundles import EMBEDDING_MODEL
from support.indexed import PAPERS, indexed_bundle

DENSE = ("als", "items", "text")
BEST, LEAST_RECALL = 100, 0.97  # of few, low-dimensional rows; tests/load/index.py measures a large corpus

FILTERS = {
    "all": RowFilter(),
    "half": RowFilter(min_year=2014),
    "no newer": RowFilter(not_after=2010),
    "a venue": RowFilter(venues=("journal 0000", "journal 0001", "journal 0002")),
    "a field": RowFilter(fields=("field 01", "field 02")),
    "abstracts": RowFilter(has_abstract=True),
    "one year and venue": RowFilter(min_year=2012, max_year=2016, venues=("journal 0000",)),
    "none": RowFilter(min_year=3000),
}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Bundle]:
    return indexed_bundle(tmp_path_factory.mktemp("indexed"))


def _queries(row_filter: RowFilter) -> list[Query]:
    rng = np.random.default_rng(2)
    seeds = [tuple(rng.choice(PAPERS // 3, 4, replace=False).tolist()) for _ in range(12)]  # older ones are cited
    return [
        Query(positive_rows=rows[:3], negative_rows=rows[3:], exclude_rows=(5, 6), row_filter=row_filter)
        for rows in seeds
    ]


def _dense(bundle: Bundle) -> dict[str, Retriever]:
    return {each.name: each for each in retrievers_of(bundle) if each.name in DENSE}


def _found(retriever: Retriever, query: Query, bundle: Bundle) -> tuple[Found, Allowed]:
    asked = Asked(query, bundle)
    found = retriever.find(asked)
    assert found is not None
    return found, asked.allowed


def _recall(exact: Rows, live: Rows) -> float:
    return float(np.isin(exact, live).mean()) if exact.size else 1.0


@pytest.mark.parametrize("only_search", [False, True], ids=["few rows looked at", "all searched"])
@pytest.mark.parametrize("name", FILTERS)
def test_the_index_finds_what_an_exact_search_finds_under_any_filter(
    bundles: tuple[Bundle, Bundle], name: str, only_search: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allowing, "FEW_ROWS", 0 if only_search else 200)
    indexed, exact = (replace(bundle) for bundle in bundles)  # with nothing remembered of filters
    for retriever, (live, truth) in {n: (_dense(indexed)[n], _dense(exact)[n]) for n in DENSE}.items():
        recalls = []
        for query in _queries(FILTERS[name]):
            found, allowed = _found(live, query, indexed)
            wanted, mask = _found(truth, query, exact)
            rows, best = found.best(BEST, allowed), wanted.best(BEST, mask)
            assert allowed.mask.tolist() == mask.mask.tolist()
            assert mask.mask[rows].all(), f"{retriever} finds what is barred"
            assert np.unique(rows).size == rows.size == best.size
            np.testing.assert_allclose(found.of(rows), wanted.of(rows), rtol=1e-6)
            assert (np.diff(found.of(rows)) <= 0).all(), f"{retriever} has its best out of order"
            recalls.append(_recall(best, rows))
        assert np.mean(recalls) >= LEAST_RECALL, retriever


def test_candidates_are_looked_at_one_by_one(bundles: tuple[Bundle, Bundle]) -> None:
    candidates = tuple(range(0, 400, 2))
    for name in DENSE:
        query = replace(_queries(RowFilter())[0], candidate_rows=candidates)
        found, allowed = _found(_dense(bundles[0])[name], query, bundles[0])
        wanted, mask = _found(_dense(bundles[1])[name], query, bundles[1])
        assert found.best(1000, allowed).tolist() == wanted.best(1000, mask).tolist()


def _deaf_to_the_filter(best: Callable[..., Rows]) -> Callable[..., Rows]:
    return lambda self, count, allowed: best(self, count, Allowed(Query(), allowed._bundle))


def test_a_search_that_reads_too_little_is_caught(
    bundles: tuple[Bundle, Bundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    indexed, exact = bundles
    assert indexed.text_index is not None
    monkeypatch.setattr(indexed.text_index, "nearness", 1.0)
    monkeypatch.setattr(row_index, "_READ_FOR_ONE", 0)
    recalls = []
    for query in _queries(RowFilter()):
        found, allowed = _found(_dense(indexed)["text"], query, indexed)
        wanted, mask = _found(_dense(exact)["text"], query, exact)
        recalls.append(_recall(wanted.best(BEST, mask), found.best(BEST, allowed)))
    assert np.mean(recalls) < LEAST_RECALL


def test_a_search_deaf_to_the_filter_is_caught(bundles: tuple[Bundle, Bundle], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Aimed, "best", _deaf_to_the_filter(Aimed.best))
    found, allowed = _found(_dense(bundles[0])["text"], _queries(FILTERS["half"])[0], bundles[0])
    assert not allowed.mask[found.best(1000, allowed)].all()


def test_papers_that_came_after_the_index_are_found(bundles: tuple[Bundle, Bundle]) -> None:
    vector = bundles[0].text_vectors[7]
    paper = FreshPaper(1, Paper("local:new", title="new"), vector=vector, embedding_model_version=EMBEDDING_MODEL)
    longer = Extension(bundles[0]).of([paper])
    for space, aim in ((Space.of_texts(longer), vector), (Space.of_items(longer), longer.item_factors[PAPERS])):
        found = space.find(aim)
        assert PAPERS in found.best(20, Allowed(Query(), longer))
        assert PAPERS not in found.best(1000, Allowed(Query(exclude_rows=(PAPERS,)), longer))


def test_a_filter_is_worked_out_once_for_each_bundle(bundles: tuple[Bundle, Bundle]) -> None:
    bundle = replace(bundles[0])
    first, again = (Allowed(Query(row_filter=RowFilter(min_year=2012)), bundle).passing for _ in range(2))
    assert first is again is not None
    other = Allowed(Query(row_filter=RowFilter(min_year=2012)), replace(bundle)).passing
    assert other is not first
    assert Allowed(Query(), bundle).passing is None


@pytest.mark.parametrize("damage", [lambda data: data[:-100], lambda data: data[::-1].copy(), lambda data: data[:3]])
def test_bytes_that_are_no_index_are_refused(
    bundles: tuple[Bundle, Bundle], damage: Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.uint8]]
) -> None:
    data = np.load(bundles[0].directory / layout.FACTOR_INDEX)
    shape = bundles[0].item_factors.shape
    assert RowIndex.of(data, shape) is not None
    with pytest.raises(CorruptData, match="index"):
        RowIndex.of(damage(data), shape)
    with pytest.raises(CorruptData, match="none of a matrix"):
        RowIndex.of(data, (10, shape[1]))
    with pytest.raises(CorruptData, match="none of a matrix"):
        RowIndex.of(data, (shape[0], shape[1] + 1))


@pytest.mark.parametrize("row", [PAPERS, 10**10, -1])
def test_an_index_of_rows_that_are_not_there_is_refused(bundles: tuple[Bundle, Bundle], row: int) -> None:
    index = bundles[0].factor_index
    assert index is not None
    data = np.load(bundles[0].directory / layout.FACTOR_INDEX)
    known = faiss.rev_swig_ptr(index._index.invlists.get_ids(0), int(index._sizes[0])).tobytes()
    place = data.tobytes().index(known) + len(known) - 8  # the last row of a list
    data[place : place + 8] = np.array([row]).view(np.uint8)
    with pytest.raises(CorruptData, match="none of a matrix"):
        RowIndex.of(data, bundles[0].item_factors.shape)


def test_the_same_rows_give_the_same_bytes(tmp_path: Path, bundles: tuple[Bundle, Bundle]) -> None:
    again, _ = indexed_bundle(tmp_path)
    for name in (layout.TEXT_INDEX, layout.FACTOR_INDEX):
        assert (again.directory / name).read_bytes() == (bundles[0].directory / name).read_bytes(), name
