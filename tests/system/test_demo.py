"""The main job: `cocite up --demo --once` with the real embedding model, from nothing but fetched files."""

import re

import pytest

from support.stack import Home

pytestmark = pytest.mark.timeout(180)


def test_the_demo_prints_ten_related_papers_and_ends(fetched, tmp_path):
    home = Home(tmp_path, fetched, encoder="minilm")
    done = home.run("up", "--demo", "--once")
    assert done.returncode == 0, done.stderr
    assert "Co‐citation in the scientific literature" in done.stdout
    assert re.findall(r"^ ?(\d+)  ", done.stdout, re.MULTILINE) == [str(rank) for rank in range(1, 11)]
    assert "cited together by" in done.stdout
    assert "text alike" in done.stdout
    assert "text:0" not in done.stdout  # the title of the seed is a seed too, of which the reader knows nothing
    assert "training" in done.stderr

    again = home.run("up", "--demo", "--once")
    assert again.returncode == 0, again.stderr
    assert "training" not in again.stderr  # what is done stays done
    assert "read 613: stored 0," in again.stdout
    table = done.stdout[done.stdout.index("related to") :].splitlines()[:14]
    assert table == again.stdout[again.stdout.index("related to") :].splitlines()[:14]
