from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from cocite.core.paper import Paper
from cocite.v1 import degradation_pb2, paper_pb2
from cocite.v1 import recommender_service_pb2 as pb
from support.bundles import Corpus, publish, write_bundle
from support.recommender import House, open_house, until

LATER = (  # in the catalogue, not in the model
    Paper("doi:10.1000/new", title="odd white paper", abstract="graphs over trees", aliases=("pmid:77",)),
    Paper("doi:10.1000/bare"),
    Paper("doi:10.1000/merged", title="merged since", aliases=("doi:10.1000/5",)),
)
SEED = "doi:10.1000/20"


@pytest.fixture
def house(bundle_dir: Path, corpus: Corpus) -> Iterator[House]:
    publish(bundle_dir.parent, "m1")
    with open_house(bundle_dir.parent, corpus.papers + LATER) as opened:
        yield opened


def _ask(*positive: str, **fields: object) -> pb.RecommendPapersRequest:
    seeds = pb.Seeds(positive_ids=positive, negative_ids=fields.pop("negative_ids", []), texts=fields.pop("texts", []))
    return pb.RecommendPapersRequest(seeds=seeds, **fields)


def _ids(response: pb.RecommendPapersResponse) -> list[str]:
    return [result.paper.paper_id for result in response.results]


def _causes(response: pb.RecommendPapersResponse | pb.ResolvePapersResponse) -> list[int]:
    return [each.cause for each in response.degraded]


def _refused(house: House, request: pb.RecommendPapersRequest) -> tuple[grpc.StatusCode, str, str]:
    with pytest.raises(grpc.RpcError) as caught:
        house.stub.RecommendPapers(request, timeout=10)
    status = rpc_status.from_call(caught.value)
    bad = error_details_pb2.BadRequest()
    fields = [bad.field_violations[0].field for detail in status.details if detail.Unpack(bad)]
    return caught.value.code(), fields[0] if fields else "", caught.value.details()


def test_an_answer_whole(house: House, corpus: Corpus) -> None:
    response = house.stub.RecommendPapers(_ask(SEED, page_size=5), timeout=10)
    assert response.model_version == "m1"
    assert [result.rank for result in response.results] == [1, 2, 3, 4, 5]
    assert SEED not in _ids(response)
    assert not response.degraded and not response.unresolved_seeds and not response.fallback
    assert response.next_page_token and response.attribution_token
    papers = {paper.paper_id: paper for paper in corpus.papers}
    for result in response.results:
        assert result.paper.title == papers[result.paper.paper_id].title
        assert not result.paper.abstract
        assert result.reasons and all(reason.seed == SEED for reason in result.reasons)
    assert len(house.features.requests) == 1, "display data in one call, and no other"
    assert not house.embedding.requests


@pytest.mark.parametrize(
    "spelling", ["https://doi.org/10.1000/20", "10.1000/20", "DOI:10.1000/20", "arxiv:2001.00020v2"]
)
def test_any_spelling_and_alias_is_the_same_seed(house: House, spelling: str) -> None:
    plain = house.stub.RecommendPapers(_ask(SEED), timeout=10)
    response = house.stub.RecommendPapers(_ask(spelling, SEED), timeout=10)
    assert _ids(response) == _ids(plain)
    assert {reason.seed for result in response.results for reason in result.reasons} == {SEED}


def test_pages_join_to_one_list_without_gap_or_repeat(house: House) -> None:
    whole = house.stub.RecommendPapers(_ask(SEED, page_size=300), timeout=10)
    assert not whole.next_page_token
    joined: list[str] = []
    request = _ask(SEED, page_size=7, view=paper_pb2.PAPER_VIEW_ID)
    for _ in range(10):
        page = house.stub.RecommendPapers(request, timeout=10)
        assert [result.rank for result in page.results] == [len(joined) + i + 1 for i in range(len(page.results))]
        joined += _ids(page)
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
        request.page_size = 4
    assert joined == _ids(whole)


def test_views(house: House, corpus: Corpus) -> None:
    basic, full, bare = (
        house.stub.RecommendPapers(_ask(SEED, view=view, page_size=20), timeout=10)
        for view in (paper_pb2.PAPER_VIEW_BASIC, paper_pb2.PAPER_VIEW_FULL, paper_pb2.PAPER_VIEW_ID)
    )
    assert _ids(basic) == _ids(full) == _ids(bare)
    assert any(result.paper.abstract for result in full.results)
    assert not any(result.paper.abstract for result in basic.results)
    assert all(result.paper == paper_pb2.Paper(paper_id=result.paper.paper_id) for result in bare.results)
    assert len(house.features.requests) == 2, "ids need no display data"


