from pathlib import Path

import grpc
import pytest

from cocite.v1 import paper_pb2
from cocite.v1 import recommender_service_pb2 as pb
from support.bundles import Corpus, publish, write_bundle
from support.recommender import House, until
from support.recommender_calls import SEED, ask, refused


@pytest.mark.parametrize(
    ("request_", "field", "said"),
    [
        (ask("10.1000/1", "no id"), "seeds.positive_ids[1]", "not a paper id"),
        (ask(SEED, negative_ids=["???"]), "seeds.negative_ids[0]", "not a paper id"),
        (ask(SEED, exclude_ids=["10.1000/1", "x y"]), "exclude_ids[1]", "not a paper id"),
        (ask(SEED, negative_ids=["https://doi.org/10.1000/20"]), "seeds.negative_ids[0]", "both a positive"),
        (ask(SEED, negative_ids=["doi:10.1000/1", "arxiv:2001.00020"]), "seeds.negative_ids[1]", "both a positive"),
        (ask("doi:10.1000/merged", negative_ids=["doi:10.1000/5"]), "seeds.negative_ids[0]", "both a positive"),
        (ask("10.1000/zip", negative_ids=["doi:10.1000/ZIP"]), "seeds.negative_ids[0]", "both a positive"),
        (
            ask("10.1000/" + 480 * "漢", negative_ids=["10.1000/" + 480 * "漢"]),
            "seeds.negative_ids[0]",
            "漢... is both",
        ),
        (ask(*[f"10.1000/{i}" for i in range(500)]), "seeds.positive_ids", "100"),
        (ask(), "seeds", "at least one positive id, text, library paper or reference"),
        (pb.RecommendPapersRequest(), "seeds", ""),
        (ask(negative_ids=[SEED]), "seeds", "at least one positive id, text, library paper or reference"),
        (ask(texts=[pb.TextSeed(title=" \n")]), "seeds.texts[0]", "must hold some text"),
        (ask(texts=[pb.TextSeed(title="odd"), pb.TextSeed(title="\u00a0\u3000\x1c")]), "seeds.texts[1]", "some text"),
        (ask(texts=[pb.TextSeed(abstract="x" * 10_000_000)]), "seeds.texts[0].abstract", "50000"),
        (ask(SEED, filter=pb.PaperFilter(min_year=2001, max_year=2000)), "filter", "must not be after"),
        (ask(SEED, filter=pb.PaperFilter(min_year=-1)), "filter.min_year", ""),
        (ask(SEED, page_size=301), "page_size", "300"),
        (ask(SEED, page_size=-1), "page_size", ""),
        (ask(SEED, page_token="garbage"), "page_token", "no token of this service"),
        (ask(SEED, page_token="x" * 513), "page_token", "512"),
    ],
)
def test_bad_input_names_its_field(house: House, request_: pb.RecommendPapersRequest, field: str, said: str) -> None:
    code, named, text = refused(house, request_)
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert named == field
    assert said in text


def test_a_page_token_of_another_query_or_model_is_refused(house: House, bundle_dir: Path, corpus: Corpus) -> None:
    token = house.stub.RecommendPapers(ask(SEED, page_size=3), timeout=10).next_page_token
    house.stub.RecommendPapers(ask(SEED, page_size=9, page_token=token, view=paper_pb2.PAPER_VIEW_ID), timeout=10)
    for other in (ask("doi:10.1000/19"), ask(SEED, exclude_ids=["doi:10.1000/1"])):
        other.page_token = token
        code, field, text = refused(house, other)
        assert (code, field) == (grpc.StatusCode.INVALID_ARGUMENT, "page_token") and "another request" in text
    write_bundle(bundle_dir.parent, corpus, version="m2")
    publish(bundle_dir.parent, "m2")
    until(lambda: house.stub.GetModel(pb.GetModelRequest(), timeout=10).model_version == "m2")
    code, field, text = refused(house, ask(SEED, page_token=token))
    assert (code, field) == (grpc.StatusCode.INVALID_ARGUMENT, "page_token") and "another model version" in text
