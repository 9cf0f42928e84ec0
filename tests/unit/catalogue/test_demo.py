from datetime import date
from pathlib import Path

import pytest

from cocite.catalogue import demo
from cocite.catalogue.ingest.run import ingest
from cocite.catalogue.recent import recent_papers
from cocite.catalogue.store import Catalogue
from cocite.core.errors import Unavailable
from cocite.core.settings import Settings


def test_the_demo_corpus_holds_the_demo_paper(tmp_path: Path, catalogue: Catalogue) -> None:
    try:
        path = demo.demo_corpus(Settings(home=tmp_path / "home"))
    except Unavailable as error:
        pytest.skip(f"no package index: {error.message}")
    summary = ingest(catalogue, demo.KIND, [path])
    assert (summary.read, summary.rejected_total, catalogue.count_papers()) == (613, 0, 612)  # two share a DOI
    assert catalogue.count_citations() > 3500
    paper = catalogue.get_papers([demo.SEED])[demo.SEED]
    assert (paper.year, paper.authors) == (1973, ("Henry Small",))
    assert paper.citation_count == 45
    newest = catalogue.listing_day()
    assert newest and newest.day == date(2024, 3, 6), "days to turn to"
    assert newest.total == len(recent_papers(catalogue, newest.day, 9, until=newest.day)) == 1
    assert newest.previous and newest.previous < newest.day


def test_no_index_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(Unavailable, match=demo.REQUIREMENT):
        demo.demo_corpus(Settings(home=tmp_path / "home"))
