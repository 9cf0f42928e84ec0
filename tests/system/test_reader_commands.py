"""The commands about readers beside a running `cocite up`: from a file of events to a reader who is gone."""

import json
import secrets

import pytest

import cocite
from support.stack import eventually

SMALL = "doi:10.1002/asi.4630240406"
DISMISSED = "doi:10.1007/bf02279351"


@pytest.fixture
def run(stack):
    home = stack.home.having(feeds_target=stack.targets["feeds"])

    def call(*arguments):
        done = home.run(*arguments, "--json")
        return done.returncode, json.loads(done.stdout)

    return call


def test_what_a_file_says_a_reader_did_shows_in_the_feed_until_the_reader_is_deleted(stack, run, tmp_path):
    session = secrets.token_hex(16)
    acts = [("save", SMALL), ("dismiss", DISMISSED), ("save", "no id at all")]
    lines = [
        {"event_id": f"e{number}", "session_id": session, "kind": kind, "paper_id": paper_id}
        for number, (kind, paper_id) in enumerate(acts)
    ]
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    before = run("feed", session, "--session")[1]
    assert not before["personal"]

    code, recorded = run("events", "record", str(file))
    assert (code, recorded["events"]) == (1, {"recorded": 2, "malformed_id": 1})
    assert [problem["line"] for problem in recorded["problems"]] == [3]
    assert run("events", "record", str(file))[1]["events"] == {"duplicate": 2, "malformed_id": 1}

    feed = run("feed", session, "--session", "--page-size", "100")[1]
    assert feed["personal"]
    assert feed["items"][0]["reasons"][0]["paper_id"] == SMALL
    assert not {SMALL, DISMISSED} & {item["paper"]["paper_id"] for item in feed["items"]}

    def trends():
        return SMALL in [item["paper"]["paper_id"] for item in run("trending", "--window", "day")[1]["items"]]

    assert eventually(trends)
    held = run("reader", "show", session, "--session")[1]
    assert held["event_count"] == 2
    assert [each["paper"]["paper_id"] for each in held["papers"]] == [DISMISSED, SMALL]
    with cocite.FeedClient(stack.targets["feeds"], timeout_s=20) as client:
        assert client.feed(cocite.Reader(feed_token=held["feed_token"])).personal

    assert run("reader", "delete", session, "--session", "--yes") == (0, {"deleted_events": 2})
    assert run("reader", "show", session, "--session")[1]["event_count"] == 0
    assert not run("feed", session, "--session")[1]["personal"]
