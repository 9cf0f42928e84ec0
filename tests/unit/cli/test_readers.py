"""The commands that ask a feed service, in this process, against a real server that answers as scripted."""

import gzip
import io
import json
import sys

import pytest

from cocite.cli import words
from cocite.cli.app import run
from cocite.cli.event_lines import BATCH
from cocite.client import ActedOn
from cocite.client.feed_answers import kind
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.feed_service_pb2_grpc import FeedServiceServicer, add_FeedServiceServicer_to_server
from support.scripted_recommender import running_recommender

SESSION = "kJ3vQm7yXr2LdP9wBt5NcA"
SECRET = "f" * 22


class Feeds(FeedServiceServicer):
    """Keeps events by id and readers' papers in pages of two; what it shows is fixed."""

    def __init__(self):
        self.calls, self.kept, self.status, self.fails_after = [], {}, {}, None
        self.papers, self.deleted = [], []

    def RecordEvents(self, request, context):
        if self.fails_after is not None and len(self.calls) >= self.fails_after:
            context.abort(14, "gone")
        self.calls.append(request)
        answer = pb.RecordEventsResponse()
        for event in request.events:
            known = event.event_id in self.kept
            status = self.status.get(event.event_id, "DUPLICATE" if known else "RECORDED")
            self.kept[event.event_id] = event
            answer.results.add(event_id=event.event_id, status=f"EVENT_STATUS_{status}")
        return answer

    def ListFeed(self, request, context):
        answer = pb.ListFeedResponse(personal=request.reader.WhichOneof("who") == "session_id", next_page_token="t2")
        item = answer.items.add(rank=1)
        item.paper.paper_id, item.paper.title, item.paper.year = "pmid:1", "Maps [bold]of\x1b[31m", 1979
        item.reasons.add().acted_on.CopyFrom(pb.ActedOn(kind="EVENT_KIND_SAVE", paper_id="pmid:2", title="Two"))
        item.reasons.add().new_arrival.date = "2026-11-23"
        item.reasons.add().trending_now.readers = 2
        answer.degraded.add(cause="DEGRADED_CAUSE_CACHE_UNAVAILABLE")
        return answer

    def ListTrending(self, request, context):
        answer = pb.ListTrendingResponse()
        if request.window == pb.TRENDING_WINDOW_DAY and request.field == "Physics":
            answer.items.add(rank=1, score=2.43211, upvotes=1234, saves=5).paper.paper_id = "pmid:7"
        return answer

    def GetReader(self, request, context):
        begin = int(request.page_token or 0)
        answer = pb.GetReaderResponse(event_count=len(self.papers), feed_token=SECRET if self.papers else "")
        for name in self.papers[begin : begin + 2]:
            answer.papers.add(kinds=["EVENT_KIND_SAVE"]).paper.paper_id = name
        answer.next_page_token = str(begin + 2) if begin + 2 < len(self.papers) else ""
        return answer

    def DeleteReader(self, request, context):
        self.deleted.append(request.reader)
        return pb.DeleteReaderResponse(deleted_events=3)


@pytest.fixture
def feeds():
    with running_recommender(Feeds(), add_FeedServiceServicer_to_server) as running:
        yield running


@pytest.fixture
def cocite(feeds, monkeypatch, capsys):
    monkeypatch.setenv("COCITE_FEEDS_TARGET", feeds.target)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments, stdin=""):
        monkeypatch.setattr(sys, "argv", ["cocite", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            run()
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return call


def line(number, **changes):
    return json.dumps({"event_id": f"e{number}", "reader_id": "ann", "kind": "save", "paper_id": "pmid:1"} | changes)


def written(tmp_path, lines):
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_events_go_in_batches_in_their_order_and_are_counted(feeds, cocite, tmp_path):
    file = written(tmp_path, [line(i) for i in range(2 * BATCH + 1)])
    code, out, err = cocite("events", "record", file)
    assert code == 0, err
    assert [len(call.events) for call in feeds.servicer.calls] == [BATCH, BATCH, 1]
    assert list(feeds.servicer.kept) == [f"e{i}" for i in range(2 * BATCH + 1)]
    assert ["recorded", "1,001", "kept"] in [row.split() for row in out.splitlines()]


def test_an_event_is_all_that_its_line_says(feeds, cocite, tmp_path):
    at = "2026-11-23T13:00:00+01:00"
    text = line(1, undo=True, position=3, attribution_token="tok", occurred_at=at)
    file = tmp_path / "events.jsonl.gz"
    file.write_bytes(
        gzip.compress((text + "\n" + line(2, session_id=SESSION).replace('"reader_id": "ann", ', "")).encode())
    )
    assert cocite("events", "record", file)[0] == 0
    first, second = feeds.servicer.calls[0].events
    assert (first.undo, first.position, first.attribution_token) == (True, 3, "tok")
    assert first.occurred_at.ToJsonString() == "2026-11-23T12:00:00Z"
    assert second.reader.session_id == SESSION


def test_a_run_that_was_cut_off_is_repeated_as_it_was(feeds, cocite, tmp_path):
    file = written(tmp_path, [line(i) for i in range(BATCH + 1)])
    feeds.servicer.fails_after = 1
    code, _, err = cocite("events", "record", file)
    assert code == 1
    assert "goes on from there" in err
    feeds.servicer.fails_after = None
    code, out, _ = cocite("events", "record", file, "--json")
    assert code == 0
    assert json.loads(out)["events"] == {"duplicate": BATCH, "recorded": 1}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("nothing", "not JSON"),
        ("[1]", "not a JSON object"),
        (line(9, kind="like"), "event.kind: must be one of view"),
        (line(9, paper_id=""), "paper_id: "),
        (line(9, paper_id=7), "paper_id: must be text"),
        (line(9, session_id=SESSION), "must have a reader_id or a session_id"),
        (line(9, paperid="x"), "'paperid' is no part of an event"),
        (json.dumps({"event_id": "e9", "reader_id": "ann", "kind": "save"}), "paper_id is missing"),
        (line(9, occurred_at="yesterday"), "occurred_at: must be a time"),
        (line(9, occurred_at="2026-11-23T12:00:00"), "with a time zone"),
        (line(9, undo=True, kind="view"), "can be undone"),
        (line(9, event_id="a b"), "event_id"),
    ],
)
def test_bad_lines_are_named_and_the_others_are_kept(feeds, cocite, tmp_path, bad, said):
    code, out, err = cocite("events", "record", written(tmp_path, [line(1), bad, "", line(2)]))
    assert code == 1
    assert list(feeds.servicer.kept) == ["e1", "e2"]
    assert "bad line" in out
    assert "line 2: " in err
    assert said in err
    assert SESSION not in err


