import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cocite.gateway.site import PAGES, STATIC, site_routes


@pytest.fixture
def client():
    return TestClient(Starlette(routes=list(site_routes())))


@pytest.fixture(params=PAGES)
def address(request):
    return request.param


def test_pages_are_asked_for_anew_and_let_nothing_in(client, address):
    page = client.get(address)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert client.get(address, headers={"if-none-match": page.headers["etag"]}).status_code == 304
    assert client.get(address, headers={"if-none-match": 'W/"other"'}).status_code == 200


def test_what_pages_name_is_there_and_keeps(client, address):
    named = re.findall(r'(?:src|href)="(assets/[^"]+)"', client.get(address).text)
    assert {name.rpartition(".")[2] for name in named} == {"css", "js", "svg"}
    for name in named:
        asset = client.get(f"/{name}")
        assert asset.status_code == 200
        assert "immutable" in asset.headers["cache-control"]


def test_scripts_import_only_what_is_there(client):
    for path in (STATIC / "assets").glob("*.js"):
        for name in re.findall(r'from"\./([^"]+)"', path.read_text()):
            assert client.get(f"/assets/{name}").status_code == 200


def test_each_page_leads_to_all(client, address):
    page = client.get(address).text
    navigation = re.search(r"<nav.*?</nav>", page, re.DOTALL)[0]
    assert [f"/{link}".replace("/./", "/") for link in re.findall(r'href="([^"]+)"', navigation)] == list(PAGES)
    assert re.findall(r'href="([^"]+)" aria-current="page"', navigation) == [address[1:] or "./"]


@pytest.mark.parametrize(("address", "feed"), [("/today", "feeds/new.atom"), ("/trending", "feeds/trending.atom")])
def test_lists_name_their_feeds(client, address, feed):
    assert re.search(
        f'<link rel="alternate" type="application/atom.xml" title="[^"]+" href="{feed}">', client.get(address).text
    )


@pytest.mark.parametrize("name", PAGES.values())
def test_pages_hold_nothing_inline(name):
    page = (STATIC / name).read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page)


def test_other_files_are_not_served(client):
    assert client.get("/assets/../site.py").status_code == 404
    assert client.get("/assets/%2e%2e/index.html").status_code == 404


def test_without_assets_it_says_how_to_build_them(tmp_path, address):
    answer = TestClient(Starlette(routes=list(site_routes(tmp_path)))).get(address)
    assert answer.status_code == 404
    assert "make web" in answer.text
    assert answer.text.count("\n") == 1
