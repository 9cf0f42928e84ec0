"""What stands where nothing is: JSON for programs, a page for people."""

import pytest

from support.gateway import running_gateway

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with running_gateway(tmp_path_factory.mktemp("gateway")) as running:
        yield running


def test_a_person_sees_a_page(gateway):
    answer = gateway.client.get("/nope", headers={"accept": BROWSER})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "accept" in answer.headers["vary"].lower()
    assert "There is nothing at this path." in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html", ""])
def test_a_program_gets_json(gateway, accept):
    answer = gateway.client.get("/nope", headers={"accept": accept})
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


def test_nobody_sees_a_page_as_answer_to_what_was_posted(gateway):
    answer = gateway.client.post("/nope", headers={"accept": BROWSER})
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")
