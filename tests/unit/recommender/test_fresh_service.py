"""Papers that come while the recommender serves, over gRPC."""

from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from cocite.core.paper import Paper
from cocite.recommender.fresh.paper import FreshPaper
from cocite.recommender.reload import Models
from cocite.v1 import degradation_pb2
from cocite.v1 import recommender_service_pb2 as pb
from support.bundles import Corpus, publish, rewrite_manifest, write_bundle
from support.recommender import House, open_house, until
from support.recommender_calls import SEED, ask, causes, ids, refused

NEW = Paper("local:new", title="even black paper", abstract="knights and bishops", year=2020)
BLACK = tuple(f"doi:10.1000/{i}" for i in range(0, 12, 2))


def fresh_count(house: House) -> int:
    return int(house.stub.GetModel(pb.GetModelRequest(), timeout=10).fresh_paper_count)


def has_vector(house: House) -> bool:
    return bool(house.recommender.models.require().bundle.text_vectors[24].any())


def answer(house: House, *seeds: str, **fields: object) -> pb.RecommendPapersResponse:
    return house.stub.RecommendPapers(ask(*seeds, **fields), timeout=10)


@pytest.fixture
def fresh_house(house: House) -> House:
    house.features.add(NEW, BLACK)
    until(lambda: fresh_count(house) == 1 and has_vector(house))
    return house


def test_a_paper_that_comes_is_recommended_and_recommended_from(fresh_house: House) -> None:
    (new,) = (each for each in answer(fresh_house, SEED).results if each.paper.paper_id == "local:new")
    assert new.paper.title == NEW.title
    assert {reason.WhichOneof("evidence") for reason in new.reasons} >= {"shared_references", "text_likeness"}
    found = answer(fresh_house, "local:new", page_size=6)
    assert not found.degraded and not found.unresolved_seeds and found.model_version == "m1"
    assert all(int(name.rpartition("/")[2]) % 2 == 0 for name in ids(found))
    model = fresh_house.stub.GetModel(pb.GetModelRequest(), timeout=10)
    assert (model.paper_count, model.fresh_paper_count) == (24, 1)


def test_what_is_learned_of_it_later_counts(fresh_house: House) -> None:
    assert "local:new" not in ids(answer(fresh_house, SEED, filter=pb.PaperFilter(venues=["Late Letters"])))
    fresh_house.features.add(Paper("local:new", title=NEW.title, venue="Late Letters"), BLACK)
    until(lambda: ids(answer(fresh_house, SEED, filter=pb.PaperFilter(venues=["Late Letters"]))) == ["local:new"])


def test_a_new_model_takes_it_over(fresh_house: House, bundle_dir: Path, corpus: Corpus) -> None:
    larger = Corpus((*corpus.papers, NEW), (*corpus.citations, *((24, row) for row in range(0, 12, 2))))
    rewrite_manifest(write_bundle(bundle_dir.parent, larger, version="m2"), catalogue_cursor=1)
    for version, expected in (("m2", 0), ("m1", 1)):  # m1 was trained before it came: a rollback
        publish(bundle_dir.parent, version)
        until(lambda v=version: fresh_house.recommender.models.require().bundle.version == v)
        until(lambda n=expected: fresh_count(fresh_house) == n)
        assert "local:new" in ids(answer(fresh_house, SEED))


def test_a_new_model_serves_with_what_is_newer_from_the_first_call(bundle_dir: Path, corpus: Corpus) -> None:
    models = Models(bundle_dir.parent)
    models.extend([FreshPaper(4, NEW, BLACK), FreshPaper(9, Paper("local:newer"))])
    for version, cursor, expected in (("m1", 0, 2), ("m2", 4, 1), ("m3", 9, 0)):
        directory = bundle_dir if version == "m1" else write_bundle(bundle_dir.parent, corpus, version=version)
        rewrite_manifest(directory, catalogue_cursor=cursor)
        publish(bundle_dir.parent, version)
        assert models.poll()
        assert models.require().fresh_count == expected


def test_a_known_paper_that_changes_is_shown_as_it_is_now(house: House, corpus: Corpus) -> None:
    before = answer(house, SEED)
    first = before.results[0].paper
    told = next(paper for paper in corpus.papers if paper.paper_id == first.paper_id)
    house.features.add(replace(told, title="Retitled", citation_count=7))

    def shown() -> pb.RecommendPapersResponse:
        return answer(house, SEED)

    until(lambda: shown().results[0].paper.title == "Retitled")
    after = shown().results[0]
    assert (after.paper.paper_id, after.paper.citation_count) == (first.paper_id, 7)
    assert ids(shown()) == ids(before) and fresh_count(house) == 0
    assert house.recommender.models.require().name != "m1", "caches hang on the name"
    token = shown().next_page_token
    assert answer(house, SEED, page_token=token).results, "its related list is still used"


