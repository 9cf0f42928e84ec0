"""Feeds as RSS, Atom and JSON Feed: valid whatever papers are called, the same again, and private where they are."""

import sys
from datetime import date
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from cocite.core.errors import InvalidArgument, Unauthenticated
from cocite.gateway.landing_pages import landing_page
from cocite.gateway.syndication.changes import Changes, is_known
from cocite.gateway.syndication.feed import Feed, midnight
from cocite.gateway.syndication.papers import Listed, Site
from cocite.gateway.syndication.writing import FORMATS
from cocite.v1 import feature_service_pb2, feed_service_pb2, recommender_service_pb2
from cocite.v1.degradation_pb2 import Degradation
from cocite.v1.paper_pb2 import Paper
from support.gateway import MODEL, answering, running_gateway
from support.syndication import checked

NASTY = '<script>alert("1")</script> & p < 0.05 ]]> \x00\x08\x1b\ufffe\u202e <!--&lt;b&gt;--> тест 漢字 🧪 \r\nzwei'
PLAIN = '<script>alert("1")</script> & p < 0.05 ]]> <!--&lt;b&gt;--> тест 漢字 🧪 zwei'
SITE = "https://papers.example/cocite"
TODAY = date(2026, 11, 24)
TOKEN = "t" * 30
PUBLIC = {
    "trending": {"window": "month", "field": "Physics"},
    "new": {"date": "2026-11-23", "field": "Physics"},
    "search": {"q": "co-citation & <analysis>"},
    "related": {"id": "doi:10.1000/1"},
}
ALL = {**PUBLIC, "reader": {"token": TOKEN}}
PAGES = {  # that show the same
    "trending": "trending?window=month&field=Physics",
    "new": "today?date=2026-11-23&field=Physics",
    "search": "#text=co-citation+%26+%3Canalysis%3E",
    "related": "#like=doi%3A10.1000%2F1",
    "reader": "library",
}
LEFT_OUT = {"degraded": [Degradation(detail="a service is away")]}


def paper(number: int, title: str = NASTY) -> Paper:
    return Paper(
        paper_id=f"doi:10.1000/{number}",
        title=title,
        abstract=NASTY,
        authors=[NASTY, "Ada Lovelace"],
        venue=NASTY,
        year=2020 + number,
        fields=["Physics", NASTY],
    )


PAPERS = [paper(1), paper(2, ""), paper(3)]


def answers(request, **more):
    """What services would say."""
    pb = feed_service_pb2
    if isinstance(request, pb.ListTrendingRequest):
        return pb.ListTrendingResponse(
            items=[pb.TrendingItem(paper=Paper(paper_id=p.paper_id)) for p in PAPERS], **more
        )
    if isinstance(request, pb.ListNewRequest):
        day = request.date or "2026-11-23"
        return pb.ListNewResponse(items=[pb.NewItem(paper=p) for p in PAPERS], date=day, **more)
    if isinstance(request, pb.ListFeedRequest):
        saved = pb.FeedReason(acted_on=pb.ActedOn(kind=pb.EVENT_KIND_SAVE, paper_id="doi:10.1/1", title=NASTY))
        came = pb.FeedReason(new_arrival=pb.NewArrival(date="2026-11-20"))
        items = [pb.FeedItem(paper=PAPERS[0], reasons=[saved]), pb.FeedItem(paper=PAPERS[2], reasons=[came])]
        return pb.ListFeedResponse(items=items, model_version=MODEL, personal=True, **more)
    if isinstance(request, feature_service_pb2.BatchGetPapersRequest):
        found = {p.paper_id: p for p in PAPERS}
        told = [feature_service_pb2.FoundPaper(requested_id=i, paper=found[i]) for i in request.paper_ids if i in found]
        return feature_service_pb2.BatchGetPapersResponse(papers=told)
    if isinstance(request, recommender_service_pb2.RecommendPapersRequest):
        results = [recommender_service_pb2.Recommendation(paper=p) for p in PAPERS]
        return recommender_service_pb2.RecommendPapersResponse(model_version=MODEL, results=results, **more)
    return answering(MODEL)(request)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with running_gateway(tmp_path_factory.mktemp("home"), public_url=SITE, gateway_max_age_s=60) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def as_usual(gateway):
    gateway.recommender.servicer.answer = answers


