"""Corpora that lack something, or have it in excess, train and serve all the same."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cocite.catalogue.records import CitationRecord, Fields, PaperRecord
from cocite.core.settings import Settings
from cocite.recommender.bundle import Bundle
from cocite.recommender.bundle_files import read_current
from cocite.recommender.engine import Engine
from cocite.recommender.evidence import SeedEvidence
from cocite.recommender.query import Query, RowFilter
from cocite.recommender.retrieval.als import AlsRetriever
from cocite.training.train import TrainingResult, train

from .conftest import QUICK, Fill, cites, keeps, paper

Records = list[object]


def alike(number: int, *, year: int | None = 2000) -> PaperRecord:
    """All of these say the same."""
    fields = Fields(title="On maps of science", abstract="Maps of science and how to draw them.", year=year)
    return PaperRecord(ids=(f"doi:10.1000/{number:03d}",), fields=fields)


def ring(count: int, steps: int = 6) -> Records:
    """Each cites the next few, the last ones the first: cycles, whatever the years."""
    return [cites(i, (i + step) % count) for i in range(count) for step in range(1, steps + 1)]


CORPORA: dict[str, Callable[[], Records]] = {
    "one paper": lambda: [paper(0)],
    "one paper without text": lambda: [paper(0, text=False)],
    "two papers that nothing ties": lambda: [paper(0, text=False), paper(1, text=False)],
    "two papers that cite each other": lambda: [paper(0), paper(1), cites(0, 1), cites(1, 0)],
    "no text": lambda: [*(paper(n, text=False) for n in range(30)), *ring(30)],
    "no citations": lambda: [paper(n) for n in range(30)],
    "nothing at all": lambda: [paper(n, text=False, year=None) for n in range(30)],
    "citations that come twice": lambda: [*(paper(n) for n in range(30)), *ring(30), *ring(30)],
    "papers that cite themselves": lambda: [*(paper(n) for n in range(30)), *(cites(n, n) for n in range(30))],
    "cycles in time": lambda: [*(paper(n, year=1990 + n) for n in range(30)), *ring(30)],
    "a citation of every paper by every other": lambda: [*(paper(n) for n in range(20)), *ring(20, 19)],
    "identical texts": lambda: [*(alike(n) for n in range(60)), *ring(60)],
    "identical texts and nothing else": lambda: [alike(n, year=None) for n in range(60)],
    "no years": lambda: [*(paper(n, year=None) for n in range(30)), *ring(30)],
    "years at the ends": lambda: [*(paper(n, year=1000 if n % 2 else 2100) for n in range(30)), *ring(30)],
    "only libraries": lambda: [
        *(paper(n, text=False) for n in range(30)),
        *(keeps(f"reader {n}", k) for n in range(12) for k in range(n, n + 8)),
    ],
    "one reader who keeps everything": lambda: [
        *(paper(n) for n in range(30)),
        *(keeps("reader", n) for n in range(30)),
    ],
    "one paper that all cite": lambda: [*(paper(n) for n in range(30)), *(cites(n, 0) for n in range(1, 30))],
    "one paper that cites all": lambda: [*(paper(n) for n in range(60)), *(cites(0, n) for n in range(1, 60))],
}
NOTHING_TO_GO_BY = {"one paper without text", "two papers that nothing ties", "nothing at all"}


def served(settings: Settings) -> Engine:
    version = read_current(settings.bundles)
    assert version is not None
    return Engine(Bundle.load(settings.bundles / version))


def check_answers(engine: Engine) -> int:
    """Ask in all ways, and hold the answers against what the engine promises. How many were by retrievers."""
    bundle = engine.bundle
    n = bundle.paper_count
    rows = sorted({0, 1 % n, n // 2, n - 1})
    text = bundle.text_vectors[[rows[0]]]
    queries = [
        Query(),
        Query(texts=("maps of science and black knights",), text_vectors=text if text.any() else text[:0]),
        Query(library_rows=tuple(rows)),
        Query(reference_rows=tuple(rows)),
        Query(positive_rows=(rows[0],), negative_rows=tuple(rows[1:2])),
        Query(positive_rows=tuple(rows), recency=0.5, diversity=0.5),
        *(Query(positive_rows=(row,)) for row in rows),
        *(Query(positive_rows=(row,), row_filter=RowFilter(not_after=bundle.year(row))) for row in rows),
    ]
    retrieved = 0
    for query in queries:
        ranking = engine.rank(query, 20)
        again = engine.rank(query, 5)
        assert ranking.rows[:5].tolist() == again.rows.tolist()
        assert np.isfinite(ranking.scores).all()
        assert len(set(ranking.rows.tolist())) == ranking.rows.size
        assert not {*query.positive_rows, *query.negative_rows, *query.library_rows} & set(ranking.rows.tolist())
        assert query.diversity or (np.diff(ranking.scores) <= 0).all()
        seeds = [SeedEvidence(row) for row in query.positive_rows]
        assert len(engine.explain(seeds, ranking, 0, 5)) == again.rows.size
        if not query.texts and not query.reference_rows:
            shares = engine.contributions(query, seeds, ranking, 0, 5)
            assert np.isfinite(shares).all()
        retrieved += bool(ranking.rows.size) and not ranking.fallback
    return retrieved


def trained(fill: Fill, settings: Settings, records: Records, **changes: object) -> TrainingResult:
    return train(fill(records), settings, replace(QUICK, **changes))


@pytest.mark.parametrize("name", CORPORA)
def test_it_trains_and_serves(fill: Fill, settings: Settings, name: str):
    result = trained(fill, settings, CORPORA[name]())
    retrieved = check_answers(served(settings))
    assert (retrieved == 0) == (name in NOTHING_TO_GO_BY)
    assert result.manifest.rankers == {"papers": "rrf", "libraries": "rrf"}
    for learned in (result.learned.papers, result.learned.libraries):
        assert bool(learned.skipped) == (not learned.estimates)


def test_a_paper_that_cites_twenty_thousand(fill: Fill, settings: Settings):
    """What one query takes grows with the links there are at most, never as their square."""
    size = 20_000
    few = [paper(n, year=1990 + n) for n in range(40)]
    many = [PaperRecord(ids=(f"doi:10.2000/{n:05d}",), fields=Fields(year=1980)) for n in range(size)]
    survey = [CitationRecord("doi:10.1000/039", f"doi:10.2000/{n:05d}") for n in range(size)]
    result = trained(fill, settings, [*few, *many, *survey, *ring(40)], related=0)  # one list is asked for below
    assert result.manifest.citation_count == size + 240
    engine = served(settings)
    assert engine.bundle.references.counts().max() == size + 6
    check_answers(engine)
    (outlier,) = engine.bundle.rows_of(["doi:10.1000/039"])
    query = Query(positive_rows=(int(outlier),))
    tracemalloc.start()
    try:
        ranking = engine.rank(query, 20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert ranking.rows.size == 20
    assert AlsRetriever(engine.bundle).profile(query)[0].size < size / 4, "the heaviest are folded in"
    assert peak < 2000 * size, "bytes; a matrix of every reference by every other would be 8 * size * size"
