"""A paper that is ingested while the stack serves: recommended from and recommended within seconds, then trained in."""

import json
import os
import signal

import pytest

import cocite
from cocite.client.types import SharedReferences
from support.stack import Stack, eventually

pytestmark = pytest.mark.timeout(240)  # the first to run trains a model

SMALL = "doi:10.1002/asi.4630240406"
CITING, BARE = "doi:10.5555/fresh.citing", "doi:10.5555/fresh.bare"
ABSTRACT = "Co-citation maps of zeppelin telemetry, drawn from the references that papers share."
SECONDS = 15.0  # a few, and room for a busy machine


@pytest.fixture(scope="module")
def stack(trained_demo, tmp_path_factory):
    """A stack of its own: what is ingested here is nothing to other tests."""
    with Stack(trained_demo.copied_to(tmp_path_factory.mktemp("fresh"), fresh_interval_s="0.5")) as stack:
        yield stack


@pytest.fixture(scope="module")
def client(stack):
    with cocite.Client(stack.targets["recommender"], timeout_s=20) as client:
        yield client


def ids(page):
    return [result.paper.paper_id for result in page]


def ingest(stack, path, *papers):
    path.write_text("".join(json.dumps(paper) + "\n" for paper in papers))
    stack.home.of_demo().run("ingest", "jsonl", str(path), check=True)


def test_new_papers_are_recommended_within_seconds_and_trained_in(stack, client, tmp_path):
    related = ids(client.recommend(SMALL, page_size=12))
    before = client.model()
    assert before.fresh_paper_count == 0
    assert client.recommend(CITING).unresolved[0].cause == "unknown"
    citing = {"id": CITING, "title": "Airship co-citation", "year": 2025, "references": [SMALL, *related]}
    bare = {"id": BARE, "title": "Telemetry of zeppelins", "abstract": ABSTRACT, "year": 2025}
    ingest(stack, tmp_path / "papers.jsonl", citing, bare)
    first = client.recommend(CITING)  # by its references and text, whether it has been noticed yet or not
    assert not first.unresolved and not first.fallback
    assert eventually(lambda: client.model().fresh_paper_count == 2, SECONDS)

    assert eventually(lambda: BARE in ids(client.recommend(texts=ABSTRACT, page_size=20)), SECONDS), "by its text alone"
    for_related = client.recommend(related[0], page_size=300)
    assert CITING in ids(for_related), "by what it cites"
    (found,) = (result for result in for_related if result.paper.paper_id == CITING)
    assert found.paper.title == "Airship co-citation" and found.reasons
    kinds = {type(reason) for result in client.recommend(CITING) for reason in result.reasons}
    assert SharedReferences in kinds, "its references count"
    assert not client.recommend(BARE).fallback
    assert client.model().model_version == before.model_version, "nothing was trained"

    home = stack.home.of_demo()
    trained = json.loads(home.run("train", "--json", check=True).stdout)["model_version"]
    assert eventually(lambda: client.model().model_version == trained)
    after = client.model()
    assert (after.paper_count, after.fresh_paper_count) == (before.paper_count + 2, 0)
    assert CITING in ids(client.recommend(related[0], page_size=300))


def test_what_is_there_serves_on_without_the_feature_service(stack, client, tmp_path):
    ingest(stack, tmp_path / "papers.jsonl", {"id": "doi:10.5555/fresh.third", "title": "Third", "references": [SMALL]})
    assert eventually(lambda: client.model().fresh_paper_count == 1, SECONDS)
    features = stack.child("features")
    os.kill(features, signal.SIGSTOP)
    try:
        assert client.recommend(SMALL).results
        assert client.model().fresh_paper_count == 1
    finally:
        os.kill(features, signal.SIGCONT)
    ingest(stack, tmp_path / "papers.jsonl", {"id": "doi:10.5555/fresh.fourth", "title": "Fourth"})
    assert eventually(lambda: client.model().fresh_paper_count == 2, 60.0), "it is followed again"
