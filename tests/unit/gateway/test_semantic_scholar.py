"""The API of Semantic Scholar before services whose answers are scripted: ids, limits, fields, errors, pages, time."""

import time

import pytest

from cocite.core.errors import InvalidArgument, NotFound, Overloaded, Unavailable
from cocite.gateway.semantic_scholar import error_response
from cocite.gateway.semantic_scholar_fields import Fields
from cocite.v1 import feature_service_pb2 as features
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.paper_pb2 import PAPER_VIEW_BASIC, PAPER_VIEW_FULL, Paper
from support.gateway import MODEL, SLACK_S, answering, running_gateway

LISTS, ONE = "/recommendations/v1/papers/", "/recommendations/v1/papers/forpaper/DOI:10.1234/a"
PAPER, BATCH = "/graph/v1/paper/DOI:10.1234/a", "/graph/v1/paper/batch"
CITED = [f"doi:10.1234/{number}" for number in range(700)]
WHOLE = Paper(
    paper_id="doi:10.1234/a",
    title="A title",
    abstract="An abstract",
    authors=["Ann", "Ben"],
    year=1973,
    venue="JASIS",
    aliases=["arxiv:1706.03762", "s2:1234", "s2:" + "ab" * 20, "pmid:99"],
    citation_count=7,
    reference_count=3,
    fields=["Information Science"],
)


def known(request):
    """What services answer that know every paper."""
    if isinstance(request, features.BatchGetPapersRequest):
        found = [features.FoundPaper(requested_id=each, paper=Paper(paper_id=each)) for each in request.paper_ids]
        return features.BatchGetPapersResponse(papers=[each for each in found if "none" not in each.requested_id])
    if isinstance(request, features.BatchGetReferencesRequest):
        told = features.References(requested_id=request.paper_ids[0], reference_ids=CITED)
        return features.BatchGetReferencesResponse(references=[told])
    if isinstance(request, pb.RecommendPapersRequest):
        first = int(request.page_token or 0)
        results = [
            pb.Recommendation(paper=Paper(paper_id=f"doi:10.1234/{first + n}")) for n in range(request.page_size)
        ]
        return pb.RecommendPapersResponse(results=results, next_page_token=str(first + request.page_size))
    return answering(MODEL)(request)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with running_gateway(tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.fixture
def gateway(running):
    running.recommender.servicer.answer = known
    running.recommender.servicer.requests.clear()
    yield running
    running.recommender.servicer.answer = answering(MODEL)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("DOI:10.1234/a", "DOI:10.1234/a"),
        ("ARXIV:1706.03762", "ARXIV:1706.03762"),
        ("CorpusId:1234", "CorpusId:1234"),
        ("ab" * 20, "s2:" + "ab" * 20),
        ("URL:https://doi.org/10.1234/a", "https://doi.org/10.1234/a"),
        ("url:https://doi.org/10.1234/a", "https://doi.org/10.1234/a"),
        ("doi:10.1234/a", "doi:10.1234/a"),
    ],
)
def test_their_ids_are_asked_for_as_ours(gateway, theirs, ours):
    answer = gateway.client.post(LISTS, json={"positivePaperIds": [theirs], "negativePaperIds": [theirs]})
    assert answer.status_code == 200
    (asked,) = gateway.asked
    assert asked.seeds == pb.Seeds(positive_ids=[ours], negative_ids=[ours])


@pytest.mark.parametrize("limit", [1, 300, 301, 500])
def test_no_more_than_the_limit_comes_page_by_page(gateway, limit):
    found = gateway.client.get(ONE, params={"limit": limit}).json()["recommendedPapers"]
    assert [each["paperId"] for each in found] == [f"doi:10.1234/{number}" for number in range(limit)]
    assert [asked.page_size for asked in gateway.asked] == [limit] if limit <= 300 else [300, limit - 300]


def test_a_list_that_ends_before_the_limit_is_told_as_it_is(gateway):
    gateway.recommender.servicer.answer = answering(MODEL, results=[pb.Recommendation(paper=WHOLE)], next_page_token="")
    assert gateway.client.get(ONE).json() == {"recommendedPapers": [{"paperId": "doi:10.1234/a", "title": "A title"}]}
    assert [asked.page_size for asked in gateway.asked] == [100]


