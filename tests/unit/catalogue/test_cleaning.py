from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocite.catalogue.ingest.cleaning import (
    BadRecord,
    clean_day,
    clean_id,
    clean_names,
    clean_text,
    clean_year,
    make_record,
)
from cocite.catalogue.records import Fields


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  A \t title\r\n over  lines ", "A title over lines"),
        ("H<sub>2</sub>O &amp; <i>Drosophila</i>", "H2O & Drosophila"),
        ("<jats:title>Abstract</jats:title><jats:p>First.</jats:p><jats:p>Second.</jats:p>", "Abstract First. Second."),
        ("&lt;i&gt;In vivo&lt;/i&gt;", "In vivo"),
        ("p < 0.05 and q > 3", "p < 0.05 and q > 3"),
        ("Semantics of List<T> types", "Semantics of List<T> types"),
        ("a<b>c and m<p>q", "a<b>c and m<p>q"),
        ("if a <i and j> k", "if a <i and j> k"),
        ("if a <i and j> k <i>in vivo</i>", "if a <i and j> k in vivo"),
        ('<p class="x" id=y>One<br>two</P><mml:mi>x</mml:mi><jats:sec >', "One two x"),
        ("<math display='block'><mi>x</mi><mspace/></math>", "x"),
        pytest.param("<b" + " " * 50_000 + "<b" + " a=" * 20_000, "<b <b" + " a=" * 20_000, id="very long"),
        ("NUL\x00 bell\x07 zero\u200bwidth soft\u00adhyphen", "NUL bell zerowidth softhyphen"),
        ("\ufeffmark \u202eturn", "mark turn"),
        ("A\u030angstro\u0308m", "Ångström"),
        ("lone \ud800 surrogate", "lone surrogate"),
        (None, ""),
    ],
)
def test_text_is_cleaned(raw: str | None, clean: str) -> None:
    warnings: list[str] = []
    assert clean_text(raw, "title", 100_000, warnings) == clean
    assert not warnings


@given(st.text(alphabet=st.characters(), max_size=200))
def test_cleaned_text_is_one_printable_encodable_line(raw: str) -> None:
    text = clean_text(raw, "title", 50, [])
    assert len(text) <= 50
    assert "\x00" not in text
    assert text == text.strip()
    assert len(text.splitlines()) <= 1
    text.encode("utf-8")


def test_long_text_is_cut_with_a_warning() -> None:
    warnings: list[str] = []
    assert clean_text("word " * 10, "title", 7, warnings) == "word wo"
    assert warnings == ["title cut at 7 characters"]


def test_text_of_another_type_is_a_bad_record() -> None:
    with pytest.raises(BadRecord, match="title is not text"):
        clean_text(5, "title", 10, [])


@pytest.mark.parametrize(
    ("raw", "year", "warned"),
    [
        (1973, 1973, False),
        ("1973", 1973, False),
        (1973.0, 1973, False),
        (None, None, False),
        ("", None, False),
        (1000, 1000, False),
        (2100, 2100, False),
        (999, None, True),
        (2101, None, True),
        (0, None, True),
        (-5, None, True),
        (1973.5, None, True),
        (True, None, True),
        ("in press", None, True),
        ([], None, True),
        (float("nan"), None, True),
        (float("inf"), None, True),
        (10**400, None, True),
    ],
)
def test_years(raw: object, year: int | None, warned: bool) -> None:
    warnings: list[str] = []
    assert clean_year(raw, warnings) == year
    assert bool(warnings) == warned


def test_names() -> None:
    assert clean_names(["B", " A ", "B", "", None], "authors", []) == ("B", "A")
    assert clean_names("Small, H.; Marshakova, I.", "authors", []) == ("Small, H.", "Marshakova, I.")
    with pytest.raises(BadRecord, match="authors is not a list"):
        clean_names(7, "authors", [])


@pytest.mark.parametrize("own", ["17", "W12", "w12", "P19-1001", "2020.acl-main.1", "1706.03762", "smith:2010", "a/b"])
def test_own_ids_are_local_though_they_look_like_others(own: str) -> None:
    assert clean_id(own, "local") == f"local:{own}"


@pytest.mark.parametrize("known", ["arXiv:1706.03762v2", "https://openalex.org/W12", "doi.org/10.1000/A", "pubmed:7"])
def test_ids_that_name_their_scheme_are_not_local(known: str) -> None:
    assert clean_id(known, "local") == clean_id(known)
    assert clean_id(known) is not None


def test_bare_ids_become_local_only_when_asked() -> None:
    assert clean_id("17") is None
    assert clean_id(17, "local") == clean_id(" 17 ", "local") == "local:17"
    assert clean_id("10.1000/A", "local") == "doi:10.1000/a"
    assert clean_id("doi:nonsense", "local") is None  # it names a scheme and does not follow it
    assert clean_id("two words", "local") is None


def test_references_are_counted_where_they_are_no_use() -> None:
    references = ["10.1000/b", "https://doi.org/10.1000/B", "10.1000/a", "nonsense", None, {"x": 1}]
    record = make_record(["10.1000/A", "", None, "what?"], Fields(), references, [])
    assert record.ids == ("doi:10.1000/a",)
    assert record.references == ("doi:10.1000/b",)
    assert sorted(record.warnings) == [
        "id in no known form",
        "reference given twice",
        "reference in no known form",
        "reference in no known form",
        "reference in no known form",
        "reference to itself",
    ]


@pytest.mark.parametrize(
    ("ids", "reason"),
    [([], "id is missing"), (["?"], "id is not a paper id"), ([f"s2:{i}" for i in range(65)], "more than 64 ids")],
)
def test_a_record_needs_ids(ids: list[str], reason: str) -> None:
    with pytest.raises(BadRecord, match=reason):
        make_record(ids, Fields(), [], [])


@pytest.mark.parametrize(
    ("value", "day", "warned"),
    [
        (None, None, False),
        ("", None, False),
        ("2024", None, False),
        ("2024-03", None, False),
        ("2024-03-06", date(2024, 3, 6), False),
        (" 2024-03-06T23:30:00-02:00", date(2024, 3, 7), False),
        ("2024-03-06T23:30:00Z", date(2024, 3, 6), False),
        ("2024-03-06 00:00:00", date(2024, 3, 6), False),
        ("Mon, 2 Apr 2007 19:18:42 GMT", date(2007, 4, 2), False),
        ("2024-02-30", None, True),
        ("20240306", None, True),
        ("soon", None, True),
        ("0000-01-01", None, True),
        ("0999-01-01", None, True),
        ("9999-12-31", None, True),
        ("0001-01-01T00:00:00+10:00", None, True),
        ("Mon, 2 Apr 99999 19:18:42 GMT", None, True),
        (20240306, None, True),
        ({}, None, True),
    ],
)
def test_days(value: object, day: date | None, warned: bool) -> None:
    warnings: list[str] = []
    assert clean_day(value, "published", warnings) == day
    assert bool(warnings) == warned
