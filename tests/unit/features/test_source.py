import threading
from pathlib import Path

import pytest

from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument, Unavailable
from cocite.features import source as source_module
from cocite.features.source import CatalogueSource
from cocite.serving.breaker import Breaker
from cocite.serving.deadline import Deadline
from support.feature_stores import SMALL, Clock


def soon() -> Deadline:
    return Deadline.after(60)


class Outage:
    """Stands before the real Catalogue.open and get_papers: fails while down, counts the tries."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        self.down, self.tries = True, 0
        self._error = error
        self._open, self._get = Catalogue.open, Catalogue.get_papers
        monkeypatch.setattr(Catalogue, "open", lambda url, **options: self._pass(lambda: self._open(url, **options)))
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
    source = CatalogueSource(url, 4, breaker)
    with pytest.raises(Unavailable):
        source.get_papers([SMALL.paper_id], soon())
    outage.down = False
    assert source.get_papers([SMALL.paper_id], soon())[SMALL.paper_id].title == SMALL.title
    source.close()


@pytest.mark.parametrize("error", [Unavailable("gone"), RuntimeError("a driver's own")])
def test_one_that_goes_away_is_asked_three_times_and_then_by_ping_alone(
    url: str, clock: Clock, breaker: Breaker, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    source = CatalogueSource(url, 4, breaker)
    outage = Outage(monkeypatch, error)
    for _ in range(50):
        with pytest.raises(Unavailable):
            source.get_papers([SMALL.paper_id], soon())
    assert outage.tries == 3
    clock.now += 1.0
    outage.down = False
    with pytest.raises(Unavailable):
        source.get_papers([SMALL.paper_id], soon())
    source.ping()
    assert SMALL.paper_id in source.get_papers([SMALL.paper_id], soon())
    source.close()


def test_a_file_that_is_no_catalogue_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("this is no database" * 100)
    with pytest.raises(InvalidArgument):
        CatalogueSource(f"sqlite:///{tmp_path / 'notes.txt'}", 4)


class Hanging:
    """Stands before the real Catalogue.get_papers: holds every query until let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go, self.running = threading.Event(), 0
        get = Catalogue.get_papers

        def hang(catalogue: Catalogue, ids: list[str]) -> object:
            self.running += 1
            assert self.go.wait(60)
            return get(catalogue, ids)

        monkeypatch.setattr(Catalogue, "get_papers", hang)


def test_a_hung_catalogue_costs_a_caller_his_time_and_no_more(
    url: str, clock: Clock, breaker: Breaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = CatalogueSource(url, 2, breaker)
    hanging = Hanging(monkeypatch)
    for _ in range(50):
        with pytest.raises(Unavailable):
            source.get_papers([SMALL.paper_id], Deadline.after(0.6))
    assert hanging.running == 2  # two that hang; the third caller found no room, and then it was left alone
    hanging.go.set()
    clock.now += 1.0
    source.ping()
    assert SMALL.paper_id in source.get_papers([SMALL.paper_id], soon())
    source.close()


def test_a_deadline_too_short_for_any_catalogue_says_nothing_against_it(
    url: str, breaker: Breaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = CatalogueSource(url, 2, breaker)
    hanging = Hanging(monkeypatch)
    for _ in range(10):
        with pytest.raises(Unavailable):
            source.get_papers([SMALL.paper_id], Deadline.after(0.01))
    assert breaker.closed
    hanging.go.set()
    source.close()


def test_what_nobody_waits_for_any_more_is_not_asked(
    url: str, breaker: Breaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "THREADS", 1)
    source = CatalogueSource(url, 3, breaker)
    hanging = Hanging(monkeypatch)
    for _ in range(3):
        with pytest.raises(Unavailable):
            source.get_papers([SMALL.paper_id], Deadline.after(0.01))
    hanging.go.set()
    source.ping()
    assert hanging.running == 2  # the first of the three, and the ping
    source.close()
