"""Against a stand-in for OpenAlex's API on a free port of this machine."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cocite.catalogue import openalex_http
from cocite.catalogue.ingest.run import ingest
from cocite.catalogue.openalex_api import PAGE, Question, fetch_works
from cocite.catalogue.openalex_http import OPENALEX, Api
from cocite.catalogue.polite_http import ATTEMPTS
from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument, NotFound, Unavailable
from support.openalex import Answer, StandIn


@pytest.fixture
def standin() -> Iterator[StandIn]:
    server = StandIn(250)
    yield server
    server.close()


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def api(standin: StandIn, slept: list[float]) -> Iterator[Api]:
    with Api(standin.url, "someone@example.org", "key", sleep=slept.append) as opened:
        yield opened


def titles(path: Path) -> list[str]:
    with gzip.open(path) as lines:
        return [json.loads(line)["title"] for line in lines]


QUESTION = Question(filter="topics.id:T10102", limit=3000)


def test_all_pages_are_fetched_once(standin: StandIn, api: Api, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = fetch_works(api, QUESTION, tmp_path / "new", progress=lambda done, most: seen.append((done, most)))
    assert titles(path) == [f"Work {i}" for i in range(1, 251)]
    assert seen == [(100, 250), (200, 250), (250, 250), (250, 250)]
    first = standin.asked[0]
    assert (first["filter"], first["sort"], first["cursor"]) == ("topics.id:T10102", "cited_by_count:desc", "*")
    assert (first["mailto"], first["api_key"], first["per_page"]) == ("someone@example.org", "key", str(PAGE))
    assert "referenced_works" in first["select"]
    assert standin.agents[0] == "cocite (mailto:someone@example.org)"
    requests = len(standin.asked)
    assert fetch_works(api, QUESTION, tmp_path / "new") == path
    assert len(standin.asked) == requests
    assert sorted(file.suffix for file in (tmp_path / "new").iterdir()) == [".gz", ".lock"]


def test_a_refreshed_file_is_new(standin: StandIn, api: Api, tmp_path: Path) -> None:
    before = fetch_works(api, QUESTION, tmp_path)
    standin.count = 90
    standin.planned = [standin.page("/works", {"cursor": "*", "per_page": "50"}), *[(500, {}, b"")] * ATTEMPTS]
    with pytest.raises(Unavailable):
        fetch_works(api, QUESTION, tmp_path, refresh=True)
    assert len(titles(before)) == 250  # until the new one is whole
    assert fetch_works(api, QUESTION, tmp_path, refresh=True) == before
    assert titles(before) == [f"Work {i}" for i in range(1, 91)]


def test_the_limit_is_kept_and_part_of_the_question(standin: StandIn, api: Api, tmp_path: Path) -> None:
    some = fetch_works(api, Question(topic="graph neural networks", limit=120), tmp_path)
    assert len(titles(some)) == 120
    assert len(standin.asked) == 2
    assert (standin.asked[0]["search"], standin.asked[0]["sort"]) == ("graph neural networks", "relevance_score:desc")
    assert fetch_works(api, Question(topic="graph neural networks", limit=7), tmp_path) != some


def test_what_comes_can_be_ingested(api: Api, tmp_path: Path) -> None:
    path = fetch_works(api, QUESTION, tmp_path)
    with Catalogue.open(f"sqlite:///{tmp_path}/c.db") as catalogue:
        assert ingest(catalogue, "openalex", [path]).stored == 250


BROKEN = [
    (200, {}, b'{"meta": {"count"'),
    (200, {}, b"[]"),
    (200, {}, b'{"meta": {}, "results": [1]}'),
    (500, {}, b"oops"),
]


@pytest.mark.parametrize("answer", BROKEN)
def test_a_broken_answer_is_asked_again(
    standin: StandIn, api: Api, slept: list[float], tmp_path: Path, answer: Answer
) -> None:
    standin.planned = [answer, answer]
    assert len(titles(fetch_works(api, QUESTION, tmp_path))) == 250
    first, second = (wait for wait in slept if wait >= 0.5)
    assert 0.5 <= first <= 1.0 <= second <= 2.0


def test_requests_are_spaced(standin: StandIn, api: Api, slept: list[float], tmp_path: Path) -> None:
    fetch_works(api, QUESTION, tmp_path)
    assert len(slept) == len(standin.asked) - 1
    assert all(0 < wait <= OPENALEX.interval_s for wait in slept)


def test_the_wait_the_server_asks_for_is_kept(standin: StandIn, api: Api, slept: list[float], tmp_path: Path) -> None:
    standin.planned = [(429, {"Retry-After": "17"}, b""), (429, {"Retry-After": "nonsense"}, b"")]
    fetch_works(api, QUESTION, tmp_path)
    first, second = (wait for wait in slept if wait >= 0.5)
    assert first == 17.0 and 1.0 <= second <= 2.0


def test_a_wait_too_long_is_an_error(standin: StandIn, api: Api, slept: list[float], tmp_path: Path) -> None:
    standin.planned = [(429, {"Retry-After": "86400"}, b"")]
    with pytest.raises(Unavailable, match="HTTP 429") as caught:
        fetch_works(api, QUESTION, tmp_path)
    assert caught.value.retry_after_s == 86400
    assert "COCITE_OPENALEX_API_KEY" in caught.value.hint
    assert slept == []


def test_retries_end(standin: StandIn, api: Api, tmp_path: Path) -> None:
    standin.planned = [(503, {}, b"")] * 20
    with pytest.raises(Unavailable, match="HTTP 503"):
        fetch_works(api, QUESTION, tmp_path)
    assert len(standin.asked) == ATTEMPTS


def test_a_later_call_goes_on_from_the_last_page(standin: StandIn, api: Api, tmp_path: Path) -> None:
    standin.planned = [standin.page("/works", {"cursor": "*", "per_page": "100"}), *[(500, {}, b"")] * ATTEMPTS]
    with pytest.raises(Unavailable):
        fetch_works(api, QUESTION, tmp_path)
    (part,) = tmp_path.glob("*.part")
    with part.open("ab") as torn:
        torn.write(b'{"torn')
    standin.asked.clear()
    assert titles(fetch_works(api, QUESTION, tmp_path)) == [f"Work {i}" for i in range(1, 251)]
    assert standin.asked[0]["cursor"] == "100"


@pytest.mark.parametrize("damage", [lambda folder: (_only(folder, "state").write_text("{"),), lambda folder: _only(
    folder, "part").unlink()])  # fmt: skip
def test_damaged_leftovers_are_fetched_anew(
    standin: StandIn, api: Api, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    standin.planned = [standin.page("/works", {"cursor": "*", "per_page": "100"}), *[(500, {}, b"")] * ATTEMPTS]
    with pytest.raises(Unavailable):
        fetch_works(api, QUESTION, tmp_path)
    damage(tmp_path)
    assert titles(fetch_works(api, QUESTION, tmp_path)) == [f"Work {i}" for i in range(1, 251)]


def _only(folder: Path, suffix: str) -> Path:
    (found,) = folder.glob(f"*.{suffix}")
    return found


def test_a_refused_question_says_why(standin: StandIn, api: Api, tmp_path: Path) -> None:
    standin.planned = [(400, {}, b'{"error": "Invalid", "message": "topics.idd is not a\\u0000 field"}')]
    with pytest.raises(InvalidArgument, match="idd is not a field") as caught:
        fetch_works(api, QUESTION, tmp_path)
    assert caught.value.field == "filter"
    assert len(standin.asked) == 1


@pytest.mark.parametrize(
    ("answer", "error"), [((401, {}, b""), InvalidArgument), ((302, {"Location": "/elsewhere"}, b""), Unavailable)]
)
def test_other_answers(standin: StandIn, api: Api, tmp_path: Path, answer: Answer, error: type[Exception]) -> None:
    standin.planned = [answer]
    with pytest.raises(error):
        fetch_works(api, QUESTION, tmp_path)
    assert len(standin.asked) == 1


def test_a_cursor_that_stands_still_ends(standin: StandIn, api: Api, tmp_path: Path) -> None:
    page = {"meta": {"count": 9, "next_cursor": "same"}, "results": [{"id": "https://openalex.org/W1"}]}
    standin.planned = [(200, {}, json.dumps(page).encode())] * 3
    with pytest.raises(Unavailable, match="again and again"):
        fetch_works(api, QUESTION, tmp_path)


def test_an_answer_too_large_is_refused(standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openalex_http, "OPENALEX", replace(OPENALEX, max_answer=1000))
    with Api(standin.url) as api, pytest.raises(Unavailable, match="answers more than"):
        fetch_works(api, QUESTION, tmp_path)


def test_no_work_at_all(standin: StandIn, api: Api, tmp_path: Path) -> None:
    standin.count = 0
    with pytest.raises(NotFound):
        fetch_works(api, QUESTION, tmp_path)
    assert not list(tmp_path.glob("*.gz"))


def test_a_server_that_is_not_there(tmp_path: Path, slept: list[float]) -> None:
    with Api("http://127.0.0.1:1", sleep=slept.append) as api, pytest.raises(Unavailable):
        fetch_works(api, QUESTION, tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [{}, {"topic": "  "}, {"filter": "nonsense"}, {"filter": "a:b,"}, {"filter": "a:b\n"}, {"topic": "x" * 2001},
     {"topic": "x", "limit": 0}, {"topic": "x", "limit": 10**9}],
)  # fmt: skip
def test_wrong_questions_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        Question(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["", "ftp://x", "file:///etc/passwd", "http://", "not a url", "http://api.example.org"])
def test_wrong_addresses_are_refused(url: str) -> None:
    with pytest.raises(InvalidArgument):
        Api(url)
    with pytest.raises(InvalidArgument):
        Api("http://localhost", "no mail address")
