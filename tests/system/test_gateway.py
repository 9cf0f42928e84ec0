"""The gateway of a running stack, asked by the clients that people have."""

import base64
import json
import urllib.error
import urllib.request
from typing import Any

import numpy as np
import openai
import pytest
from google.protobuf.json_format import MessageToDict
from semanticscholar import SemanticScholar
from semanticscholar.SemanticScholarException import BadQueryParametersException, ObjectNotFoundException

import cocite
from cocite.client.requests import recommend_request
from cocite.v1.recommender_service_pb2 import RecommendPapersResponse

SMALL = "doi:10.1002/asi.4630240406"


@pytest.fixture(scope="module")
def base(stack):
    return f"http://{stack.targets['gateway']}"


@pytest.fixture(scope="module")
def best(stack):
    """What the recommender itself answers for Small (1973)."""
    with cocite.Client(stack.targets["recommender"], timeout_s=20) as client:
        return [result.paper for result in client.recommend(SMALL, page_size=30)]


def get(url: str, body: Any = None, **headers: str) -> tuple[int, Any, dict[str, str]]:
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"null"), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null"), dict(error.headers)


@pytest.fixture(scope="module")
def scholar(base):
    return SemanticScholar(api_url=base, retry=False)


def test_a_client_of_semantic_scholar_gets_what_the_recommender_says(scholar, best):
    papers = scholar.get_recommended_papers(f"DOI:{SMALL.removeprefix('doi:')}", limit=30)
    assert [paper.paperId for paper in papers] == [paper.paper_id for paper in best]
    assert [(paper.title, paper.year, paper.venue) for paper in papers] == [(p.title, p.year, p.venue) for p in best]
    assert [[author.name for author in paper.authors] for paper in papers] == [list(p.authors) for p in best]
    assert [paper.citationCount for paper in papers] == [p.citation_count for p in best]
    assert any(paper.abstract for paper in papers)
    assert papers[0].externalIds["DOI"] == best[0].paper_id.removeprefix("doi:")


def test_it_may_send_lists_and_ask_for_more_than_a_page_of_ours(scholar, best):
    liked, disliked = [SMALL, best[0].paper_id], [best[5].paper_id]
    papers = scholar.get_recommended_papers_from_lists(liked, disliked, fields=["title"], limit=500)
    ids = [paper.paperId for paper in papers]
    assert len(set(ids)) == len(ids) > 300
    assert not {*liked, *disliked} & set(ids)


def test_it_looks_papers_up(scholar, best):
    paper = scholar.get_paper("URL:https://doi.org/10.1002/asi.4630240406")
    assert (paper.paperId, paper.year) == (SMALL, 1973)
    assert paper.url == "https://doi.org/10.1002/asi.4630240406"
    found = scholar.get_papers([best[0].paper_id, "DOI:10.1234/none", "nonsense", SMALL], fields=["title", "year"])
    assert [each.paperId for each in found] == [best[0].paper_id, SMALL]
    citing = scholar.get_paper(best[0].paper_id, fields=["references.title"])
    assert citing.references


def test_it_understands_what_is_wrong(scholar):
    with pytest.raises(ObjectNotFoundException, match=r"DOI:10\.1234/none"):
        scholar.get_recommended_papers("DOI:10.1234/none")
    for unknown in ("DOI:10.1234/none", "0123456789abcdef" * 2 + "01234567"):
        with pytest.raises(ObjectNotFoundException, match="not found"):
            scholar.get_paper(unknown)
    with pytest.raises(BadQueryParametersException, match="not a paper id"):
        scholar.get_recommended_papers("nonsense")
    with pytest.raises(BadQueryParametersException, match="shoeSize"):
        scholar.get_paper(SMALL, fields=["title", "shoeSize"])


