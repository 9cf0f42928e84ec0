from pathlib import Path

import pytest

from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument, Unavailable
from cocite.features import source as source_module
from cocite.features.source import CatalogueSource
from cocite.serving.breaker import Breaker
from support.feature_stores import SMALL, Clock


class Outage:
    """Stands before the real Catalogue.open and get_papers: fails while down, counts the tries."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        self.down, self.tries = True, 0
        self._error = error
        self._open, self._get = Catalogue.open, Catalogue.get_papers
        monkeypatch.setattr(source_module.Catalogue, "open", lambda url: self._pass(lambda: self._open(url)))
        monkeypatch.setattr(Catalogue, "get_papers", lambda me, ids: self._pass(lambda: self._get(me, ids)))

    def _pass(self, call):
        if self.down:
            self.tries += 1
            raise self._error
        return call()


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'catalogue.db'}"
    with Catalogue.open(url) as catalogue:
        catalogue.write([PaperRecord(ids=(SMALL.paper_id,), fields=Fields(SMALL.title))])
    return url


def test_a_catalogue_that_comes_late_is_opened_by_a_later_call(
    url: str, clock: Clock, breaker: Breaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = Outage(monkeypatch, Unavailable("not yet"))
    source = CatalogueSource(url, breaker)
    with pytest.raises(Unavailable):
        source.get_papers([SMALL.paper_id])
    outage.down = False
    assert source.get_papers([SMALL.paper_id])[SMALL.paper_id].title == SMALL.title
    source.close()


@pytest.mark.parametrize("error", [Unavailable("gone"), RuntimeError("a driver's own")])
def test_one_that_goes_away_is_asked_three_times_and_then_once_a_probe(
    url: str, clock: Clock, breaker: Breaker, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    source = CatalogueSource(url, breaker)
    outage = Outage(monkeypatch, error)
    for _ in range(50):
        with pytest.raises(Unavailable):
            source.get_papers([SMALL.paper_id])
    assert outage.tries == 3
    clock.now += 1.0
    outage.down = False
    source.ping()
    assert SMALL.paper_id in source.get_papers([SMALL.paper_id])
    source.close()


def test_a_file_that_is_no_catalogue_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("this is no database" * 100)
    with pytest.raises(InvalidArgument):
        CatalogueSource(f"sqlite:///{tmp_path / 'notes.txt'}")
