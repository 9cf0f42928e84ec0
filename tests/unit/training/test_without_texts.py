"""A model of papers without texts, served by the real recommender beside a real embedding service."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from cocite.core.settings import Settings
from cocite.embedding.main import build as build_embedding
from cocite.recommender.main import build as build_recommender
from cocite.serving.channel import open_channel
from cocite.training.train import train
from cocite.v1 import degradation_pb2, paper_pb2
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.recommender_service_pb2_grpc import RecommenderServiceStub

from .conftest import QUICK, Fill, board_records, paper

NOWHERE = "127.0.0.1:1"
SEED = "doi:10.1000/004"


@pytest.fixture
def stub(fill: Fill, tmp_path: Path) -> Iterator[RecommenderServiceStub]:
    settings = Settings(
        home=tmp_path / "home",
        encoder="hashing",
        embedding_listen="127.0.0.1:0",
        recommender_listen="127.0.0.1:0",
        features_target=NOWHERE,
        drain_s=1,
    )
    train(fill([paper(n, text=False) for n in range(40)] + board_records()[40:]), settings, QUICK)
    embedding = build_embedding(settings)
    recommender = build_recommender(settings.model_copy(update={"embedding_target": embedding.server.start()}))
    try:
        with open_channel(recommender.server.start()) as channel:
            grpc.channel_ready_future(channel).result(20)
            yield RecommenderServiceStub(channel)
    finally:
        for process in (recommender, embedding):
            process.server.stop(lame_duck_s=0)
            process.close()


def ask(stub: RecommenderServiceStub, ids: list[str], texts: list[str]) -> pb.RecommendPapersResponse:
    seeds = pb.Seeds(positive_ids=ids, texts=[pb.TextSeed(title=title) for title in texts])
    request = pb.RecommendPapersRequest(seeds=seeds, view=paper_pb2.PAPER_VIEW_ID, page_size=10)
    return stub.RecommendPapers(request, timeout=20, wait_for_ready=True)


def causes(answer: pb.RecommendPapersResponse) -> list[int]:
    return [degradation.cause for degradation in answer.degraded]


def test_a_text_alone_is_answered_by_the_fallback_and_told_why(stub: RecommenderServiceStub):
    answer = ask(stub, [], ["black knights"])
    assert causes(answer) == [degradation_pb2.DEGRADED_CAUSE_EMBEDDING_MISMATCH]
    assert answer.fallback == pb.FALLBACK_POPULARITY
    assert len(answer.results) == 10


def test_a_text_beside_a_paper_leaves_the_papers_answer(stub: RecommenderServiceStub):
    alone, both = ask(stub, [SEED], []), ask(stub, [SEED], ["black knights"])
    assert causes(alone) == []
    assert causes(both) == [degradation_pb2.DEGRADED_CAUSE_EMBEDDING_MISMATCH]
    assert not both.fallback
    assert {(each.seed, each.share) for result in both.results for each in result.contributions} == {(SEED, 1.0)}
    for result in both.results:
        result.ClearField("contributions")
    assert list(both.results) == list(alone.results)
    assert {int(result.paper.paper_id[-3:]) % 2 for result in both.results} == {0}
