"""The day of publication, as each kind of file tells it."""

from datetime import date

import pytest

from cocite.catalogue.ingest.run import ingest
from cocite.catalogue.store import Catalogue
from support.ingest import Write, jsonl

DAY = date(2017, 6, 12)
ARXIV = {"id": "1706.03762", "versions": [{"version": "v1", "created": "Mon, 12 Jun 2017 17:57:34 GMT"}]}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("jsonl", jsonl({"id": "s2:1", "published": "2017-06-12", "date": "2018-01-01"})),
        ("jsonl", jsonl({"id": "s2:1", "date": "2017-06-12T23:00:00Z"})),
        ("openalex", jsonl({"id": "W1", "publication_date": "2017-06-12", "publication_year": 2018})),
        ("openalex", "id,publication_date\nW1,2017-06-12\n"),
        ("s2", jsonl({"corpusid": 1, "publicationdate": "2017-06-12"})),
        ("s2", jsonl({"paperId": "a" * 40, "publicationDate": "2017-06-12"})),
        ("arxiv", jsonl({**ARXIV, "update_date": "2023-08-02"})),
        ("bibtex", "@misc{a, eprint={1706.03762}, date={2017-06-12/2017-06-14}, year={2017}}"),
    ],
)
def test_the_day_of_publication(catalogue: Catalogue, write: Write, kind: str, content: str) -> None:
    summary = ingest(catalogue, kind, [write("papers", content)])
    assert summary.stored == 1 and not summary.warnings
    listed = catalogue.listing_day()
    assert listed and (listed.day, listed.total) == (DAY, 1)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("jsonl", jsonl({"id": "s2:1", "published": "June", "year": 2017})),
        ("arxiv", jsonl({"id": "1706.03762", "update_date": "2017-06-12"})),
        ("bibtex", "@misc{a, eprint={1706.03762}, date={2017-06}}"),
    ],
)
def test_no_day_is_made_up(catalogue: Catalogue, write: Write, kind: str, content: str) -> None:
    assert ingest(catalogue, kind, [write("papers", content)]).stored == 1
    assert catalogue.listing_day() is None