def test_filters_and_exclusions(house: House, corpus: Corpus) -> None:
    wanted = pb.PaperFilter(min_year=1995, max_year=2005, venues=["JOURNAL OF BLACK"], has_abstract=True)
    response = house.stub.RecommendPapers(_ask(SEED, filter=wanted, exclude_ids=["arxiv:2001.00012"]), timeout=10)
    by_id = {paper.paper_id: paper for paper in corpus.papers}
    found = [by_id[name] for name in _ids(response)]
    assert found and all(p.year and 1995 <= p.year <= 2005 and p.venue == "Journal of Black" for p in found)
    assert all(p.abstract for p in found)
    assert "doi:10.1000/12" not in _ids(response)
    unlike = house.stub.RecommendPapers(_ask(SEED, filter=pb.PaperFilter(venues=["Nowhere"])), timeout=10)
    assert not unlike.results and not unlike.fallback


def test_a_text_seed(house: House) -> None:
    text = pb.TextSeed(title="odd white paper", abstract="graphs over trees")
    response = house.stub.RecommendPapers(_ask(texts=[text], page_size=5), timeout=10)
    assert all(int(name.rpartition("/")[2]) % 2 for name in _ids(response))
    assert {reason.seed for result in response.results for reason in result.reasons} == {"text:0"}
    again = house.stub.RecommendPapers(_ask(texts=[text], page_size=5), timeout=10)
    assert _ids(again) == _ids(response)
    assert len(house.embedding.requests) == 1, "the vector was remembered"


def test_a_paper_newer_than_the_model_goes_by_its_text(house: House) -> None:
    response = house.stub.RecommendPapers(_ask("pmid:77", page_size=5), timeout=10)
    assert not response.unresolved_seeds and not response.fallback
    assert {reason.seed for result in response.results for reason in result.reasons} == {"doi:10.1000/new"}
    assert all(int(name.rpartition("/")[2]) % 2 for name in _ids(response))


def test_an_id_that_became_an_alias_finds_the_row_by_another(house: House) -> None:
    response = house.stub.RecommendPapers(_ask("doi:10.1000/merged"), timeout=10)
    assert "doi:10.1000/5" not in _ids(response)
    assert {reason.seed for result in response.results for reason in result.reasons} == {"doi:10.1000/5"}


def test_what_is_unresolved_is_listed_with_its_cause(house: House) -> None:
    request = _ask(SEED, "10.1000/nowhere", "DOI:10.1000/nowhere", "10.1000/bare", negative_ids=["10.1000/lost"])
    response = house.stub.RecommendPapers(request, timeout=10)
    assert [(each.id, each.cause) for each in response.unresolved_seeds] == [
        ("10.1000/nowhere", pb.UNRESOLVED_CAUSE_UNKNOWN),
        ("10.1000/bare", pb.UNRESOLVED_CAUSE_NOT_IN_MODEL),
        ("10.1000/lost", pb.UNRESOLVED_CAUSE_UNKNOWN),
    ]
    assert not response.fallback


def test_no_usable_seed_falls_back_to_popularity_and_says_so(house: House) -> None:
    response = house.stub.RecommendPapers(_ask("10.1000/nowhere"), timeout=10)
    assert response.fallback == pb.FALLBACK_POPULARITY
    assert len(response.unresolved_seeds) == 1
    counts = [result.reasons[0].popularity.citation_count for result in response.results]
    assert counts and counts == sorted(counts, reverse=True) and counts[0] > 0
    assert all(not result.reasons[0].seed for result in response.results)


