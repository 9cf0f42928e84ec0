"""The main job: `cocite up --demo --once` with the real embedding model, from nothing but fetched files."""

import re
import shlex
import urllib.request

import pytest

from support.stack import Home, Stack

pytestmark = pytest.mark.timeout(180)


def test_the_demo_prints_ten_related_papers_and_ends(fetched, tmp_path):
    home = Home(tmp_path, fetched, encoder="minilm")
    done = home.run("up", "--demo", "--once")
    assert done.returncode == 0, done.stderr
    assert "Co‐citation in the scientific literature" in done.stdout
    assert re.findall(r"^ ?(\d+)  ", done.stdout, re.MULTILINE) == [str(rank) for rank in range(1, 11)]
    assert "cited together by" in done.stdout
    assert "text alike" in done.stdout
    assert "training" in done.stderr
    assert "fetching" not in done.stderr  # all files are there
    assert "gateway " not in done.stdout  # nobody could ask there: it ends

    again = home.run("up", "--demo", "--once")
    assert again.returncode == 0, again.stderr
    assert "training" not in again.stderr  # what is done stays done
    assert "read 613: stored 0," in again.stdout
    table = done.stdout[done.stdout.index(" #  title") :].splitlines()[:14]
    assert table == again.stdout[again.stdout.index(" #  title") :].splitlines()[:14]


def test_the_list_that_the_demo_shows_is_that_of_the_command_beneath_it(demo_home):
    with Stack(demo_home) as stack:  # of its own: tests that share one publish other models
        shown = stack.printed[stack.printed.index("related to") :]
        typed = shlex.split(re.search(r"^\$ .*? (recommend .*)$", shown, re.MULTILINE)[1])
        again = stack.home.run(*typed, check=True).stdout
    table = again.strip("\n").splitlines()
    assert len(table) > 10
    assert table == shown.splitlines()[3 : 3 + len(table)]


def test_what_it_says_to_try_is_answered(stack):
    address = re.search(r"curl '(.*)'", stack.printed)[1]
    with urllib.request.urlopen(address, timeout=20) as answer:
        assert b'"results"' in answer.read()