def get(gateway, name: str, form: str, query=None, **headers: str):
    return gateway.client.get(
        f"/feeds/{name}.{form}?{urlencode(ALL[name] if query is None else query)}", headers=headers
    )


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ALL)
def test_every_feed_is_valid_and_says_what_it_is(gateway, name, form):
    answer = get(gateway, name, form)
    assert answer.status_code == 200, answer.text
    found = checked(answer.content, answer.headers["content-type"])
    own = found["feed_url"] if form == "json" else next(link.href for link in found.feed.links if link.rel == "self")
    assert own.startswith(f"{SITE}/feeds/{name}.{form}?")
    assert {name: values[0] for name, values in parse_qs(urlsplit(own).query).items()} == ALL[name]
    assert (found["home_page_url"] if form == "json" else found.feed.link) == f"{SITE}/{PAGES[name]}"
    titles = [item["title"] for item in found["items"]] if form == "json" else [each.title for each in found.entries]
    assert titles[0] == PLAIN
    assert "doi:10.1000/2" in titles or name == "reader"  # what has no title is called by its id


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ALL)
def test_titles_and_abstracts_are_text_and_never_markup(gateway, name, form):
    answer = get(gateway, name, form)
    if form == "json":
        contents = [item["content_html"] for item in answer.json()["items"]]
    else:
        contents = etree.fromstring(answer.content).xpath(
            "//*[local-name()='content' or local-name()='description']/text()"
        )
        contents = contents[form == "rss" :]  # the first is of the channel
    assert contents
    for content in contents:
        parsed = html.fragment_fromstring(content, create_parent="div")
        assert {element.tag for element in parsed.iter()} == {"div", "p", "a"}
        assert {link.get("href").partition("#")[0] for link in parsed.iter("a")} == {f"{SITE}/"}
        assert PLAIN in [element.text for element in parsed.iter("p")]


def test_an_item_leads_to_the_paper_and_to_our_page_of_it(gateway):
    (first, *_) = checked(*whole(get(gateway, "new", "atom"))).entries
    assert first.link == "https://doi.org/10.1000/1"
    assert [link.href for link in first.links if link.rel == "related"] == [f"{SITE}/#like=doi%3A10.1000%2F1"]
    assert first.id == "tag:papers.example,2026:paper/doi:10.1000/1"
    assert [author.name for author in first.authors] == [PLAIN, "Ada Lovelace"]
    item = get(gateway, "new", "json").json()["items"][0]
    assert (item["url"], item["external_url"]) == (f"{SITE}/#like=doi%3A10.1000%2F1", "https://doi.org/10.1000/1")
    assert item["authors"] == [{"name": PLAIN}, {"name": "Ada Lovelace"}]


def whole(answer) -> tuple[bytes, str]:
    return answer.content, answer.headers["content-type"]


def test_days_are_those_on_which_papers_were_new_or_of_their_year(gateway):
    assert {e.updated for e in checked(*whole(get(gateway, "new", "atom"))).entries} == {"2026-11-23T00:00:00Z"}
    assert {e.published for e in checked(*whole(get(gateway, "new", "rss"))).entries} == {
        "Mon, 23 Nov 2026 00:00:00 GMT"
    }
    assert [e.updated[:4] for e in checked(*whole(get(gateway, "search", "atom"))).entries] == ["2021", "2022", "2023"]
    assert not any("published" in e for e in checked(*whole(get(gateway, "search", "rss"))).entries)
    of_reader = checked(*whole(get(gateway, "reader", "atom"))).entries
    assert [entry.updated for entry in of_reader] == ["2021-01-01T00:00:00Z", "2026-11-20T00:00:00Z"]
    assert "Because you saved “" in of_reader[0].content[0].value


