"""Reasons and contributions as they come over gRPC, each looked up in the papers themselves."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cocite.recommender import evidence
from cocite.v1 import recommender_service_pb2 as pb
from support.bundles import checkerboard, publish, write_bundle
from support.reasons import Truth
from support.recommender import House, open_house

MADE = replace(checkerboard(), libraries=((20, 18, 16), (20, 16, 14), (20, 18, 16, 9), (21, 19)))
TEXT = "graphs over trees"


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("bundles")
    write_bundle(folder, MADE)
    publish(folder, "m1")
    with open_house(folder, MADE.papers) as opened:
        yield opened


def doi(row: int) -> str:
    return f"doi:10.1000/{row}"


def row_of(name: str) -> int:
    return int(name.rpartition("/")[2])


def asked(house: House, **seeds: object) -> pb.RecommendPapersResponse:
    return house.stub.RecommendPapers(pb.RecommendPapersRequest(seeds=pb.Seeds(**seeds), page_size=20), timeout=10)


def evidence_of(reason: pb.Reason) -> evidence.Evidence:
    """The message as what it was made of."""
    kind = reason.WhichOneof("evidence")
    message = getattr(reason, kind)
    match kind:
        case "shared_references" | "co_citation" | "cited_with_references":
            make = {
                "shared_references": evidence.SharedReferences,
                "co_citation": evidence.CoCitation,
                "cited_with_references": evidence.CitedWithReferences,
            }[kind]
            return make(message.count, tuple(row_of(name) for name in message.paper_ids))
        case "direct_citation":
            return evidence.DirectCitation(message.seed_cites_result)
        case "text_likeness":
            return evidence.TextLikeness(message.cosine, tuple(message.shared_terms))
        case "shared_readers":
            return evidence.SharedReaders(message.count)
    raise AssertionError(kind)


@pytest.mark.parametrize(
    ("seeds", "wholes"),
    [
        ({"positive_ids": [doi(20)]}, []),
        ({"positive_ids": [doi(20), doi(9)], "texts": [pb.TextSeed(title=TEXT)]}, [doi(20), doi(9), "text:0"]),
        ({"library_ids": [doi(20), doi(12)]}, []),
        ({"reference_ids": [doi(4), doi(6), doi(8)]}, []),
        (
            {"positive_ids": [doi(21)], "library_ids": [doi(20)], "reference_ids": [doi(4), doi(6)]},
            [doi(21), "references", "library"],
        ),
    ],
)
def test_what_an_answer_says_is_true(board: House, seeds: dict[str, list[str]], wholes: list[str]) -> None:
    truth, cited = Truth(MADE), {row_of(name) for name in seeds.get("reference_ids", [])}
    answer = asked(board, **seeds)
    assert answer.results
    for result in answer.results:
        row = row_of(result.paper.paper_id)
        for reason in result.reasons:
            if reason.seed == "references":
                truth.check(evidence_of(reason), row, seed=None, references=cited)
            elif reason.seed == "text:0":
                truth.check(evidence_of(reason), row, seed=None, text=TEXT, references=set())
            else:
                seed = row_of(reason.seed)
                truth.check(evidence_of(reason), row, seed=seed, references=truth.cites[seed])
        assert {each.seed for each in result.contributions} <= set(wholes)
        assert all(0 < each.share <= 1 for each in result.contributions)
        if result.contributions:
            assert sum(each.share for each in result.contributions) == pytest.approx(1, abs=1e-6)
    assert any(result.contributions for result in answer.results) == bool(wholes)


def test_a_list_of_references_is_one_that_shares_them(board: House) -> None:
    found = asked(board, reference_ids=[doi(4), doi(6), doi(8)])
    reasons = [reason for result in found.results for reason in result.reasons]
    assert {reason.seed for reason in reasons} == {"references"}
    assert {reason.WhichOneof("evidence") for reason in reasons} == {"shared_references", "cited_with_references"}
    assert 3 in {reason.shared_references.count for reason in reasons}


def test_readers_of_a_library_are_counted_not_named(board: House) -> None:
    found = asked(board, library_ids=[doi(20)])
    (reason,) = (
        reason
        for result in found.results
        for reason in result.reasons
        if reason.WhichOneof("evidence") == "shared_readers"
    )
    assert (reason.seed, reason.shared_readers.count) == (doi(20), 3)
    assert [field.name for field in reason.shared_readers.DESCRIPTOR.fields] == ["count"]
