"""Following listings, against stand-ins for arXiv's and OpenAlex's APIs on free ports of this machine."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cocite.catalogue.follow.arxiv_source import ARXIV, PAGE, ArxivSource
from cocite.catalogue.follow.looking import Follower, Looked
from cocite.catalogue.follow.openalex_source import OpenAlexSource
from cocite.catalogue.follow.source import Source
from cocite.catalogue.openalex_http import Api
from cocite.catalogue.polite_http import ATTEMPTS, PoliteClient
from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument, Unavailable
from support.arxiv_listing import NOW, ArxivListing, Fault, Listed, body, feed, some, status, torn
from support.openalex import StandIn

DAY = timedelta(days=1)


@pytest.fixture
def listing() -> Iterator[ArxivListing]:
    server = ArxivListing()
    yield server
    server.close()


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def arxiv(listing: ArxivListing, slept: list[float]) -> Iterator[ArxivSource]:
    with PoliteClient(ARXIV, listing.url, sleep=slept.append) as client:
        yield ArxivSource(client, ["cs.DL"])


class Following:
    """A follower with what it announced."""

    def __init__(self, catalogue: Catalogue, folder: Path, **options: Any) -> None:
        self.announced: list[str] = []
        self.folder = folder
        self._follower = Follower(catalogue, folder, first=DAY, announce=self._announce, **options)

    def _announce(self, source: Source, records: list[PaperRecord]) -> None:
        self.announced += [record.fields.title for record in records]

    def look(self, source: Source, after: timedelta = timedelta(0)) -> Looked:
        return self._follower.look(source, NOW + after)

    def rejected(self) -> list[dict[str, Any]]:
        (path,) = self.folder.glob("follow-*.jsonl")
        return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def following(catalogue: Catalogue, tmp_path: Path) -> Following:
    return Following(catalogue, tmp_path / "rejects")


def test_an_entry_becomes_a_paper(
    listing: ArxivListing, arxiv: ArxivSource, following: Following, catalogue: Catalogue
) -> None:
    abstract = "About 50% of\n  Erd\\H{o}s & others."
    listing.entries = [Listed("2603.00001", "Maps of\n  science", NOW, abstract, "10.1000/X", ("cs.DL", "cs.IR"))]
    looked = following.look(arxiv)
    assert (looked.summary.read, looked.summary.stored, following.announced) == (1, 1, ["Maps of science"])
    (paper,) = catalogue.get_papers(["arxiv:2603.00001"]).values()
    assert (paper.paper_id, paper.title, paper.year) == ("doi:10.1000/x", "Maps of science", 2026)
    assert paper.abstract == "About 50% of Erdős & others."
    assert (paper.authors, paper.fields) == (("Ada Lovelace", "李 华"), ("cs.DL", "cs.IR"))
    listed = catalogue.listing_day()
    assert listed and (listed.day, listed.total) == (NOW.date(), 1)
    (asked,) = listing.asked
    assert (asked["search_query"], asked["start"], asked["max_results"]) == ("cat:cs.DL", "0", str(PAGE))


def test_the_first_look_goes_back_as_far_as_asked_page_by_page(
    listing: ArxivListing, arxiv: ArxivSource, following: Following, slept: list[float]
) -> None:
    listing.entries = some(PAGE * 3, apart=timedelta(minutes=4))
    within = DAY // timedelta(minutes=4) + 1  # of 24 hours, both ends
    looked = following.look(arxiv)
    assert (looked.summary.stored, looked.since, looked.cut) == (within, NOW - DAY, False)
    assert following.announced == [f"Paper {PAGE * 3 - place}" for place in range(within)], "newest first"
    assert [asked["start"] for asked in listing.asked] == ["0", str(PAGE)], "no page more than it takes"
    assert slept and all(0 < wait <= ARXIV.interval_s for wait in slept)


def test_later_looks_take_what_is_new_and_what_was_listed_late(
    listing: ArxivListing, arxiv: ArxivSource, following: Following
) -> None:
    listing.entries = some(3)
    following.look(arxiv)
    following.announced.clear()
    listing.entries += [Listed("2603.10000", "New", NOW + DAY), Listed("2603.00009", "Held back", NOW - 5 * DAY)]
    looked = following.look(arxiv, DAY)
    assert following.announced == ["New", "Held back"]
    assert (looked.summary.stored, looked.summary.unchanged) == (2, 3)
    assert listing.statuses == [200, 200]


def test_what_was_told_before_does_not_overwrite_what_others_told_since(
    listing: ArxivListing, arxiv: ArxivSource, following: Following, catalogue: Catalogue
) -> None:
    def title() -> str:
        return catalogue.get_papers(["arxiv:2603.00001"])["arxiv:2603.00001"].title

    listing.entries = some(1)
    following.look(arxiv)
    catalogue.write([PaperRecord(("arxiv:2603.00001",), Fields("As published"))])
    for hours in (1, 2):
        listing.entries.append(Listed(f"2603.1000{hours}", "Another", NOW))
        summary = following.look(arxiv, timedelta(hours=hours)).summary
        assert (summary.read, summary.stored, summary.merged, title()) == (1 + hours, 1, 0, "As published")
    listing.entries[0].title = "Revised"
    assert following.look(arxiv, timedelta(hours=3)).summary.merged == 1 and title() == "Revised"


def test_a_listing_without_news_is_asked_for_by_its_etag(
    listing: ArxivListing, arxiv: ArxivSource, following: Following
) -> None:
    listing.entries = some(3)
    following.look(arxiv)
    assert following.look(arxiv, timedelta(hours=1)).summary.read == 0
    assert listing.statuses == [200, 304]
    listing.entries += some(1, first=9, newest=NOW + timedelta(hours=1))
    assert following.look(arxiv, timedelta(hours=2)).summary.stored == 1
    assert following.look(arxiv, timedelta(hours=3)).summary.read == 0
    assert listing.statuses == [200, 304, 200, 304]


def test_a_304_that_nobody_asked_for_is_no_answer(
    listing: ArxivListing, arxiv: ArxivSource, following: Following
) -> None:
    listing.planned = [status(304)]
    with pytest.raises(Unavailable, match="304"):
        following.look(arxiv)


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
FAULTS: dict[str, Fault] = {
    "429": status(429),
    "503": status(503),
    "torn": torn,
    "empty": body(b""),
    "page": body(b"<html><p>busy</html>"),
    "other": body(b"<feed/>"),
    "no total": body(feed(total="many")),
    "no entries though there are": body(feed(total=3)),
    "more than asked": body(feed(*["<entry/>"] * (PAGE + 1), total=PAGE + 1)),
    "entities": body(ENTITIES + feed(total=0).removeprefix(b'<?xml version="1.0" encoding="UTF-8"?>')),
    "encoding": body(b'<?xml version="1.0" encoding="nobodys"?><feed/>'),
    "not utf-8": body(feed(total=0).replace(b"arXiv", b"\xff\xfe")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_is_waited_for(
    listing: ArxivListing, arxiv: ArxivSource, following: Following, slept: list[float], fault: str
) -> None:
    listing.entries = some(3)
    listing.planned = [FAULTS[fault]] * 2
    assert following.look(arxiv).summary.stored == 3
    backoffs = [wait for wait in slept if wait <= 2.0]
    assert len(backoffs) == 2 and 0.5 <= backoffs[0] <= 1.0 <= backoffs[1] <= 2.0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_stays_is_an_error_and_harms_nothing(
    listing: ArxivListing, arxiv: ArxivSource, following: Following, catalogue: Catalogue, fault: str
) -> None:
    listing.entries = some(3)
    listing.planned = [FAULTS[fault]] * ATTEMPTS
    with pytest.raises(Unavailable, match="arXiv does not answer"):
        following.look(arxiv)
    assert len(listing.asked) == ATTEMPTS and catalogue.count_papers() == 0
    assert following.look(arxiv).summary.stored == 3


def test_the_wait_that_is_asked_for_is_kept(
    listing: ArxivListing, arxiv: ArxivSource, following: Following, slept: list[float]
) -> None:
    listing.planned = [status(503, Retry_After="17")]
    following.look(arxiv)
    assert 17.0 in slept
    listing.planned = [status(429, Retry_After="7200")]
    with pytest.raises(Unavailable) as caught:
        following.look(arxiv)
    assert caught.value.retry_after_s == 7200


REFUSAL = "<entry><id>http://arxiv.org/api/errors#x</id><summary>incorrect id\x1f format</summary></entry>"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (body(feed(REFUSAL.replace("\x1f", "\u200b"), total=1)), "incorrect id format"),
        (body(feed(REFUSAL.replace("\x1f", ""), total=1), 400), "HTTP 400: incorrect id format"),
        (status(403), "HTTP 403"),
        (body(b"no", 404), "HTTP 404"),
    ],
)
def test_a_refusal_says_why(
    listing: ArxivListing, arxiv: ArxivSource, following: Following, fault: Fault, said: str
) -> None:
    listing.planned = [fault]
    with pytest.raises(InvalidArgument, match=said):
        following.look(arxiv)
    assert len(listing.asked) == 1


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(listing: ArxivListing, arxiv: ArxivSource, following: Following, code: int) -> None:
    other = ArxivListing(some(1))
    try:
        listing.planned = [status(code, Location=f"{other.url}/api/query?start=0")]
        with pytest.raises(Unavailable, match=f"HTTP {code}"):
            following.look(arxiv)
        assert other.asked == []
    finally:
        other.close()


def test_an_answer_too_large_is_refused(listing: ArxivListing, arxiv: ArxivSource, following: Following) -> None:
    listing.planned = [body(b" " * (ARXIV.max_answer + 1))]
    with pytest.raises(Unavailable, match="more than"):
        following.look(arxiv)


def test_bad_entries_are_counted_and_listed_and_harm_no_other(
    listing: ArxivListing, arxiv: ArxivSource, following: Following, catalogue: Catalogue
) -> None:
    listing.entries = [
        *some(2),
        Listed("", "", raw="<entry/>"),
        Listed("", "", raw="<entry><id>http://arxiv.org/abs/nothing</id><title>No number</title></entry>"),
        Listed("2603.00007", " \n "),
        Listed("2603.00008", "", raw=Listed("2603.00008", "No day").atom().replace("2026-03-10T", "soon ")),
        Listed("2603.00001", "Paper 1", NOW - timedelta(minutes=10)),  # once more
        Listed("2603.00003", "<script>\u202e\u200bx</script>\u2028\x85"),
    ]
    summary = following.look(arxiv).summary
    assert summary.rejected == {"title is missing": 2, "id is not an arXiv number": 1}
    assert (summary.read, summary.stored, summary.unchanged) == (8, 4, 1)
    assert summary.warnings["created is not a date"] == 1
    assert [entry["source"] for entry in following.rejected()] == ["arxiv:cs.DL"] * 3
    assert catalogue.get_papers(["arxiv:2603.00003"])["arxiv:2603.00003"].title == "<script>x</script>"
    listing.entries.append(Listed("2603.00004", "Another", NOW + DAY))
    following.look(arxiv, DAY)
    assert len(following.rejected()) == 3, "the list is that of the last look"


class Cut(BaseException):
    """As a signal would end it."""


@pytest.mark.parametrize("stored", [False, True])
def test_a_look_that_was_cut_off_goes_on_from_its_last_page(
    listing: ArxivListing, arxiv: ArxivSource, catalogue: Catalogue, tmp_path: Path, stored: bool
) -> None:
    listing.entries = [*some(PAGE * 3, apart=timedelta(minutes=1)), Listed("", "", NOW, raw="<entry/>")]
    pages = 0

    @contextmanager
    def cut_at_the_second_page() -> Iterator[None]:
        nonlocal pages
        pages += 1
        if pages == 2 and not stored:
            raise Cut
        yield
        if pages == 2:
            raise Cut

    with pytest.raises(Cut):
        Following(catalogue, tmp_path, whole=cut_at_the_second_page).look(arxiv)
    before = catalogue.count_papers()
    assert before == (2 * PAGE - 1 if stored else PAGE - 1)
    following = Following(catalogue, tmp_path)
    listing.asked.clear()
    summary = following.look(arxiv, timedelta(hours=1)).summary
    assert summary.resumed and (summary.read, summary.stored) == (3 * PAGE + 1, 3 * PAGE)
    assert listing.asked[0]["start"] == str(2 * PAGE if stored else PAGE)
    assert len(following.announced) == 3 * PAGE - before
    assert len(following.rejected()) == 1
    assert following.look(arxiv, timedelta(hours=2)).summary.read == 0, "the whole of it is known by its ETag"


def test_a_look_cut_off_long_ago_begins_anew(listing: ArxivListing, arxiv: ArxivSource, following: Following) -> None:
    listing.entries = some(PAGE + 1, apart=timedelta(minutes=1))
    listing.planned = []
    served = listing.page
    listing.page = lambda asked: b"" if asked["start"] != "0" else served(asked)  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        following.look(arxiv)
    listing.page = served  # type: ignore[method-assign]
    listing.asked.clear()
    assert not following.look(arxiv, 2 * DAY).summary.resumed
    assert listing.asked[0]["start"] == "0"


def test_a_look_is_bounded(listing: ArxivListing, arxiv: ArxivSource, catalogue: Catalogue, tmp_path: Path) -> None:
    listing.entries = some(PAGE * 3, apart=timedelta(seconds=1))
    following = Following(catalogue, tmp_path, max_rows=PAGE)
    looked = following.look(arxiv)
    assert (looked.cut, looked.summary.read, len(listing.asked)) == (True, PAGE, 1)
    assert not following.look(arxiv, DAY / 24).cut, "what is newest is known by its ETag"


def test_short_pages_are_no_end(listing: ArxivListing, arxiv: ArxivSource, following: Following) -> None:
    listing.entries, listing.page_limit = some(7), 3
    assert following.look(arxiv).summary.stored == 7


def test_progress_of_another_version_begins_anew(
    listing: ArxivListing, arxiv: ArxivSource, following: Following, catalogue: Catalogue
) -> None:
    from cocite.catalogue.ingest.checkpoint import save_state

    listing.entries = some(3)
    for state in ({}, {"looked_at": "soon", "validators": {}, "look": None}, {"looked_at": None, "look": 7}):
        with catalogue.writing() as connection:
            save_state(connection, "follow arxiv:cs.DL", state)
        assert following.look(arxiv).since == NOW - DAY


def test_works_of_openalex(following: Following, catalogue: Catalogue) -> None:
    def work(number: int) -> dict[str, Any]:
        named = {"title": f"Work {number}"} if number != 7 else {}
        return {"id": f"https://openalex.org/W{number}", "publication_date": "2026-03-09", **named}

    standin = StandIn(150, work)
    try:
        with Api(standin.url, sleep=lambda _: None) as api:
            source = OpenAlexSource(api, "topics.id:T10102")
            looked = following.look(source)
            assert looked.summary.rejected == {"title is missing": 1}
            assert looked.summary.stored == len(following.announced) == 149
            following.look(source, DAY)
            dated = OpenAlexSource(api, "topics.id:T10102,from_created_date:2026-01-01")
            following.look(dated)
    finally:
        standin.close()
    listed = catalogue.listing_day()
    assert listed and (listed.day, listed.total) == (date(2026, 3, 9), 149)
    filters = list(dict.fromkeys(asked["filter"] for asked in standin.asked))
    assert filters == [
        "topics.id:T10102,from_publication_date:2026-03-09",
        "topics.id:T10102,from_publication_date:2026-02-24",
        "topics.id:T10102,from_created_date:2026-01-01",
    ]
    assert {asked["sort"] for asked in standin.asked} == {"publication_date:desc"}


def test_a_cursor_that_stands_still_ends(following: Following) -> None:
    page = {"meta": {"count": 9, "next_cursor": "*"}, "results": [{"id": "https://openalex.org/W1", "title": "T"}]}
    standin = StandIn(0)
    standin.planned = [(200, {}, json.dumps(page).encode())]
    try:
        with Api(standin.url) as api, pytest.raises(Unavailable, match="again and again"):
            following.look(OpenAlexSource(api, "topics.id:T1"))
    finally:
        standin.close()


@pytest.mark.parametrize(
    "categories",
    [[], [""], ["cs.DL", ""], ["CS.DL"], ["cs.DL OR all:x"], ["cs.dl&start=9"], ["cs.DL\n"], ["cs.DL"] * 65],
)
def test_wrong_categories_are_refused(listing: ArxivListing, categories: list[str]) -> None:
    with PoliteClient(ARXIV, listing.url) as client, pytest.raises(InvalidArgument):
        ArxivSource(client, categories)


@pytest.mark.parametrize("categories", [["cs.DL"], ["cs.*"], ["hep-ph"], ["cond-mat.mtrl-sci"], ["q-bio.QM"], ["math"]])
def test_categories_are_taken(listing: ArxivListing, categories: list[str]) -> None:
    with PoliteClient(ARXIV, listing.url) as client:
        assert ArxivSource(client, [*categories, *categories]).name == f"arxiv:{categories[0]}"