@pytest.mark.parametrize(
    ("request_", "field", "said"),
    [
        (_ask("10.1000/1", "no id"), "seeds.positive_ids[1]", "not a paper id"),
        (_ask(SEED, negative_ids=["???"]), "seeds.negative_ids[0]", "not a paper id"),
        (_ask(SEED, exclude_ids=["10.1000/1", "x y"]), "exclude_ids[1]", "not a paper id"),
        (_ask(SEED, negative_ids=["https://doi.org/10.1000/20"]), "seeds.negative_ids[0]", "both a positive"),
        (_ask(SEED, negative_ids=["doi:10.1000/1", "arxiv:2001.00020"]), "seeds.negative_ids[1]", "both a positive"),
        (_ask("doi:10.1000/merged", negative_ids=["doi:10.1000/5"]), "seeds.negative_ids[0]", "both a positive"),
        (_ask("10.1000/zip", negative_ids=["doi:10.1000/ZIP"]), "seeds.negative_ids[0]", "both a positive"),
        (_ask(*[f"10.1000/{i}" for i in range(500)]), "seeds.positive_ids", "100"),
        (_ask(), "seeds", "at least one positive id or text"),
        (pb.RecommendPapersRequest(), "seeds", ""),
        (_ask(negative_ids=[SEED]), "seeds", "at least one positive id or text"),
        (_ask(texts=[pb.TextSeed(title=" \n")]), "seeds.texts[0]", "must hold some text"),
        (_ask(texts=[pb.TextSeed(abstract="x" * 10_000_000)]), "seeds.texts[0].abstract", "50000"),
        (_ask(SEED, filter=pb.PaperFilter(min_year=2001, max_year=2000)), "filter", "must not be after"),
        (_ask(SEED, filter=pb.PaperFilter(min_year=-1)), "filter.min_year", ""),
        (_ask(SEED, page_size=301), "page_size", "300"),
        (_ask(SEED, page_size=-1), "page_size", ""),
        (_ask(SEED, page_token="garbage"), "page_token", "no token of this service"),
        (_ask(SEED, page_token="x" * 513), "page_token", "512"),
    ],
)
def test_bad_input_names_its_field(house: House, request_: pb.RecommendPapersRequest, field: str, said: str) -> None:
    code, named, text = _refused(house, request_)
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert named == field
    assert said in text


def test_a_page_token_of_another_query_or_model_is_refused(house: House, bundle_dir: Path, corpus: Corpus) -> None:
    token = house.stub.RecommendPapers(_ask(SEED, page_size=3), timeout=10).next_page_token
    house.stub.RecommendPapers(_ask(SEED, page_size=9, page_token=token, view=paper_pb2.PAPER_VIEW_ID), timeout=10)
    for other in (_ask("doi:10.1000/19"), _ask(SEED, exclude_ids=["doi:10.1000/1"])):
        other.page_token = token
        code, field, text = _refused(house, other)
        assert (code, field) == (grpc.StatusCode.INVALID_ARGUMENT, "page_token") and "another request" in text
    write_bundle(bundle_dir.parent, corpus, version="m2")
    publish(bundle_dir.parent, "m2")
    until(lambda: house.stub.GetModel(pb.GetModelRequest(), timeout=10).model_version == "m2")
    code, field, text = _refused(house, _ask(SEED, page_token=token))
    assert (code, field) == (grpc.StatusCode.INVALID_ARGUMENT, "page_token") and "another model version" in text


def test_a_hundred_seeds_is_fine(house: House) -> None:
    response = house.stub.RecommendPapers(_ask(*[f"10.1000/{i}" for i in range(100)]), timeout=10)
    assert len(response.unresolved_seeds) == 76
    assert not response.results, "all 24 papers are seeds"


def test_features_down_leaves_ids(house: House, corpus: Corpus) -> None:
    house.features.trouble.code = grpc.StatusCode.UNAVAILABLE
    response = house.stub.RecommendPapers(_ask(SEED, "10.1000/nowhere"), timeout=10)
    assert _causes(response) == [degradation_pb2.DEGRADED_CAUSE_FEATURES_UNAVAILABLE]
    assert response.unresolved_seeds[0].cause == pb.UNRESOLVED_CAUSE_UNAVAILABLE
    by_id = {paper.paper_id: paper for paper in corpus.papers}
    for result in response.results:
        paper = by_id[result.paper.paper_id]
        assert (result.paper.year or None) == paper.year and result.paper.has_abstract == bool(paper.abstract)
        assert not result.paper.title and result.reasons


def test_a_dead_service_is_left_alone_and_taken_back(house: House) -> None:
    house.features.trouble.code = grpc.StatusCode.UNAVAILABLE
    for _ in range(6):
        response = house.stub.RecommendPapers(_ask(SEED), timeout=10)
        assert _causes(response) == [degradation_pb2.DEGRADED_CAUSE_FEATURES_UNAVAILABLE]
    assert len(house.features.requests) == 3
    assert "left alone" in response.degraded[0].detail
    house.features.trouble.code = None
    until(lambda: not house.stub.RecommendPapers(_ask(SEED), timeout=10).degraded)
    assert house.stub.RecommendPapers(_ask(SEED), timeout=10).results[0].paper.title


