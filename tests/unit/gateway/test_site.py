import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cocite.gateway.site import STATIC, site_routes


@pytest.fixture
def client():
    return TestClient(Starlette(routes=list(site_routes())))


def test_the_page_is_asked_for_anew_and_lets_nothing_in(client):
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert client.get("/", headers={"if-none-match": page.headers["etag"]}).status_code == 304
    assert client.get("/", headers={"if-none-match": 'W/"other"'}).status_code == 200


def test_what_the_page_names_is_there_and_keeps(client):
    named = re.findall(r'(?:src|href)="(assets/[^"]+)"', client.get("/").text)
    assert {name.rpartition(".")[2] for name in named} == {"css", "js", "svg"}
    for name in named:
        asset = client.get(f"/{name}")
        assert asset.status_code == 200
        assert "immutable" in asset.headers["cache-control"]


def test_the_page_holds_nothing_inline():
    page = (STATIC / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page)


def test_other_files_are_not_served(client):
    assert client.get("/assets/../site.py").status_code == 404
    assert client.get("/assets/%2e%2e/index.html").status_code == 404


def test_without_assets_it_says_how_to_build_them(tmp_path):
    answer = TestClient(Starlette(routes=list(site_routes(tmp_path)))).get("/")
    assert answer.status_code == 404
    assert "make web" in answer.text
    assert answer.text.count("\n") == 1
