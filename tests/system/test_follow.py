"""`cocite ingest --follow` beside a running stack, against a stand-in for arXiv's API on this machine."""

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import grpc
import pytest

import cocite
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1 import feed_service_pb2_grpc as pb_grpc
from support.arxiv_listing import ArxivListing, Listed, silent, some, status, torn
from support.stack import Home, Stack, eventually

pytestmark = pytest.mark.timeout(240)  # the first to run trains a model

ABSTRACT = "Zeppelin telemetry as a map of science, drawn from the references that papers share."
SECONDS = 15.0  # a few, and room for a busy machine
FOLLOW = ("ingest", "--follow", "arxiv:cs.DL")


@pytest.fixture
def listing():
    server = ArxivListing()
    yield server
    server.close()


def now():
    return datetime.now(UTC).replace(microsecond=0)


def following(home, *options):
    return subprocess.Popen(
        [sys.executable, "-m", "cocite", *FOLLOW, *options],
        env=home.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_listed_paper_is_new_and_recommended_within_seconds(trained_demo, listing, tmp_path):
    with Stack(trained_demo.copied_to(tmp_path, fresh_interval_s="0.5")) as stack:
        home = stack.home.of_demo(arxiv_url=listing.url)
        listed = Listed("2611.00003", "Zeppelins \x07and \u202etelemetry".replace("\x07", ""), now(), ABSTRACT)
        listing.entries = [
            *some(2, newest=now() - timedelta(hours=1)),
            listed,
            listed,
            Listed("", "", now(), raw="<entry/>"),
        ]
        listing.planned = [status(429, Retry_After="1"), status(503), torn, silent(1.0)]
        done = home.run(*FOLLOW, "--once", "--json", check=True)
        stored_at = time.monotonic()
        announced = [json.loads(line) for line in done.stdout.splitlines()]
        assert [paper["title"] for paper in announced] == ["Zeppelins and telemetry", "Paper 2", "Paper 1"]
        assert announced[0]["paper_id"] == "arxiv:2611.00003" and announced[0]["source"] == "arxiv:cs.DL"
        assert done.stderr == ("arxiv:cs.DL: 3 new papers (1 rejected): Zeppelins and telemetry; Paper 2; Paper 1\n"), (
            "a line for a look"
        )
        gaps = [later - earlier for earlier, later in zip(listing.at, listing.at[1:], strict=False)]
        assert len(gaps) == 4 and min(gaps) > 2.0, "three seconds between requests, however short the wait for a fault"

        with grpc.insecure_channel(stack.targets["feeds"]) as channel:
            feeds = pb_grpc.FeedServiceStub(channel)

            def new():
                answer = feeds.ListNew(pb.ListNewRequest(date=f"{listed.submitted:%Y-%m-%d}"), timeout=20)
                return {item.paper.paper_id for item in answer.items}

            assert eventually(lambda: "arxiv:2611.00003" in new(), SECONDS)
        with cocite.Client(stack.targets["recommender"], timeout_s=20) as client:

            def recommended():
                page = client.recommend(texts=ABSTRACT, page_size=20)
                return [result.paper.paper_id for result in page]

            assert eventually(lambda: "arxiv:2611.00003" in recommended(), SECONDS)
            assert client.recommend("arxiv:2611.00003").results
        print(f"recommended {time.monotonic() - stored_at:.1f} s after it was stored")

        again = home.run(*FOLLOW, "--once", check=True)
        assert (again.stdout, again.stderr) == ("", "arxiv:cs.DL: 0 new papers\n")
        assert listing.statuses[-1] == 304


def test_what_was_killed_goes_on_and_what_is_asked_to_end_ends(listing, tmp_path):
    home = Home(tmp_path, arxiv_url=listing.url)
    listing.entries = some(300, newest=now(), apart=timedelta(minutes=1))
    served = listing.page

    def stuck_at_the_second_page(asked):
        if asked["start"] != "0":
            time.sleep(600)
        return served(asked)

    listing.page = stuck_at_the_second_page
    killed = following(home, "--json")
    first = [json.loads(killed.stdout.readline())["title"] for _ in range(200)]
    assert eventually(lambda: len(listing.asked) == 2)
    killed.kill()
    rest, _ = killed.communicate(timeout=30)
    assert rest == ""

    listing.page = served
    listing.asked.clear()
    process = following(home, "--json")
    second = [json.loads(process.stdout.readline())["title"] for _ in range(100)]
    assert sorted(first + second) == sorted(entry.title for entry in listing.entries), "each once"
    assert listing.asked[0]["start"] == "200"
    assert "300 new papers" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "stopped; the same command goes on from there\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_one_look_that_is_cut_off_is_no_success(listing, tmp_path, number, code):
    listing.planned = [silent(600)]
    process = following(Home(tmp_path, arxiv_url=listing.url), "--once")
    assert eventually(lambda: listing.asked)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (code, "", "stopped; the same command goes on from there\n")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("arxiv:cs.DL'", "is no category of arXiv"),
        ("arxiv:", "is no category of arXiv"),
        ("biorxiv:x", "cannot be followed"),
        ("openalex:nonsense", "is no OpenAlex filter"),
    ],
)
def test_what_cannot_be_followed_is_one_line(listing, tmp_path, source, said):
    done = Home(tmp_path, arxiv_url=listing.url).run("ingest", "--follow", source)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr and done.stderr.count("\n") == 1


def test_a_listing_that_stays_away_is_one_line(listing, tmp_path):
    listing.planned = [status(503, Retry_After="3600")] * 2
    done = Home(tmp_path, arxiv_url=listing.url).run(*FOLLOW, "--follow", "arxiv:cs.IR", "--once")
    assert (done.returncode, done.stdout) == (1, "")
    assert [line.partition("HTTP")[0] for line in done.stderr.splitlines()] == [
        "arXiv does not answer: ",
        "cocite: arXiv does not answer: ",
    ]
    wrong = Home(tmp_path, arxiv_url="http://export.arxiv.org").run(*FOLLOW, "--once")
    assert wrong.returncode == 1 and "is not encrypted; let COCITE_ARXIV_URL begin with https://" in wrong.stderr
