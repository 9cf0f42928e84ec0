"""The waits, signals and rounds of cocite ingest --follow."""

import os
import signal
from contextlib import nullcontext

import pytest
from typer.testing import CliRunner

from cocite.cli import follow
from cocite.cli.app import app
from cocite.cli.ending import Ended, Ending
from cocite.cli.follow import retry_wait
from cocite.core.errors import InvalidArgument, Unavailable


@pytest.mark.parametrize("failures", [0, 1, 2, 5, 1000])
def test_waits_grow_up_to_the_time_between_looks(failures):
    waits = [retry_wait(failures, 3600.0, None) for _ in range(200)]
    longest = min(3600.0, 60.0 * 2**failures)
    assert longest / 2 <= min(waits) < max(waits) <= longest


@pytest.mark.parametrize(("asked", "least"), [(7200.0, 7200.0), (1e300, 86_400.0), (float("inf"), 86_400.0)])
def test_the_wait_that_is_asked_for_is_kept(asked, least):
    assert retry_wait(0, 3600.0, asked) == least


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_held_is_done_to_its_end(number):
    before = signal.getsignal(number)
    done = []
    with pytest.raises(Ended) as ended, Ending() as ending:
        with ending.held():
            os.kill(os.getpid(), number)
            done.append("held")
        done.append("after")
    assert done == ["held"] and ended.value.number == number
    with pytest.raises(Ended), Ending() as ending, ending.held():
        os.kill(os.getpid(), number)
        raise Unavailable("meanwhile")
    with pytest.raises(Ended), Ending():
        os.kill(os.getpid(), number)
        done.append("not held")
    assert done == ["held"] and signal.getsignal(number) is before


class Listing:
    """A source by name alone."""

    def __init__(self, name):
        self.name = name


class Scripted:
    """A follower whose looks end as told, one after the other."""

    def __init__(self, *ends):
        self.ends = list(ends)
        self.looked = []

    def look(self, source, now):
        self.looked.append(source.name)
        raise self.ends.pop(0)


class Silent:
    def look(self, source):
        return nullcontext()


@pytest.fixture
def slept(monkeypatch):
    waits = []
    moment = [0.0]

    def sleep(seconds):
        waits.append(seconds)
        moment[0] += seconds

    monkeypatch.setattr(follow.time, "sleep", sleep)
    monkeypatch.setattr(follow.time, "monotonic", lambda: moment[0])
    return waits


def test_a_source_that_fails_is_tried_again_and_holds_up_no_other(slept):
    away = Unavailable("away", retry_after_s=1000.0)
    follower = Scripted(away, away, Unavailable("away"), Ended(15))
    rounds = follow._Rounds(follower, [Listing("a"), Listing("b")], Silent(), 3600.0)
    with pytest.raises(Ended):
        rounds.forever()
    assert follower.looked == ["a", "b", "a", "b"]
    assert slept == [0.0, 0.0, 1000.0, 0.0]


def test_a_source_that_is_refused_at_first_ends_it(slept):
    follower = Scripted(InvalidArgument("refused"))
    with pytest.raises(InvalidArgument):
        follow._Rounds(follower, [Listing("a")], Silent(), 3600.0).forever()


def test_once_looks_at_all_and_raises_what_failed_last(slept, capsys):
    follower = Scripted(Unavailable("first"), Unavailable("second"))
    with pytest.raises(Unavailable, match="second"):
        follow._Rounds(follower, [Listing("a"), Listing("b")], Silent(), 3600.0).once()
    assert follower.looked == ["a", "b"] and capsys.readouterr().err == "first\n"


@pytest.mark.parametrize(
    ("terminal", "json", "shown"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_a_look_is_seen_to_go_on(capsys, monkeypatch, terminal, json, shown):
    monkeypatch.setenv("FORCE_COLOR" if terminal else "NO_COLOR", "1")  # rich takes the one for a terminal
    news = follow._News(json)
    with news.look(Listing("arxiv:cs.DL")):
        print("on stdout")
    said = capsys.readouterr()
    assert ("looking at arxiv:cs.DL" in said.err) is shown
    assert ("on stdout" in said.out) is (json or not terminal), "why there is no bar beside JSON"


@pytest.mark.parametrize(
    "wrong",
    [
        ["ingest"],
        ["ingest", "arxiv", "--follow", "arxiv:cs.DL"],
        ["ingest", "--follow", "arxiv:cs.DL", "--filter", "a:b"],
        ["ingest", "--follow", "arxiv:cs.DL", "--every", "59"],
        ["ingest", "--follow", "arxiv:cs.DL", "--every", "nan"],
        ["ingest", "--follow", "arxiv:cs.DL", "--since", "-1"],
        ["ingest", "arxiv", "x.json", "--once"],
        ["ingest", "arxiv", "x.json", "--every", "90"],
    ],
)
def test_options_that_do_not_go_together(wrong):
    assert CliRunner().invoke(app, wrong).exit_code == 2
