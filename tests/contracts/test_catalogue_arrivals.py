"""Following a catalogue by what came or changed, on SQLite and on PostgreSQL alike."""

import threading

import pytest

from cocite.catalogue import arrivals
from cocite.catalogue.records import CitationRecord, Fields, LibraryRecord, PaperRecord, Record
from cocite.catalogue.store import Catalogue
from support.catalogues import catalogue, catalogue_url, postgres_server, postgres_url

__all__ = ["catalogue", "catalogue_url", "postgres_server", "postgres_url"]  # fixtures

A, B, C = "doi:10.1000/a", "doi:10.1000/b", "doi:10.1000/c"


def titled(title: str, *ids: str, cites: tuple[str, ...] = ()) -> PaperRecord:
    return PaperRecord(ids, Fields(title=title), cites)


def told(catalogue: Catalogue, after: int) -> list[str]:
    """Papers after a number, read one at a time."""
    found = []
    while page := catalogue.arrivals(after, 1):
        assert page[0].number > after
        after = page[0].number
        found.append(page[0].paper.paper_id)
    assert after == catalogue.last_arrival() or not found
    return found


def test_an_empty_catalogue_has_no_arrivals(catalogue: Catalogue) -> None:
    assert (catalogue.last_arrival(), catalogue.arrivals(0, 10), catalogue.references([A])) == (0, [], {})


def test_papers_arrive_when_they_are_described_not_when_they_are_first_cited(catalogue: Catalogue) -> None:
    catalogue.write([titled("A", A, cites=(C,))])  # C has a key now, below that of B
    catalogue.write([titled("B", B)])
    seen = catalogue.last_arrival()
    catalogue.write([titled("C", C, "pmid:3", cites=(B, "doi:10.1000/unknown", C))])
    (arrival,) = catalogue.arrivals(seen, 10)
    assert (arrival.paper.paper_id, arrival.paper.aliases) == (C, ("pmid:3",))
    assert (arrival.reference_ids, arrival.citing_ids) == ((B,), (A,)), "known papers other than itself"
    assert told(catalogue, 0) == [A, B, C]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (titled("A, corrected", A), [A]),
        (titled("A", A, "pmid:1"), [A]),
        (titled("A", A, cites=(B,)), [A]),
        (CitationRecord("pmid:2", A), [B]),
        (titled("", A, "pmid:2"), [A]),  # joins B to A
        (titled("A", A), []),
        (LibraryRecord("reader", A), []),
        (CitationRecord("doi:10.1000/unknown", A), []),
    ],
)
def test_what_changes_arrives_again(catalogue: Catalogue, change: Record, expected: list[str]) -> None:
    catalogue.write([titled("A", A), titled("B", B, "pmid:2")])
    before = catalogue.last_arrival()
    catalogue.write([change])
    assert told(catalogue, before) == expected


def test_a_number_is_never_given_twice(catalogue: Catalogue) -> None:
    catalogue.write([titled("A", A), titled("B", B)])
    seen = catalogue.last_arrival()
    catalogue.write([titled("", A, B)])  # the paper with the highest number goes
    assert told(catalogue, seen) == [A]
    seen = catalogue.last_arrival()
    catalogue.write([titled("C", C)])
    assert told(catalogue, seen) == [C]


def test_references_by_any_id(catalogue: Catalogue) -> None:
    catalogue.write([titled("A", A, "pmid:1", cites=("pmid:2", C)), titled("B", B, "pmid:2")])
    assert catalogue.references(["pmid:1", B, C]) == {"pmid:1": (B,), B: ()}


def test_links_told_are_bounded(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MAX_LINKS", 2)
    catalogue.write([titled("A", A, cites=(B, C, "pmid:9")), titled("B", B), titled("C", C), titled("D", "pmid:9")])
    first = catalogue.arrivals(0, 1)[0]
    assert first.reference_ids == (B, C)


def test_whoever_follows_misses_nothing_that_writers_bring_meanwhile(catalogue: Catalogue) -> None:
    def write(number: int) -> None:
        for i in range(8):
            catalogue.write([titled("T", f"s2:{number}{i}")])

    writers = [threading.Thread(target=write, args=(number,)) for number in range(1, 5)]
    for writer in writers:
        writer.start()
    after, seen = 0, set()
    while any(writer.is_alive() for writer in writers) or after < catalogue.last_arrival():
        for arrival in catalogue.arrivals(after, 5):
            after = arrival.number
            seen.add(arrival.paper.paper_id)
    assert len(seen) == 32
