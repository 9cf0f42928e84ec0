"""The OpenAPI document says what the gateway serves, and the page says what the document does."""

import copy
import html
import json
import re
from pathlib import Path

import pytest
from openapi_spec_validator import validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cocite.gateway import batch, embeddings, openapi, semantic_scholar, subscription_pages
from cocite.gateway.methods import open_methods
from cocite.gateway.syndication import routes as syndication
from cocite.gateway.transcoding import routes_of

DOCUMENT = json.loads(Path(openapi.__file__).with_name("openapi.json").read_text())
PAGES = {"/openapi.json": "application/json", "/docs/api": "text/html", "/docs/api.css": "text/css"}


@pytest.fixture
def client():
    return TestClient(Starlette(routes=openapi.routes()))


def test_the_document_is_openapi():
    validate(DOCUMENT)
    broken = copy.deepcopy(DOCUMENT)
    broken["paths"]["/v1/model"]["get"]["responses"] = {"200": {}}
    with pytest.raises(OpenAPIValidationError):
        validate(broken)


def served() -> set[tuple[str, str]]:
    methods = open_methods()
    found = {(route.verb, route.path) for route in routes_of(methods.values())}
    others = [*semantic_scholar.routes(None, methods, 1), *embeddings.routes(None, methods, 1)]
    others += [*batch.routes(None, methods, 1, 1), *subscription_pages.routes(None, methods)]
    for route in (*others, *syndication.routes(None, methods, "http://localhost")):
        path = route.path.replace(":path}", "}")
        if not path.endswith("/"):  # the same once more
            found |= {(verb, path) for verb in route.methods - {"HEAD"}}
    return found


def test_it_describes_every_route_and_no_other():
    described = {(verb.upper(), path) for path, verbs in DOCUMENT["paths"].items() for verb in verbs}
    assert described == served()


def test_rules_are_constraints():
    schemas = DOCUMENT["components"]["schemas"]
    request = schemas["RecommendPapersRequest"]
    assert request["required"] == ["seeds"]
    assert request["additionalProperties"] is False
    assert request["properties"]["pageSize"]["maximum"] == 300
    ids = schemas["Seeds"]["properties"]["positiveIds"]
    assert (ids["maxItems"], ids["items"]["maxLength"]) == (100, 512)
    assert "at least one positive id" in schemas["Seeds"]["description"]
    query = {each.get("name"): each for each in DOCUMENT["paths"]["/v1/papers:recommend"]["get"]["parameters"]}
    assert query["filter.minYear"]["schema"]["maximum"] == 9999
    assert query["seeds.positiveIds"]["description"].startswith("Papers to be like")
    assert "seeds.texts" not in query  # no query can tell them


def test_vectors_stay_between_services():
    assert not [name for name in DOCUMENT["components"]["schemas"] if "Vectors" in name]


@pytest.mark.parametrize(("path", "media_type"), PAGES.items())
def test_it_is_served_and_kept_by_clients(client, path, media_type):
    answer = client.get(path)
    assert answer.headers["content-type"].startswith(media_type)
    assert "public" in answer.headers["cache-control"]
    again = client.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_tells_all_of_it(client):
    page = client.get("/docs/api").text
    for path in DOCUMENT["paths"]:
        assert path in page
    for name in DOCUMENT["components"]["schemas"]:
        assert f'id="{name}"' in page
    ids = set(re.findall(r'\sid="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids
    assert len(ids) == len(re.findall(r'\sid="([^"]+)"', page))


def foreign(page: str) -> list[str]:
    """What a page without scripts, of one origin, must not hold."""
    return re.findall(r"<script|<style|\sstyle=|\son\w+=|(?:src|href)=\"(?:https?:)?//[^\"]*", page)


def test_the_page_needs_nothing_from_elsewhere(client):
    assert foreign(client.get("/docs/api").text) == []
    assert not re.search(r"url\(|@import", client.get("/docs/api.css").text)
    assert foreign('<script src="//x"></script><a style="" onclick="" href="https://x">')


def test_what_the_document_says_is_escaped():
    document = copy.deepcopy(DOCUMENT)
    document["info"]["description"] = "<script>alert(1)</script>"
    assert "<script" not in openapi.page(document)


def operations():
    return {each["operationId"]: each for verbs in DOCUMENT["paths"].values() for each in verbs.values()}


def test_each_route_has_a_command_on_the_page_and_in_the_documentation(client):
    page = html.unescape(client.get("/docs/api").text)
    docs = Path(__file__).parents[3].joinpath("docs", "gateway.md").read_text()
    for name, operation in operations().items():
        (sample,) = operation["x-codeSamples"]
        assert sample["source"] in page, name
        assert sample["source"] in docs, name


def test_what_is_told_of_an_error_is_told_once(client):
    page = html.unescape(client.get("/docs/api").text)
    for name, answer in DOCUMENT["components"]["responses"].items():
        assert page.count(f"<summary><code>{name}</code> {answer['description']}</summary>") == (name != "304")
    assert page.index("/v1/papers:recommend") < page.index("/v1/texts:embed")