@pytest.mark.parametrize(
    ("name", "query", "published"),  # queries that no other test asks: answers are kept
    [
        ("trending", {"window": "day"}, 1),
        ("search", {"q": "days"}, 1),
        ("related", {"id": "doi:10.1000/2"}, 1),
        ("reader", {"token": TOKEN}, 2),
    ],
)
def test_days_that_papers_tell_themselves_are_told(gateway, name, query, published, monkeypatch):
    dated = paper(1)
    dated.listed_on = "2026-11-19"
    monkeypatch.setattr(sys.modules[__name__], "PAPERS", [dated, *PAPERS[1:]])
    entries = checked(*whole(get(gateway, name, "rss", query))).entries
    assert entries[0].published == "Thu, 19 Nov 2026 00:00:00 GMT"
    assert sum("published" in entry for entry in entries) == published


@pytest.mark.parametrize("name", PUBLIC)
def test_the_same_papers_in_another_order_are_the_same_items(gateway, name, monkeypatch):
    before = get(gateway, name, "atom")
    monkeypatch.setitem(globals(), "PAPERS", PAPERS[::-1])
    after = get(gateway, name, "atom", **{"accept-encoding": "identity"})  # not kept yet in this form
    assert before.headers["etag"] != after.headers["etag"]

    def known(answer):
        return {(entry.id, entry.updated) for entry in checked(*whole(answer)).entries}

    assert known(before) == known(after)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ALL)
def test_who_has_it_is_told_so(gateway, name, form):
    first = get(gateway, name, form)
    for headers in (
        {"if-none-match": first.headers["etag"]},
        {"if-none-match": '"other", ' + first.headers["etag"]},
        *([{"if-modified-since": first.headers["last-modified"]}] if name == "reader" else []),
    ):
        again = get(gateway, name, form, **headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    assert get(gateway, name, form, **{"if-none-match": '"other"'}).status_code == 200
    assert gateway.client.head(f"/feeds/{name}.{form}?{urlencode(ALL[name])}").status_code == 200


@pytest.mark.parametrize("name", PUBLIC)
def test_public_feeds_are_kept_and_a_readers_own_is_not(gateway, name):
    before = len(gateway.asked)
    query = {**ALL[name], **({"field": "kept"} if "field" in ALL[name] else {})}
    query |= {"q": "kept"} if name == "search" else {"id": "DOI:10.1000/1"} if name == "related" else {}
    answers = [get(gateway, name, "rss", query) for _ in range(3)]
    assert len({answer.headers["etag"] for answer in answers}) == 1
    assert len(gateway.asked) - before <= 2  # one list and its texts
    assert answers[0].headers["cache-control"] == "public, max-age=600"
    before = len(gateway.asked)
    own = [get(gateway, "reader", "rss") for _ in range(3)]
    assert len(gateway.asked) - before == 3
    assert {answer.headers["cache-control"] for answer in own} == {"no-store"}
    assert {answer.headers["x-robots-tag"] for answer in own} == {"noindex"}
    assert {answer.headers["referrer-policy"] for answer in own} == {"no-referrer"}


@pytest.mark.parametrize("name", PUBLIC)
def test_what_lacks_something_is_kept_by_nobody(gateway, name):
    gateway.recommender.servicer.answer = lambda request: answers(request, **LEFT_OUT)
    query = {**ALL[name], **({"field": "lacking"} if "field" in ALL[name] else {})}
    query |= {"q": "lacking"} if name == "search" else {"id": "https://doi.org/10.1000/1"} if name == "related" else {}
    if name in ("trending", "related"):  # their texts are whole; only the list lacks something
        gateway.recommender.servicer.answer = lambda request: (
            answers(request)
            if isinstance(request, feature_service_pb2.BatchGetPapersRequest)
            else answers(request, **LEFT_OUT)
        )
    assert get(gateway, name, "atom", query).headers["cache-control"] == "no-store"


def test_papers_that_have_nothing_to_do_with_a_text_are_no_feed_of_it(gateway):
    gateway.recommender.servicer.answer = lambda request: answers(request, fallback="FALLBACK_POPULARITY")
    assert get(gateway, "search", "json", {"q": "zxcvb"}).json()["items"] == []


def test_new_papers_are_those_of_the_last_days_and_a_day_is_that_day(gateway):
    def answer(request):
        days = ["2026-11-23", "2026-11-20", "2026-11-19"]
        place = days.index(request.date) if request.date else 0
        pb = feed_service_pb2
        items = [pb.NewItem(paper=Paper(paper_id=f"doi:10.1/{place}.{number}")) for number in range(40)]
        previous = days[place + 1] if place < 2 else ""
        return pb.ListNewResponse(items=items[: request.page_size], date=days[place], previous_date=previous)

    gateway.recommender.servicer.answer = answer
    entries = checked(*whole(get(gateway, "new", "atom", {}))).entries
    assert [entry.updated[8:10] for entry in entries] == ["23"] * 40 + ["20"] * 40 + ["19"] * 20
    entries = checked(*whole(get(gateway, "new", "atom", {"date": "2026-11-20"}))).entries
    assert {entry.updated[8:10] for entry in entries} == {"20"}


def test_a_day_without_papers_is_an_empty_feed(gateway):
    gateway.recommender.servicer.answer = lambda request: feed_service_pb2.ListNewResponse(date=request.date)
    for form in FORMATS:
        answer = get(gateway, "new", form, {"date": "2999-01-01"})
        found = checked(*whole(answer))
        assert (found["items"] if form == "json" else found.entries) == []
        assert b"2999-01-01T" not in answer.content


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("trending", {"window": "year"}, "window: must be one of day, week, month"),
        ("trending", {"page": "2"}, "page: there is no such parameter; there are: window, field"),
        ("trending", [("field", "a"), ("field", "b")], "field: is given twice"),
        ("search", {}, "q: must be a text"),
        ("search", {"q": " \t"}, "q: must be a text"),
        ("search", {"q": "x" * 2001}, "q: must be a text"),
        ("related", {}, "is not a paper id"),
        ("related", {"id": "nonsense"}, "is not a paper id"),
        ("reader", {}, "token: is missing or incomplete"),
        ("reader", {"token": "../../x"}, "token: is missing or incomplete"),
    ],
)
def test_wrong_parameters_are_told(gateway, name, query, said):
    answer = get(gateway, name, "atom", query)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_wrong_day_is_told_as_the_service_does(gateway):
    answer = get(gateway, "new", "atom", {"date": "tomorrow"})
    assert answer.status_code == 400
    assert "date" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path", ["/feeds/trending.xml", "/feeds/trending", "/feeds/other.rss", "/feeds/", "/feeds/.rss"]
)
def test_what_is_no_feed_is_not_found(gateway, path):
    assert gateway.client.get(path).status_code == 404


