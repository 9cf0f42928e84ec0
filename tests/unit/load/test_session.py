"""Whole windows against a real gRPC server. Nothing here depends on how long anything takes."""

import pytest

from cocite.core.errors import InvalidArgument
from cocite.load.session import LoadSession
from support.load_server import call, load_server


def test_windows_follow_each_other_and_count_apart():
    with load_server() as server, LoadSession("127.0.0.1", server.port, [call("ok:9")], connections=2) as session:
        closed = session.closed(4, seconds=0.2)
        opened = session.open(200, 0.2, spaced_evenly=True, max_late_share=1)
        assert len(server.seen) == closed.sent + opened.sent
    assert (closed.answered_in_all, closed.failed) == (closed.sent, 0)
    assert (opened.sent, opened.answered, opened.rejected) == (40, 40, "")
    assert opened.rps == pytest.approx(200)
    assert opened.answer_octets == 40 * 14
    assert (opened.latencies_us > 0).all()


def test_failures_are_in_no_percentile():
    with load_server() as server, LoadSession("127.0.0.1", server.port, [call("fail:ABORTED:no")]) as session:
        result = session.closed(4, seconds=0.2)
    assert (result.answered, result.failures) == (0, {"ABORTED": result.sent})
    assert result.messages == {"ABORTED": "no"}
    assert result.rejected == "no call was answered in the measured time"
    assert result.ended == result.sent


def test_seeds_are_drawn_by_their_rank():
    calls = [call("ok:1", padding) for padding in range(3)]
    with load_server() as server, LoadSession("127.0.0.1", server.port, calls, zipf=5.0, seed=1) as session:
        session.open(3000, 0.2, max_late_share=1)
        asked = [len(seen["request"]) - 4 for seen in server.seen]
    assert asked.count(0) > asked.count(1) > 0


def test_a_watch_ends_a_window():
    with load_server() as server, LoadSession("127.0.0.1", server.port, [call("ok:9")]) as session:
        result = session.closed(2, seconds=3600, watch=lambda elapsed: len(server.seen) > 50)
    assert result.interrupted
    assert 0 < result.seconds < 3600


def test_a_server_that_goes_is_told_with_what_was_measured():
    with load_server() as server:
        session = LoadSession("127.0.0.1", server.port, [call("ok:9")])
        assert session.closed(2, seconds=0.1).lost == ""
    with session:
        result = session.closed(2, seconds=3600)
    assert result.rejected == result.lost
    assert "nothing answers at" in result.lost


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"connections": 0}, "connections"),
        ({"deadline_s": 0}, "deadline"),
        ({"zipf": -1}, "zipf"),
        ({"calls": []}, "calls"),
    ],
)
def test_numbers_that_cannot_be_are_refused(changes, said):
    with pytest.raises(InvalidArgument, match=said):
        LoadSession("127.0.0.1", 1, **{"calls": [call("ok")], **changes})