def test_refused_events_are_named_and_the_exit_status_says_so(feeds, cocite, tmp_path):
    feeds.servicer.status = {"e1": "FLOODED", "e2": "RECORDED_AHEAD"}
    file = written(tmp_path, [line(0), line(1), line(2)])
    code, out, err = cocite("events", "record", file)
    assert code == 1
    assert err.splitlines() == ["line 2: event e1: flooded"]
    assert words.EVENT_STATUSES["recorded_ahead"] in out
    feeds.servicer.status = {"e2": "RECORDED_AHEAD"}
    assert cocite("events", "record", file)[0] == 0


def test_of_many_problems_the_first_are_told(cocite, tmp_path):
    file = written(tmp_path, ["x"] * 1500)
    _, _, err = cocite("events", "record", file)
    assert len(err.splitlines()) == 21
    assert "and 1,480 more" in err
    told = json.loads(cocite("events", "record", file, "--json")[1])
    assert (told["bad_lines"], len(told["problems"])) == (1500, 1000)


def test_a_file_that_is_none_is_wrong_usage(cocite, tmp_path):
    assert cocite("events", "record", tmp_path / "none.jsonl")[0] == 2
    code, _, err = cocite("events", "record", written(tmp_path, []))
    assert (code, err) == (0, "no events in the file\n")


def test_a_feed_with_its_reasons(cocite):
    code, out, err = cocite("feed", SESSION, "--session")
    assert code == 0
    assert "because you saved Two, new on 2026-11-23, 2 readers this week" in out
    assert "Maps [bold]of [31m" in out
    assert "--page-token t2" in err
    assert words.DEGRADED["cache_unavailable"] in err
    assert "not personal" not in err
    assert "not personal" in cocite("feed", "ann")[2]


def test_a_feed_as_json_says_what_kind_its_reasons_are(cocite):
    told = json.loads(cocite("feed", "ann", "--json")[1])
    first = told["items"][0]["reasons"][0]
    assert first == {"kind": "acted_on", "act": "save", "paper_id": "pmid:2", "title": "Two"}


def test_trending(cocite):
    out = cocite("trending", "--window", "day", "--field", "Physics")[1]
    assert out.splitlines()[1].split() == ["1", "pmid:7", "2.43", "1,234", "5"]
    assert cocite("trending")[2] == "no papers\n"
    assert cocite("trending", "--window", "year")[0] == 2


def test_all_that_is_held_of_a_reader_is_shown(feeds, cocite):
    feeds.servicer.papers = [f"pmid:{i}" for i in range(5)]
    code, out, err = cocite("reader", "show", "ann")
    assert code == 0
    assert [row.split()[0] for row in out.splitlines()[1:]] == feeds.servicer.papers
    assert "5 events" in err
    assert SECRET not in out + err
    held = json.loads(cocite("reader", "show", "ann", "--json")[1])
    assert (len(held["papers"]), held["feed_token"]) == (5, SECRET)
    feeds.servicer.papers = []
    assert "nothing is held" in cocite("reader", "show", "ann")[2]


def test_deleting_asks_before(feeds, cocite):
    code, _, err = cocite("reader", "delete", "ann", stdin="n\n")
    assert code == 1
    assert "delete?" in err
    assert cocite("reader", "delete", "ann", stdin="")[0] == 1
    assert feeds.servicer.deleted == []
    assert cocite("reader", "delete", "ann", stdin="y\n")[0] == 0
    code, out, _ = cocite("reader", "delete", SESSION, "--session", "--yes", "--json")
    assert (code, json.loads(out)) == (0, {"deleted_events": 3})
    assert [(who.reader_id, who.session_id) for who in feeds.servicer.deleted] == [("ann", ""), ("", SESSION)]


def test_a_name_that_nobody_can_have_is_wrong_usage(feeds, cocite):
    for command in (("feed",), ("reader", "show"), ("reader", "delete", "--yes")):
        code, _, err = cocite(*command, "short", "--session")
        assert code == 2
        assert "READER" in err
    assert feeds.servicer.deleted == []


def test_whatever_became_of_an_event_and_whatever_was_done_has_words():
    assert set(words.EVENT_STATUSES) == {
        name.removeprefix("EVENT_STATUS_").lower() for name in pb.EventStatus.keys()[1:]
    }
    for act in (pb.EVENT_KIND_SAVE, pb.EVENT_KIND_UPVOTE, pb.EVENT_KIND_SUBMIT, pb.EVENT_KIND_CLICK):
        assert words.ACTED[kind(act)] in words.feed_reason_in_words(ActedOn(kind(act), "pmid:1", ""))