@pytest.mark.parametrize("limit", ["0", "501", "-1", "1e2", "", "x", "٣", "0100", "9" * 5000])
def test_what_is_no_limit_is_refused(gateway, limit):
    answer = gateway.client.get(ONE, params={"limit": limit})
    assert (answer.status_code, answer.json()) == (400, {"error": "limit: must be from 1 to 500"})
    assert gateway.asked == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (LISTS, {"positivePaperIds": "x"}),
        (LISTS, {"positivePaperIds": [1]}),
        (LISTS, {"positivePaperIds": ["x"], "negativePaperIds": {}}),
        (BATCH, {"ids": []}),
        (BATCH, {"ids": ["DOI:10.1234/a"] * 501}),
        (BATCH, {"ids": ["nonsense", ""]}),
        (BATCH, []),
        (BATCH, "x"),
    ],
)
def test_what_is_no_list_of_ids_is_refused(gateway, path, body):
    answer = gateway.client.post(path, json=body)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert gateway.asked == []


def test_a_pool_that_they_do_not_have_is_refused(gateway):
    assert gateway.client.get(ONE, params={"from": "all-cs"}).status_code == 200
    refused = gateway.client.get(ONE, params={"from": "mine"})
    assert (refused.status_code, refused.json()) == (400, {"error": "from: must be one of recent, all-cs"})


@pytest.mark.parametrize(
    "path",
    [
        "/graph/v1/paper/search?query=x",
        "/graph/v1/paper/search/bulk",
        "/graph/v1/paper/batch",
        f"{PAPER}/citations",
        f"{PAPER}/references",
        "/graph/v1/author/1",
        "/recommendations/v1/nothing",
    ],
)
def test_routes_of_theirs_that_are_not_offered_are_told_those_that_are(gateway, path):
    answer = gateway.client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"].startswith("not offered here; offered: GET /recommendations/v1/papers/forpaper/ID, ")
    assert gateway.asked == []


@pytest.mark.parametrize("path", [ONE, PAPER])
def test_parameters_that_are_none_are_refused(gateway, path):
    answer = gateway.client.get(path, params={"offset": 3})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("offset: there is no such parameter; there are: ")
    assert gateway.client.get(path, params={"fields": "year"}).status_code == 200


def test_seeds_that_are_not_found_are_named(gateway):
    unknown = [pb.UnresolvedSeed(id="DOI:10.1234/a"), pb.UnresolvedSeed(id="y")]
    gateway.recommender.servicer.answer = answering(MODEL, unresolved_seeds=unknown)
    answer = gateway.client.get(ONE)
    assert (answer.status_code, answer.json()) == (404, {"error": "Paper with id DOI:10.1234/a not found"})


def test_papers_come_in_the_order_of_their_ids_and_each_is_asked_for_once(gateway):
    ids = ["DOI:10.1234/a", "nonsense", "DOI:10.1234/none", "doi:10.1234/A", "DOI:10.1234/b"]
    told = gateway.client.post(BATCH, json={"ids": ids}, params={"fields": "year"}).json()
    a, b = {"paperId": "doi:10.1234/a", "year": None}, {"paperId": "doi:10.1234/b", "year": None}
    assert told == [a, None, None, a, b]
    (asked,) = gateway.asked
    assert asked.paper_ids == ["doi:10.1234/a", "doi:10.1234/none", "doi:10.1234/b"]


def test_a_paper_that_is_not_found(gateway):
    answer = gateway.client.get("/graph/v1/paper/DOI:10.1234/none")
    assert (answer.status_code, answer.json()) == (404, {"error": "Paper with id DOI:10.1234/none not found"})


def test_many_papers_are_asked_for_page_by_page(gateway):
    paper = gateway.client.get(PAPER, params={"fields": "references.year"}).json()
    assert [each["paperId"] for each in paper["references"]] == CITED
    asked = [len(each.paper_ids) for each in gateway.asked if isinstance(each, features.BatchGetPapersRequest)]
    assert asked == [1, 300, 300, 100]


def test_all_calls_of_an_answer_share_its_time(gateway):
    def slow(request):
        if isinstance(request, features.BatchGetPapersRequest):
            time.sleep(0.5)
        return known(request)

    gateway.recommender.servicer.answer = slow
    servicer = gateway.recommender.servicer
    start = len(servicer.time_left)
    wanted = {"params": {"fields": "references.year"}, "headers": {"request-timeout-ms": "20000"}}
    assert gateway.client.get(PAPER, **wanted).status_code == 200
    papers = features.BatchGetPapersRequest
    seen = zip(servicer.requests, servicer.time_left[start:], strict=False)
    left = [left for request, left in seen if isinstance(request, papers)]
    assert 10 + SLACK_S < left[0] <= 20 + SLACK_S  # not the default, which is 10
    assert left[-1] <= 20 - 0.5 * (len(left) - 1) + SLACK_S


