"""The pages that links in mails lead to: what looks at a link changes nothing, one click does."""

import base64
import hashlib
import re

import pytest
from lxml import html

from cocite.core.errors import NotFound, Unavailable
from cocite.serving.key_store import KeyStore
from cocite.serving.keys import Scope
from cocite.v1 import feed_service_pb2 as pb
from support.gateway import running_gateway

TOKEN = "AbC-_" * 6
WORK = {
    "/confirm": (pb.ConfirmSubscriptionRequest(token=TOKEN), "You are subscribed"),
    "/unsubscribe": (pb.UnsubscribeRequest(token=TOKEN), "You are unsubscribed"),
}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """One that asks everybody for a key, which mail programs have none of."""
    home = tmp_path_factory.mktemp("home")
    settings = {"gateway_anonymous_rate": 0, "public_url": "https://papers.example/", "gateway_body_bytes": 2048}
    with running_gateway(home, **settings) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def as_usual(gateway):
    def answer(request):
        if isinstance(request, pb.ConfirmSubscriptionRequest):
            return pb.ConfirmSubscriptionResponse(period=pb.DIGEST_PERIOD_WEEKLY)
        return pb.UnsubscribeResponse() if isinstance(request, pb.UnsubscribeRequest) else others(request)

    others = gateway.recommender.servicer.answer
    gateway.recommender.servicer.answer = answer
    yield
    gateway.recommender.servicer.answer = others


@pytest.mark.parametrize("path", WORK)
def test_looking_at_a_link_does_nothing_and_the_button_does_it(gateway, path):
    before = len(gateway.asked)
    for method in ("GET", "HEAD", "GET"):
        answer = gateway.client.request(method, f"{path}?token={TOKEN}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert len(gateway.asked) == before
    (form,) = html.fromstring(answer.text).forms
    assert (form.method, len(form.xpath(".//button"))) == ("POST", 1)
    done = gateway.client.post(f"{path}{form.action}", data=dict(form.form_values()))
    assert done.status_code == 200
    assert gateway.asked[before:] == [WORK[path][0]]
    assert html.fromstring(done.text).findtext(".//h1") == WORK[path][1]
    assert not html.fromstring(done.text).forms


@pytest.mark.parametrize("body", [{"data": ONE_CLICK}, {"files": {"List-Unsubscribe": (None, "One-Click")}}, {}])
def test_mail_programs_unsubscribe_with_one_click(gateway, body):
    """RFC 8058, 3.1 and 3.2: either kind of form, without cookies, keys, or an answer that leads elsewhere."""
    before = len(gateway.asked)
    answer = gateway.client.post(f"/unsubscribe?token={TOKEN}", follow_redirects=False, **body)
    assert answer.status_code == 200
    assert gateway.asked[before:] == [WORK["/unsubscribe"][0]]
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", WORK)
def test_a_page_may_load_and_run_nothing(gateway, path):
    for answer in (gateway.client.get(f"{path}?token={TOKEN}"), gateway.client.post(f"{path}?token={TOKEN}")):
        policy = dict(each.split(" ", 1) for each in answer.headers["content-security-policy"].split("; "))
        assert policy.pop("style-src").startswith("'sha256-")
        assert policy.pop("form-action") == "'self'"
        assert set(policy.values()) == {"'none'"}
        assert not re.search(r"<script|\son\w+=|javascript:|<img|<link|\sstyle=", answer.text)
        told = {name: answer.headers[name] for name in ("cache-control", "referrer-policy", "x-robots-tag")}
        assert told == {"cache-control": "no-store", "referrer-policy": "no-referrer", "x-robots-tag": "noindex"}


@pytest.mark.parametrize("path", WORK)
@pytest.mark.parametrize(
    "query", ["", "?token=", "?token=short", f"?token={TOKEN}&token={TOKEN}", "?token=" + "%3Cb%3E" * 9]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_was_cut_is_told_so(gateway, path, query, method):
    before = len(gateway.asked)
    answer = gateway.client.request(method, f"{path}{query}")
    assert (answer.status_code, len(gateway.asked)) == (400, before)
    assert "copy the whole link from the mail" in answer.text
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (
            NotFound("this link is not valid", hint="copy the whole link from the mail"),
            404,
            "This link is not valid; copy",
        ),
        (Unavailable("psql: connection refused"), 503, "Try again in a moment"),
        (ZeroDivisionError("secret"), 503, "Try again in a moment"),
    ],
)
@pytest.mark.parametrize("path", WORK)
def test_what_went_wrong_is_told(gateway, path, error, status, said):
    def failing(request):
        raise error

    gateway.recommender.servicer.answer = failing
    answer = gateway.client.post(f"{path}?token={TOKEN}")
    assert answer.status_code == status
    assert said in html.fromstring(answer.text).text_content()
    assert not re.search("psql|secret|Traceback", answer.text)
    assert TOKEN not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_long_form_is_not_read(gateway):
    answer = gateway.client.post(f"/unsubscribe?token={TOKEN}", content=b"x" * 100_000)
    assert answer.status_code == 200


def test_all_else_needs_a_key_there(gateway):
    """So the pages answer by a rule of theirs, not because everything does."""
    assert gateway.client.get("/v1/trending").status_code == 401
    assert gateway.client.get("/feeds/trending.rss").status_code == 401


def test_the_name_that_mails_lead_to_is_one_of_ours(gateway):
    path = f"/confirm?token={TOKEN}"
    assert gateway.client.get(path, headers={"host": "papers.example"}).status_code == 200
    assert gateway.client.get(path, headers={"host": "elsewhere.example"}).status_code == 403


def test_the_pages_count_against_no_quota(tmp_path):
    KeyStore(tmp_path / "keys.json").create("ann", [Scope.READ], None)
    with running_gateway(tmp_path, gateway_anonymous_rate=2) as gateway:
        answers = [gateway.client.post(f"/unsubscribe?token={TOKEN}") for _ in range(5)]
        assert {answer.status_code for answer in answers} != {429}
        assert not any("ratelimit" in answer.headers for answer in answers)
        limited = [gateway.client.get("/v1/trending").status_code for _ in range(5)]
        assert 429 in limited


def test_the_style_of_a_page_is_the_one_that_it_may_have(gateway):
    answer = gateway.client.get(f"/confirm?token={TOKEN}")
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    told = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{told}'" in answer.headers["content-security-policy"]
