"""The day a paper is new on, and the papers of a day, on SQLite and on PostgreSQL alike."""

from datetime import date, timedelta

import pytest

from cocite.catalogue import listing
from cocite.catalogue.recent import recent_papers
from cocite.catalogue.records import CitationRecord, Fields, Outcome, PaperRecord
from cocite.catalogue.store import Catalogue
from support.catalogues import catalogue, catalogue_url, postgres_server, postgres_url

__all__ = ["catalogue", "catalogue_url", "postgres_server", "postgres_url"]  # fixtures

A, B = "doi:10.1000/a", "doi:10.1000/b"
TODAY = date(2026, 3, 10)
TOMORROW, YESTERDAY = TODAY + timedelta(1), TODAY - timedelta(1)


def told(paper_id: str, published: date | None = None, year: int | None = None, *more: str) -> PaperRecord:
    return PaperRecord((paper_id, *more), Fields("T", year=year, published_on=published))


def days_of(catalogue: Catalogue, *days: date) -> dict[str, date]:
    return {paper_id: day for day in days for paper_id in of_day(catalogue, day)}


def of_day(catalogue: Catalogue, day: date, field: str = "", limit: int = 100) -> list[str]:
    return [paper.paper_id for paper in recent_papers(catalogue, day, limit, until=day, field=field)]


@pytest.mark.parametrize(
    ("published", "year", "listed"),
    [
        (YESTERDAY, None, YESTERDAY),
        (date(1973, 7, 1), 1973, date(1973, 7, 1)),
        (TOMORROW, 2026, TODAY),
        (date(2030, 1, 1), 2030, TODAY),
        (date(2026, 1, 2), 2025, date(2026, 1, 2)),
        (None, 2026, TODAY),
        (None, 2027, TODAY),
        (None, None, TODAY),
        (None, 2025, None),
    ],
)
def test_the_day_a_paper_is_new_on(
    catalogue: Catalogue, published: date | None, year: int | None, listed: date | None
) -> None:
    catalogue.write([told(A, published, year)], today=TODAY)
    found = catalogue.listing_day()
    assert (found and found.day) == listed
    assert catalogue.write([told(A, published, year)], today=TOMORROW) == [Outcome.UNCHANGED], "told again"
    assert catalogue.listing_day() == found


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("first", "later", "listed"),
    [
        (told(A, YESTERDAY), told(A, TODAY), YESTERDAY),
        (told(A, TODAY), told(A, YESTERDAY), YESTERDAY),
        (told(A, None, 2025), told(A, date(2025, 5, 5)), date(2025, 5, 5)),
        (told(A, None, 2025), told(A), None),
        (told(A, None, 2025), told(A, None, 2026), None),
        (told(A), told(A, None, 1973), None),
        (told(A), told(A, None, 2026), TODAY),
        (told(A), CitationRecord(A, B), TODAY),
    ],
)
def test_what_is_told_later(
    catalogue: Catalogue,
    first: PaperRecord,
    later: PaperRecord | CitationRecord,
    listed: date | None,
    at_once: bool,
) -> None:
    batches = [[first, later]] if at_once else [[first], [later]]
    for coming, batch in enumerate(batches):
        catalogue.write(batch, today=TODAY + timedelta(coming))
    found = catalogue.listing_day()
    assert (found and found.day) == listed


@pytest.mark.parametrize("at_once", [True, False])
def test_papers_that_turn_out_to_be_one_keep_the_first_day(catalogue: Catalogue, at_once: bool) -> None:
    records = [told(A, TODAY), told(B, YESTERDAY), told("pmid:1", None, 2025), told(A, None, None, B, "pmid:1")]
    for batch in [records] if at_once else [[record] for record in records]:
        catalogue.write(batch, today=TODAY)
    found = catalogue.listing_day()
    assert found and (found.day, found.total) == (YESTERDAY, 1)


def test_the_papers_of_a_day(catalogue: Catalogue) -> None:
    catalogue.write([told(f"s2:{n}", TODAY) for n in range(1, 8)] + [told(A, YESTERDAY), told(B, None, 1973)])
    assert of_day(catalogue, TODAY) == [f"s2:{n}" for n in range(7, 0, -1)]
    assert of_day(catalogue, TODAY, limit=2) == ["s2:7", "s2:6"]
    assert of_day(catalogue, TOMORROW) == []
    assert [paper.day for paper in recent_papers(catalogue, YESTERDAY, 100)] == [*[TODAY] * 7, YESTERDAY]
    found = catalogue.get_papers([A, B])
    assert (found[A].listed_on, found[B].listed_on) == (YESTERDAY, None)
    assert {paper.paper_id: paper.listed_on for _, paper in catalogue.iter_papers(counts=False)}[A] == YESTERDAY


def test_days_around(catalogue: Catalogue) -> None:
    assert catalogue.listing_day() is None
    long_ago = date(1973, 7, 1)
    catalogue.write([told(A, long_ago), told(B, YESTERDAY), told("s2:1", TODAY), told("s2:2", TODAY)], today=TODAY)
    assert catalogue.listing_day() == listing.ListingDay(TODAY, 2, YESTERDAY, None)
    assert catalogue.listing_day(YESTERDAY) == listing.ListingDay(YESTERDAY, 1, long_ago, TODAY)
    assert catalogue.listing_day(long_ago) == listing.ListingDay(long_ago, 1, None, YESTERDAY)
    assert catalogue.listing_day(date(2000, 1, 1)) == listing.ListingDay(date(2000, 1, 1), 0, long_ago, YESTERDAY)


def test_papers_of_a_field(catalogue: Catalogue) -> None:
    def of(paper_id: str, day: date, *fields: str) -> PaperRecord:
        return PaperRecord((paper_id,), Fields("T", fields=fields, published_on=day))

    far = YESTERDAY - timedelta(listing.NEAR_DAYS)
    catalogue.write(
        [
            of("s2:1", TODAY, "Computer Science", "Art"),
            of("s2:2", TODAY, "Science"),
            of("s2:3", TODAY, 'quoted "Art"', "Größe"),
            of("s2:4", YESTERDAY, "Art"),
            of("s2:5", far, "Art"),
            of("s2:6", TODAY),
        ],
        today=TODAY,
    )
    cases = {"computer SCIENCE": "s2:1", "science": "s2:2", "GRößE": "s2:3", '"Art"': None, ", ": None, "%": None}
    for field, expected in cases.items():
        assert of_day(catalogue, TODAY, field) == [expected] * bool(expected)
    assert catalogue.listing_day(None, "art") == listing.ListingDay(TODAY, 1, YESTERDAY, None)
    assert catalogue.listing_day(YESTERDAY, "Art") == listing.ListingDay(YESTERDAY, 1, far, TODAY)
    assert catalogue.listing_day(TODAY, "Science") == listing.ListingDay(TODAY, 1, None, None)
    assert catalogue.listing_day(None, "Nobody's") is None
    catalogue.write([of("s2:5", far - timedelta(1), "Art")], today=TODAY)
    assert catalogue.listing_day(YESTERDAY, "Art") == listing.ListingDay(YESTERDAY, 1, None, TODAY), "too far"


def test_when_papers_came_is_no_part_of_the_content(catalogue: Catalogue) -> None:
    catalogue.write([told(A), told(B, YESTERDAY)], today=TODAY)
    before = catalogue.fingerprint()
    catalogue.write([told(A, YESTERDAY)], today=TOMORROW)
    assert catalogue.fingerprint() == before