def test_a_catalogue_that_is_down_makes_a_seed_unavailable_not_unknown(house: House) -> None:
    cause = degradation_pb2.DEGRADED_CAUSE_CATALOGUE_UNAVAILABLE
    house.features.degraded = [degradation_pb2.Degradation(cause=cause, detail="no catalogue")]
    response = house.stub.RecommendPapers(_ask(SEED, "10.1000/nowhere"), timeout=10)
    assert response.unresolved_seeds[0].cause == pb.UNRESOLVED_CAUSE_UNAVAILABLE
    assert _causes(response) == [cause]


@pytest.mark.parametrize(
    ("code", "hang", "version", "cause"),
    [
        (grpc.StatusCode.UNAVAILABLE, False, None, degradation_pb2.DEGRADED_CAUSE_EMBEDDING_UNAVAILABLE),
        (grpc.StatusCode.INTERNAL, False, None, degradation_pb2.DEGRADED_CAUSE_EMBEDDING_UNAVAILABLE),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, False, None, degradation_pb2.DEGRADED_CAUSE_EMBEDDING_UNAVAILABLE),
        (None, True, None, degradation_pb2.DEGRADED_CAUSE_EMBEDDING_SLOW),
        (None, False, "other-model", degradation_pb2.DEGRADED_CAUSE_EMBEDDING_MISMATCH),
    ],
)
def test_embedding_trouble_leaves_text_out(
    house: House, code: grpc.StatusCode | None, hang: bool, version: str | None, cause: int
) -> None:
    house.embedding.trouble.code, house.embedding.trouble.hang = code, hang
    house.embedding.model_version = version or house.embedding.model_version
    text = pb.TextSeed(title="odd white paper")
    mixed = house.stub.RecommendPapers(_ask(SEED, texts=[text]), timeout=1)
    assert _causes(mixed) == [cause] and not mixed.fallback
    plain = house.stub.RecommendPapers(_ask(SEED), timeout=10)
    assert _ids(mixed) == _ids(plain)
    alone = house.stub.RecommendPapers(_ask(texts=[text]), timeout=1)
    assert _causes(alone) == [cause]
    assert alone.fallback == pb.FALLBACK_POPULARITY and alone.results


def test_resolving(house: House) -> None:
    queries = [
        "https://doi.org/10.1000/20",
        "arxiv:2001.00003v4",
        "no id",
        "10.1000/nowhere",
        "pmid:77",
        "10.1000/merged",
    ]
    response = house.stub.ResolvePapers(pb.ResolvePapersRequest(queries=queries), timeout=10)
    assert [each.query for each in response.results] == queries
    found, unknown, malformed = pb.RESOLVE_STATUS_FOUND, pb.RESOLVE_STATUS_UNKNOWN, pb.RESOLVE_STATUS_MALFORMED
    assert [each.status for each in response.results] == [found, found, malformed, unknown, found, found]
    assert [each.in_model for each in response.results] == [True, True, False, False, False, True]
    names = [each.paper.paper_id for each in response.results]
    assert names == ["doi:10.1000/20", "doi:10.1000/3", "", "", "doi:10.1000/new", "doi:10.1000/5"]
    assert response.results[0].paper.title and not response.results[0].paper.abstract
    assert len(house.features.requests) == 1


def test_resolving_without_features(house: House) -> None:
    house.features.trouble.code = grpc.StatusCode.UNAVAILABLE
    queries = ["10.1000/20", "10.1000/nowhere", "no id"]
    response = house.stub.ResolvePapers(pb.ResolvePapersRequest(queries=queries), timeout=10)
    assert [each.status for each in response.results] == [
        pb.RESOLVE_STATUS_FOUND,
        pb.RESOLVE_STATUS_UNAVAILABLE,
        pb.RESOLVE_STATUS_MALFORMED,
    ]
    assert response.results[0].paper.paper_id == SEED
    assert _causes(response) == [degradation_pb2.DEGRADED_CAUSE_FEATURES_UNAVAILABLE]


def test_the_model_describes_itself(house: House) -> None:
    model = house.stub.GetModel(pb.GetModelRequest(), timeout=10)
    assert (model.model_version, model.paper_count, model.embedding_model_version) == ("m1", 24, "bag-16")
    assert model.create_time.ToJsonString() == "2026-01-02T03:04:05Z"
    assert model.metrics["fused.recall@20"] == 0.5 and model.citation_count > 0 and not model.refused


def test_health_says_serving(house: House) -> None:
    health = health_pb2_grpc.HealthStub(house.channel)
    for name in ("", "cocite.v1.RecommenderService"):
        status = health.Check(health_pb2.HealthCheckRequest(service=name), timeout=10).status
        assert status == health_pb2.HealthCheckResponse.SERVING