def test_a_paper_without_a_title_has_a_feed_and_is_called_by_its_id(gateway):
    found = get(gateway, "related", "json", {"id": "doi:10.1000/2"}).json()
    assert found["title"] == "Papers related to “doi:10.1000/2”"


@pytest.mark.parametrize("name", ["trending", "related"])
def test_papers_that_could_not_be_looked_up_are_not_taken_for_unknown_ones(gateway, name):
    def answer(request):
        if isinstance(request, feature_service_pb2.BatchGetPapersRequest):
            return feature_service_pb2.BatchGetPapersResponse(**LEFT_OUT)
        return answers(request)

    gateway.recommender.servicer.answer = answer
    query = {"id": "doi:10.1000/77"} if name == "related" else {"field": "not looked up"}
    found = get(gateway, name, "json", query)
    assert (found.status_code, len(found.json()["items"])) == (200, 3)
    assert found.headers["cache-control"] == "no-store"


def test_an_unknown_paper_and_a_void_token_are_not_found(gateway):
    assert get(gateway, "related", "rss", {"id": "doi:10.1000/none"}).status_code == 404

    def refusing(request):
        raise Unauthenticated("this feed address opens no feed any more")

    gateway.recommender.servicer.answer = refusing
    answer = get(gateway, "reader", "rss")
    assert (answer.status_code, "www-authenticate" in answer.headers) == (404, False)
    assert TOKEN not in answer.text


# texts of strangers

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=3), st.none() | st.integers(-1, 2**31 - 1))
def test_every_text_makes_a_valid_feed(title, abstract, names, year):
    site = Site("http://localhost:8080/")
    told = Paper(
        paper_id="local:1", title=title, abstract=abstract, authors=names, fields=names, venue=title, year=year
    )
    listed = [Listed(told, why=title), Listed(told), Listed(Paper(paper_id="local:<&\x00>"), TODAY)]
    items = site.items(listed, TODAY)
    assert [item.item_id for item in items] == sorted({item.item_id for item in items}, reverse=True) or len(items) == 2
    feed = Feed("tag:x,2026:f", "t", "d", "http://x/", "http://x/", midnight(TODAY), items)
    for form in FORMATS.values():
        checked(form.write(feed), form.media_type)


