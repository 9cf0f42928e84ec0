from dataclasses import replace

from grpc_health.v1 import health_pb2, health_pb2_grpc

from cocite.serving.papers import paper_to_proto
from cocite.v1 import paper_pb2
from cocite.v1 import recommender_service_pb2 as pb
from support.bundles import Corpus
from support.recommender import House
from support.recommender_calls import SEED, ask, ids


def test_an_answer_whole(house: House, corpus: Corpus) -> None:
    response = house.stub.RecommendPapers(ask(SEED, page_size=5), timeout=10)
    assert response.model_version == "m1"
    assert [result.rank for result in response.results] == [1, 2, 3, 4, 5]
    assert SEED not in ids(response)
    assert not response.degraded and not response.unresolved_seeds and not response.fallback
    assert response.next_page_token and response.attribution_token
    papers = {paper.paper_id: paper for paper in corpus.papers}
    for result in response.results:
        assert result.paper.title == papers[result.paper.paper_id].title
        assert not result.paper.abstract
        assert result.reasons and all(reason.seed == SEED for reason in result.reasons)
    assert not house.features.requests and not house.embedding.requests, "nobody else is asked"


def test_pages_join_to_one_list_without_gap_or_repeat(house: House) -> None:
    whole = house.stub.RecommendPapers(ask(SEED, page_size=300), timeout=10)
    assert not whole.next_page_token
    joined: list[str] = []
    request = ask(SEED, page_size=7, view=paper_pb2.PAPER_VIEW_ID)
    for _ in range(10):
        page = house.stub.RecommendPapers(request, timeout=10)
        assert [result.rank for result in page.results] == [len(joined) + i + 1 for i in range(len(page.results))]
        joined += ids(page)
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
        request.page_size = 4
    assert joined == ids(whole)


def test_views(house: House, corpus: Corpus) -> None:
    basic, full, bare = (
        house.stub.RecommendPapers(ask(SEED, view=view, page_size=20), timeout=10)
        for view in (paper_pb2.PAPER_VIEW_BASIC, paper_pb2.PAPER_VIEW_FULL, paper_pb2.PAPER_VIEW_ID)
    )
    assert ids(basic) == ids(full) == ids(bare)
    assert any(result.paper.abstract for result in full.results)
    assert not any(result.paper.abstract for result in basic.results)
    assert all(result.paper == paper_pb2.Paper(paper_id=result.paper.paper_id) for result in bare.results)
    assert len(house.features.requests) == 1, "only full papers are asked for, in one call"
    for result in basic.results:
        shown = next(paper for paper in corpus.papers if paper.paper_id == result.paper.paper_id)
        cited = sum(shown is corpus.papers[cited] for _, cited in corpus.citations)
        citing = sum(shown is corpus.papers[citing] for citing, _ in corpus.citations)
        assert result.paper == paper_to_proto(replace(shown, citation_count=cited, reference_count=citing))


def test_filters_and_exclusions(house: House, corpus: Corpus) -> None:
    wanted = pb.PaperFilter(min_year=1995, max_year=2005, venues=["JOURNAL OF BLACK"], has_abstract=True)
    response = house.stub.RecommendPapers(ask(SEED, filter=wanted, exclude_ids=["arxiv:2001.00012"]), timeout=10)
    by_id = {paper.paper_id: paper for paper in corpus.papers}
    found = [by_id[name] for name in ids(response)]
    assert found and all(p.year and 1995 <= p.year <= 2005 and p.venue == "Journal of Black" for p in found)
    assert all(p.abstract for p in found)
    assert "doi:10.1000/12" not in ids(response)
    unlike = house.stub.RecommendPapers(ask(SEED, filter=pb.PaperFilter(venues=["Nowhere"])), timeout=10)
    assert not unlike.results and not unlike.fallback


def test_a_text_seed(house: House) -> None:
    text = pb.TextSeed(title="odd white paper", abstract="graphs over trees")
    response = house.stub.RecommendPapers(ask(texts=[text], page_size=5), timeout=10)
    assert all(int(name.rpartition("/")[2]) % 2 for name in ids(response))
    assert {reason.seed for result in response.results for reason in result.reasons} == {"text:0"}
    again = house.stub.RecommendPapers(ask(texts=[text], page_size=5), timeout=10)
    assert ids(again) == ids(response)
    assert len(house.embedding.requests) == 1, "the vector was remembered"


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