def test_pages_go_on_in_the_state_of_the_first(fresh_house: House) -> None:
    whole = ids(answer(fresh_house, SEED, page_size=30))
    first = answer(fresh_house, SEED, page_size=7)
    fresh_house.features.add(Paper("local:newer", title=NEW.title, abstract=NEW.abstract), BLACK)
    until(lambda: "local:newer" in ids(answer(fresh_house, SEED, page_size=30)))
    second = answer(fresh_house, SEED, page_size=30, page_token=first.next_page_token)
    assert ids(first) + ids(second) == whole


def test_pages_of_a_state_long_gone_are_refused(fresh_house: House) -> None:
    token = answer(fresh_house, SEED, page_size=7).next_page_token
    for number in range(5):
        fresh_house.features.add(Paper(f"local:{number}", title=NEW.title))
        until(lambda n=number: fresh_count(fresh_house) == n + 2)
    until(lambda: len(fresh_house.embedding.requests) >= 2)
    code, field, said = refused(fresh_house, ask(SEED, page_size=7, page_token=token))
    assert (code, field) == (grpc.StatusCode.INVALID_ARGUMENT, "page_token")
    assert "ask for the first page again" in said


def test_without_the_embedding_service_it_is_known_by_its_references(house: House) -> None:
    house.embedding.trouble.code = grpc.StatusCode.UNAVAILABLE
    house.features.add(NEW, BLACK)
    until(lambda: fresh_count(house) == 1)
    assert "local:new" in ids(answer(house, SEED))
    assert not has_vector(house)
    house.embedding.trouble.code = None
    until(lambda: has_vector(house))


def test_without_the_feature_service_what_is_there_serves_on(
    fresh_house: House, capfd: pytest.CaptureFixture[str]
) -> None:
    fresh_house.features.trouble.code = grpc.StatusCode.UNAVAILABLE
    looks = fresh_house.recommender.follower
    until(lambda: looks._listing._pause_s > 0)
    assert "local:new" in ids(answer(fresh_house, SEED))
    until(lambda: looks._listing._pause_s >= 0.16)
    fresh_house.features.trouble.code = None
    fresh_house.features.add(Paper("local:later", title=NEW.title))
    until(lambda: fresh_count(fresh_house) == 2)
    out, err = capfd.readouterr()
    assert (out + err).count("new papers cannot be read, trying again") == 1
    assert (out + err).count("new papers cannot be read no more") == 1


def test_a_seed_that_came_a_moment_ago_counts_by_text_and_references(house: House) -> None:
    """Not among the new papers yet: the catalogue is asked."""
    house.features.papers["local:cold"] = Paper("local:cold", title="odd white paper")
    house.features.references["local:cold"] = BLACK
    both = answer(house, "local:cold", page_size=24)
    assert not both.unresolved_seeds and not both.degraded
    house.features.references["local:cold"] = ()
    text = answer(house, "local:cold", page_size=24)
    assert ids(both) != ids(text), "its references count"
    house.features.papers["local:cold"] = Paper("local:cold")
    house.features.references["local:cold"] = BLACK
    bare = answer(house, "local:cold", page_size=4)
    assert not bare.unresolved_seeds and all(int(name.rpartition("/")[2]) % 2 == 0 for name in ids(bare))


def test_a_cold_seed_whose_references_cannot_be_had_counts_by_its_text_for_the_moment(house: House) -> None:
    house.features.papers["local:cold"] = Paper("local:cold", title="odd white paper")
    house.features.references["local:cold"] = BLACK
    token = answer(house, "local:cold", page_size=5).next_page_token
    house.features.references_trouble.code = grpc.StatusCode.UNAVAILABLE
    without = answer(house, "local:cold", page_size=5)
    assert without.results and causes(without) == [degradation_pb2.DEGRADED_CAUSE_FEATURES_UNAVAILABLE]
    code, _, _ = refused(house, ask("local:cold", page_size=5, page_token=token))
    assert code == grpc.StatusCode.UNAVAILABLE, "the next page would be of another list"


@pytest.mark.parametrize(("limit", "expected"), [(0, 0), (3, 3)])
def test_no_more_are_taken_than_allowed(bundle_dir: Path, corpus: Corpus, limit: int, expected: int) -> None:
    publish(bundle_dir.parent, "m1")
    with open_house(bundle_dir.parent, corpus.papers, fresh_limit=limit) as house:
        for number in range(6):
            house.features.add(Paper(f"local:{number}", title=NEW.title))
        until(lambda: fresh_count(house) == expected)
        if limit:
            house.recommender.follower.look()
        assert fresh_count(house) == expected