@pytest.mark.parametrize("form", FORMATS)
def test_the_checks_find_what_is_wrong(form):
    """The schemas and feedparser have teeth."""
    item = Site(SITE).items([Listed(paper(1), TODAY)], TODAY)[0]
    feed = Feed("tag:x,2026:f", "t", "d", "http://x/", "http://x/", midnight(TODAY), [item])
    body, kind = FORMATS[form].write(feed), FORMATS[form].media_type
    checked(body, kind)
    wrongs = {
        "atom": [(b"<id>tag:papers", b"<id>"), (b"<updated>2026", b"<updated>26"), (b"</entry>", b"<x/></entry>")],
        "rss": [(b"<guid", b"<guide"), (b" GMT</pubDate>", b"</pubDate>"), (b"<link>http", b"<link>")],
        "json": [(b'"title":', b'"name":'), (b"version/1.1", b"version/2"), (b'"items":', b'"things":')],
    }
    for right, wrong in wrongs[form]:
        assert right in body
        with pytest.raises((AssertionError, etree.XMLSyntaxError)):
            checked(body.replace(right, wrong), kind)
    with pytest.raises((AssertionError, etree.XMLSyntaxError, orjson.JSONDecodeError)):
        checked(body.replace(b"cocite", b"\x08"), kind)


# addresses and times


@pytest.mark.parametrize(
    ("paper_id", "expected"),
    [
        ("doi:10.1002/(sici)1097<a>#b?c%d", "https://doi.org/10.1002/(sici)1097%3Ca%3E%23b%3Fc%25d"),
        ("arxiv:cs/0112017", "https://arxiv.org/abs/cs/0112017"),
        ("s2:123", "https://api.semanticscholar.org/CorpusID:123"),
        ("s2:" + "a" * 40, "https://www.semanticscholar.org/paper/" + "a" * 40),
        ("local:1", None),
    ],
)
def test_where_papers_can_be_read(paper_id, expected):
    assert landing_page(paper_id) == expected


@pytest.mark.parametrize("url", ["papers.example", "ftp://papers.example", "https://", "https://papers.example/?a=b"])
def test_an_address_that_is_none_is_told(url):
    with pytest.raises(InvalidArgument, match="COCITE_PUBLIC_URL"):
        Site(url)


def test_a_feed_is_as_old_as_its_content():
    changes = Changes()
    first = midnight(TODAY)
    later = first.replace(hour=5, microsecond=7)
    assert changes.since("/a", "1", first) == first
    assert changes.since("/a", "1", later) == first
    assert changes.since("/b", "1", later) == later.replace(microsecond=0)
    assert changes.since("/a", "2", later) == later.replace(microsecond=0)
    assert changes.since("/a", "1", later) == later.replace(microsecond=0)
    for number in range(5000):
        changes.since(f"/{number}", "1", first)
    assert len(changes._seen) == 4096


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"if-modified-since": "Tue, 24 Nov 2026 00:00:00 GMT"}, True),
        ({"if-modified-since": "Tue, 24 Nov 2026 00:00:01 GMT"}, True),
        ({"if-modified-since": "Mon, 23 Nov 2026 23:59:59 GMT"}, False),
        ({"if-modified-since": "nonsense"}, False),
        ({"if-modified-since": "Tue, 99 Nov 99999 00:00:00 GMT"}, False),
        ({"if-none-match": 'W/"1"', "if-modified-since": "Mon, 23 Nov 2026 23:59:59 GMT"}, True),
        ({"if-none-match": '"2"', "if-modified-since": "Tue, 24 Nov 2026 00:00:00 GMT"}, False),
        ({"if-none-match": "*"}, True),
    ],
)
def test_what_a_client_says_to_have(headers, expected):
    assert is_known(headers, 'W/"1"', midnight(TODAY)) is expected
