"""`cocite up --demo --topic`, against a stand-in for OpenAlex's API."""

from datetime import date

import pytest

from support.openalex import StandIn
from support.stack import Home

WORDS = ("graph", "neural", "network", "node", "edge", "message", "passing", "attention")


def work(number):
    """Works that cite the ten before them; number 1 is cited most, for each cites it too."""
    cited = {1, *range(max(1, number - 10), number)} - {number}
    return {
        "id": f"https://openalex.org/W{number}",
        "title": f"{WORDS[number % 8]} {WORDS[number // 8 % 8]} {number}",
        "publication_year": 1990 + number // 10,
        "authorships": [{"author": {"display_name": f"Ada Author{number}"}}],
        "referenced_works": [f"https://openalex.org/W{other}" for other in sorted(cited)],
    }


@pytest.fixture
def openalex():
    server = StandIn(120, work)
    yield server
    server.close()


def test_works_on_a_topic_are_fetched_trained_on_and_served(openalex, tmp_path):
    home = Home(tmp_path, openalex_url=openalex.url)
    command = ("up", "--demo", "--topic", "Graph neural networks!", "--once")
    done = home.run(*command)
    assert done.returncode == 0, done.stderr
    assert openalex.asked[0]["search"] == "Graph neural networks!"
    assert "read 120: stored 120" in done.stdout
    assert "related to Author1 (1990), neural graph 1" in done.stdout
    assert [path.name.rpartition("-")[0] for path in (tmp_path / "demo").iterdir()] == ["topic-graph-neural-networks"]

    asked = len(openalex.asked)
    again = home.run(*command)
    assert again.returncode == 0, again.stderr
    assert len(openalex.asked) == asked  # the works are kept
    assert "--refresh asks OpenAlex anew" in again.stderr


@pytest.mark.parametrize(("untitled", "seed"), [({1}, "Author2"), (set(range(1, 121)), "Author1")])
def test_works_without_a_title(openalex, tmp_path, untitled, seed):
    openalex.work = lambda number: {**work(number), **({"title": None} if number in untitled else {})}
    done = Home(tmp_path, openalex_url=openalex.url).run("up", "--demo", "--topic", "graphs", "--once")
    assert done.returncode == 0, done.stderr
    assert f"related to {seed} " in done.stdout


def test_openalex_away_is_one_line(openalex, tmp_path):
    openalex.planned = [(403, {}, b"no")] * 20
    done = Home(tmp_path, openalex_url=openalex.url).run("up", "--demo", "--topic", "maps", "--once")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("cocite: ")
    assert "Traceback" not in done.stderr


def test_works_by_filter_into_the_catalogue(openalex, tmp_path):
    home = Home(tmp_path, openalex_url=openalex.url)
    done = home.run("ingest", "openalex", "--filter", "topics.id:T10102", "--limit", "110")
    assert done.returncode == 0, done.stderr
    assert "read 110: stored 110" in done.stdout
    assert openalex.asked[0]["filter"] == "topics.id:T10102"
    assert done.stderr == ""

    openalex.count = 90
    again = home.run("ingest", "openalex", "--filter", "topics.id:T10102", "--limit", "110")
    assert "read 110: stored 0" in again.stdout
    (kept,) = (home.path / "corpora").glob("*.gz")
    assert again.stderr == f"works from {kept}, fetched on {date.today()}; --refresh asks OpenAlex anew\n"
    asked = ("ingest", "openalex", "--filter", "topics.id:T10102", "--limit", "110", "--refresh")
    assert "read 90: stored 0" in home.run(*asked).stdout
    assert home.run("ingest", "openalex", "--filter", "nonsense").returncode == 1
