from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from cocite.v1 import degradation_pb2, paper_pb2
from cocite.v1 import recommender_service_pb2 as pb
from support.bundles import Corpus
from support.recommender import House, open_house, until
from support.recommender_calls import LATER, SEED, ask, causes, ids, refused

FULL = paper_pb2.PAPER_VIEW_FULL


def test_features_down_leaves_papers_as_the_model_shows_them(house: House, corpus: Corpus) -> None:
    house.features.trouble.code = grpc.StatusCode.UNAVAILABLE
    assert not house.stub.RecommendPapers(ask(SEED), timeout=10).degraded, "basic papers are all in the model"
    response = house.stub.RecommendPapers(ask(SEED, "10.1000/nowhere", view=FULL), timeout=10)
    assert causes(response) == [degradation_pb2.DEGRADED_CAUSE_FEATURES_UNAVAILABLE]
    assert response.unresolved_seeds[0].cause == pb.UNRESOLVED_CAUSE_UNAVAILABLE
    by_id = {paper.paper_id: paper for paper in corpus.papers}
    for result in response.results:
        paper = by_id[result.paper.paper_id]
        assert (result.paper.year or None) == paper.year and result.paper.has_abstract == bool(paper.abstract)
        assert result.paper.title == paper.title and not result.paper.abstract and result.reasons


def test_a_dead_service_is_left_alone_and_taken_back(house: House) -> None:
    house.features.trouble.code = grpc.StatusCode.UNAVAILABLE
    for _ in range(6):
        response = house.stub.RecommendPapers(ask(SEED, view=FULL), timeout=10)
        assert causes(response) == [degradation_pb2.DEGRADED_CAUSE_FEATURES_UNAVAILABLE]
    assert len(house.features.requests) == 3
    house.features.trouble.code = None
    until(lambda: not house.stub.RecommendPapers(ask(SEED, view=FULL), timeout=10).degraded)
    answer = house.stub.RecommendPapers(ask(SEED, view=FULL), timeout=10)
    assert any(result.paper.abstract for result in answer.results)


def test_thousands_of_unknown_ids_leave_time_to_answer_while_the_features_are_slow(house: House) -> None:
    house.features.trouble.delay_s = 2.0
    library, references, excluded = ([f"pmid:{kind}{number}" for number in range(1000, 2000)] for kind in (1, 2, 3))
    request = ask(SEED, exclude_ids=excluded)
    request.seeds.MergeFrom(pb.Seeds(library_ids=library, reference_ids=references))
    response = house.stub.RecommendPapers(request, timeout=10.0)
    assert causes(response) == [degradation_pb2.DEGRADED_CAUSE_FEATURES_UNAVAILABLE] and response.results
    assert {seed.cause for seed in response.unresolved_seeds} == {pb.UNRESOLVED_CAUSE_UNAVAILABLE}


def test_a_catalogue_that_is_down_makes_a_seed_unavailable_not_unknown(house: House) -> None:
    cause = degradation_pb2.DEGRADED_CAUSE_CATALOGUE_UNAVAILABLE
    house.features.degraded = [degradation_pb2.Degradation(cause=cause, detail="no catalogue")]
    response = house.stub.RecommendPapers(ask(SEED, "10.1000/nowhere"), timeout=10)
    assert response.unresolved_seeds[0].cause == pb.UNRESOLVED_CAUSE_UNAVAILABLE
    assert causes(response) == [cause]


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
def test_in_embedding_trouble_a_text_counts_by_its_words(
    house: House, code: grpc.StatusCode | None, hang: bool, version: str | None, cause: int
) -> None:
    house.embedding.trouble.code, house.embedding.trouble.hang = code, hang
    house.embedding.model_version = version or house.embedding.model_version
    text = pb.TextSeed(title="odd white paper")
    mixed = house.stub.RecommendPapers(ask(SEED, texts=[text]), timeout=1)
    assert causes(mixed) == [cause] and not mixed.fallback
    assert any(reason.seed == SEED for result in mixed.results for reason in result.reasons)
    alone = house.stub.RecommendPapers(ask(texts=[text]), timeout=1)
    assert causes(alone) == [cause] and not alone.fallback
    said = {tuple(reason.shared_terms.terms) for reason in alone.results[0].reasons}
    assert int(ids(alone)[0].rpartition("/")[2]) % 2 and {term for terms in said for term in terms} == {"odd", "white"}
    unknown = house.stub.RecommendPapers(ask(texts=[pb.TextSeed(title="xylophones")]), timeout=1)
    assert causes(unknown) == [cause]
    assert unknown.fallback == pb.FALLBACK_POPULARITY and unknown.results


TEXT = pb.TextSeed(title="odd white paper", abstract="graphs over trees")


@pytest.mark.parametrize(
    ("request_", "service"),
    [(ask(texts=[TEXT], page_size=3), "embedding"), (ask(SEED, "pmid:77", page_size=3), "features")],
)
def test_pages_of_one_token_are_pages_of_one_list(
    house: House, bundle_dir: Path, corpus: Corpus, request_: pb.RecommendPapersRequest, service: str
) -> None:
    """Pages asked of two replicas, one of which misses a service that the list is made with."""

    def after(page: pb.RecommendPapersResponse) -> pb.RecommendPapersRequest:
        following = pb.RecommendPapersRequest()
        following.CopyFrom(request_)
        following.page_token = page.next_page_token
        return following

    with open_house(bundle_dir.parent, corpus.papers + LATER) as lame:
        getattr(lame, service).trouble.code = grpc.StatusCode.UNAVAILABLE
        rich, poor = (each.stub.RecommendPapers(request_, timeout=10) for each in (house, lame))
        whole = pb.RecommendPapersRequest()
        whole.CopyFrom(request_)
        whole.page_size = 300
        lists = [each.stub.RecommendPapers(whole, timeout=10) for each in (house, lame)]
        assert ids(lists[0]) != ids(lists[1]) and lists[0].attribution_token != lists[1].attribution_token
        for replica, page in ((house, rich), (lame, poor)):
            second = replica.stub.RecommendPapers(after(page), timeout=10)
            assert second.results and not set(ids(page)) & set(ids(second))

        code, field, text = refused(house, after(poor))
        assert (code, field) == (grpc.StatusCode.INVALID_ARGUMENT, "page_token") and "first page again" in text

        with pytest.raises(grpc.RpcError) as caught:
            lame.stub.RecommendPapers(after(rich), timeout=10)
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        delay = error_details_pb2.RetryInfo()
        assert any(detail.Unpack(delay) for detail in rpc_status.from_call(caught.value).details)


def test_details_are_fixed_sentences_without_matters_of_the_house(house: House) -> None:
    house.features.trouble.code = house.embedding.trouble.code = grpc.StatusCode.UNAVAILABLE
    house.embedding.trouble.says = house.features.trouble.says = "connect failed: ipv4:10.1.2.3:50052"
    request = ask(SEED, texts=[pb.TextSeed(title="odd")], view=FULL)
    answers = [house.stub.RecommendPapers(request, timeout=10).degraded for _ in range(5)]
    assert len({tuple(each.SerializeToString() for each in answer) for answer in answers}) == 1
    assert len(answers[0]) == 2 and not any("10.1.2.3" in each.detail for each in answers[0])