def test_time_that_is_spent_is_told_in_their_form(gateway):
    late = gateway.client.get(PAPER, headers={"request-timeout-ms": "0"})
    assert (late.status_code, list(late.json())) == (504, ["message"])
    wrong = gateway.client.get(PAPER, headers={"request-timeout-ms": "soon"})
    assert (wrong.status_code, list(wrong.json())) == (400, ["error"])


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (InvalidArgument("wrong"), 400, "error"),
        (NotFound("none"), 404, "error"),
        (Overloaded("full", retry_after_s=2), 429, "message"),
        (Unavailable("away"), 503, "message"),
    ],
)
def test_errors_have_their_form(error, status, name):
    answer = error_response(error)
    assert (answer.status_code, answer.body) == (status, b'{"%b":"%b"}' % (name.encode(), str(error).encode()))
    assert answer.headers.get("retry-after") == ("2" if status == 429 else None)
    assert answer.headers["cache-control"] == "no-store"


def test_without_fields_id_and_title_are_told():
    assert Fields("").of(WHOLE) == {"paperId": "doi:10.1234/a", "title": "A title"}
    assert Fields(" , ").of(WHOLE) == Fields("").of(WHOLE)


def test_every_field_of_a_paper():
    names = ("corpusId", "externalIds", "url", "title", "abstract", "venue", "year", "referenceCount", "citationCount")
    more = ("fieldsOfStudy", "s2FieldsOfStudy", "journal", "authors.name")
    assert Fields(", ".join([*names, *more])).of(WHOLE) == {
        "paperId": "doi:10.1234/a",
        "corpusId": 1234,
        "externalIds": {"DOI": "10.1234/a", "ArXiv": "1706.03762", "CorpusId": 1234, "PubMed": "99"},
        "url": "https://doi.org/10.1234/a",
        "title": "A title",
        "abstract": "An abstract",
        "venue": "JASIS",
        "year": 1973,
        "referenceCount": 3,
        "citationCount": 7,
        "fieldsOfStudy": ["Information Science"],
        "s2FieldsOfStudy": [{"category": "Information Science", "source": "cocite"}],
        "journal": {"name": "JASIS"},
        "authors": [{"authorId": None, "name": "Ann"}, {"authorId": None, "name": "Ben"}],
    }


def test_what_is_not_known_of_a_paper_is_null():
    told = Fields("abstract,year,url,journal,fieldsOfStudy,corpusId").of(Paper(paper_id="local:x"))
    assert set(told.values()) == {"local:x", None}


@pytest.mark.parametrize(
    ("paper_id", "url"),
    [
        ("s2:1234", "https://api.semanticscholar.org/CorpusID:1234"),
        ("s2:" + "ab" * 20, "https://www.semanticscholar.org/paper/" + "ab" * 20),
        ("arxiv:1706.03762", "https://arxiv.org/abs/1706.03762"),
        ("doi:10.1002/(sici)1<2::aid>3", "https://doi.org/10.1002/(sici)1%3C2::aid%3E3"),
    ],
)
def test_pages_of_papers(paper_id, url):
    assert Fields("url").of(Paper(paper_id=paper_id))["url"] == url


def test_fields_that_only_they_hold_are_null_and_others_are_refused():
    held = Fields("tldr,openAccessPdf,embedding.specter_v2").of(WHOLE)
    assert held == {"paperId": "doi:10.1234/a", "tldr": None, "openAccessPdf": None, "embedding": None}
    with pytest.raises(InvalidArgument, match=r"\[color, shoeSize\]"):
        Fields("title,shoeSize,color")
    with pytest.raises(InvalidArgument, match=r"references\.references"):
        Fields("references.references.title")


def test_fields_of_references_are_asked_for_by_themselves():
    fields = Fields("year,references.abstract")
    assert fields.of(WHOLE) == {"paperId": "doi:10.1234/a", "year": 1973, "references": None}
    assert fields.references is not None
    assert fields.references.of(WHOLE) == {"paperId": "doi:10.1234/a", "abstract": "An abstract"}
    assert (fields.full, fields.references.full) == (False, True)
    whole = Fields("references").references
    assert whole is not None
    assert whole.of(WHOLE) == {"paperId": "doi:10.1234/a", "title": "A title"}
    assert Fields("title").references is None


@pytest.mark.parametrize(("fields", "view"), [("title", PAPER_VIEW_BASIC), ("abstract", PAPER_VIEW_FULL)])
def test_no_more_of_a_paper_is_asked_for_than_is_told(gateway, fields, view):
    gateway.client.get(ONE, params={"fields": fields})
    gateway.client.get(PAPER, params={"fields": fields})
    assert [asked.view for asked in gateway.asked] == [view, view]