def test_a_client_of_openai_gets_the_vectors_of_the_embedding_service(base, stack):
    texts = ["co-citation analysis", "the structure of science"]
    with openai.OpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0) as client:
        model = client.models.list().data[0].id
        answer = client.embeddings.create(model=model, input=texts)
        floats = client.embeddings.create(model=model, input=texts[0], encoding_format="float")
        with pytest.raises(openai.NotFoundError, match="does not exist"):
            client.embeddings.create(model="text-embedding-ada-002", input=texts)
        with pytest.raises(openai.BadRequestError, match="input"):
            client.embeddings.create(model=model, input=[""])
    with cocite.EmbeddingClient(stack.targets["embedding"]) as embedding:
        expected = embedding.embed(texts).vectors
    assert answer.usage.total_tokens > len(texts)
    np.testing.assert_allclose([each.embedding for each in answer.data], expected, atol=1e-6)
    np.testing.assert_allclose(floats.data[0].embedding, expected[0], atol=1e-6)


def test_json_over_plain_http_by_get_and_post(base, best):
    query = f"seeds.positiveIds={SMALL}&page_size=5&filter.minYear=1980&view=PAPER_VIEW_ID"
    status, got, headers = get(f"{base}/v1/papers:recommend?{query}")
    asked = {"seeds": {"positiveIds": [SMALL]}, "pageSize": 5, "filter": {"minYear": 1980}, "view": "PAPER_VIEW_ID"}
    _, posted, _ = get(f"{base}/v1/papers:recommend", asked)
    assert status == 200
    assert got == posted
    assert len(got["results"]) == 5
    again, nothing, _ = get(f"{base}/v1/papers:recommend?{query}", **{"if-none-match": headers["etag"]})
    assert (again, nothing) == (304, None)


def test_connect_by_get_and_post_in_both_codecs(base):
    url = f"{base}/cocite.v1.RecommenderService/RecommendPapers"
    asked = {"seeds": {"positiveIds": [SMALL]}, "pageSize": 3}
    status, posted, _ = get(url, asked)
    query = "encoding=json&message=" + urllib.request.quote(json.dumps(asked))
    _, got, headers = get(f"{url}?{query}")
    assert status == 200
    assert got == posted
    assert "public" in headers["cache-control"]
    message = recommend_request([SMALL], page_size=3).SerializeToString()
    with urllib.request.urlopen(urllib.request.Request(url, message, {"content-type": "application/proto"})) as answer:
        binary = answer.read()
    assert MessageToDict(RecommendPapersResponse.FromString(binary))["results"] == posted["results"]
    encoded = base64.urlsafe_b64encode(message).decode()
    with urllib.request.urlopen(f"{url}?encoding=proto&base64=1&message={encoded}") as answer:
        assert answer.read() == binary


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/papers:recommend", b"{", 400),
        ("/v1/papers:recommend", b"[]", 400),
        ("/v1/papers:recommend", b"\xff\xfe", 400),
        ("/v1/papers:recommend", b"[" * 100_000, 400),
        ("/v1/papers:recommend", {"seeds": {"positiveIds": ["no id at all"]}}, 400),
        ("/v1/papers:recommend", {"seeds": {"positiveIds": [SMALL]}, "pageSize": 10**9}, 400),
        ("/v1/papers:recommend", {"nothing": 1}, 400),
        ("/v1/papers:recommend", b" " * (5 << 20), 413),
        ("/recommendations/v1/papers/", {"positivePaperIds": "x"}, 400),
        ("/recommendations/v1/papers/?limit=000000001" + "9" * 5000, {"positivePaperIds": [SMALL]}, 400),
        ("/recommendations/v1/papers/?fields=" + "references." * 3000, {"positivePaperIds": [SMALL]}, 400),
        ("/v1/embeddings", {"input": [1, 2]}, 400),
        ("/cocite.v1.RecommenderService/RecommendPapers", b"{", 400),
        ("/cocite.v1.RecommenderService/RecommendPapers", b" " * (5 << 20), 429),
        ("/cocite.v1.FeatureService/BatchPutVectors", {}, 404),
        ("/nothing", {}, 404),
    ],
)
def test_what_is_wrong_is_the_clients_fault_and_said_so(base, path, body, status):
    got, told, _ = get(base + path, body)
    assert got == status
    if path.startswith("/v1/papers"):
        assert told["error"]["message"]
