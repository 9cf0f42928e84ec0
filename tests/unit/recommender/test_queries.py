"""Libraries, reference lists, negative texts, fields and preferences over gRPC."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from cocite.core.paper import Paper
from cocite.v1 import recommender_service_pb2 as pb
from support.bundles import Corpus, checkerboard, publish, write_bundle
from support.recommender import House, open_house
from support.recommender_calls import LATER, ask, ids, refused

NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"]
TITLES = [f"A study of {'black' if i % 2 == 0 else 'white'} boards, part {NUMBERS[i // 2]}" for i in range(24)]
PREPRINT = "arxiv:2101.00001"  # of the paper in row 4


def corpus() -> Corpus:
    """A checkerboard with a title for each paper, fields by colour, and a preprint of paper 4 that is cited too."""
    board = checkerboard()
    papers = tuple(
        replace(paper, title=TITLES[i], fields=("Chess",) if i % 2 == 0 else ("Chess", "Graph Theory"))
        for i, paper in enumerate(board.papers)
    )
    preprint = Paper(PREPRINT, title=TITLES[4].upper(), abstract="knights and bishops", year=1993)
    citing = tuple((i, len(papers)) for i in range(8, 24, 2))
    return Corpus((*papers, preprint), board.citations + citing)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("bundles")
    made = corpus()
    write_bundle(folder, made)
    publish(folder, "m1")
    with open_house(folder, made.papers + LATER) as opened:
        yield opened


def asked(house: House, **seeds: object) -> pb.RecommendPapersResponse:
    return house.stub.RecommendPapers(pb.RecommendPapersRequest(seeds=pb.Seeds(**seeds), page_size=50), timeout=10)


def doi(row: int) -> str:
    return f"doi:10.1000/{row}"


def colours(names: list[str]) -> list[int]:
    return [int(name.rpartition("/")[2]) % 2 if name != PREPRINT else 0 for name in names]


@pytest.mark.parametrize("kind", ["library_ids", "reference_ids", "positive_ids"])
def test_rows_of_any_kind_lead_to_their_colour_and_stay_out(library: House, kind: str) -> None:
    given = [doi(21), "https://doi.org/10.1000/19", "arxiv:2001.00017"]
    found = ids(asked(library, **{kind: given}))
    assert not {doi(21), doi(19), doi(17)} & set(found)
    # Libraries go by likeness of use rather than by what papers cite: one of the other colour may come among them.
    assert colours(found[:6]).count(0) <= (kind == "library_ids")


def test_a_pasted_list_and_bibtex_say_what_they_found(library: House) -> None:
    listed = f"""[1] A. Author. {TITLES[21]}. Journal, 2011.
[2] B. Author. Something entirely different that nobody knows. 2012.
[3] C. Author. Untitled. doi:10.1000/19.
[4] D. Author, "{TITLES[17].replace("white", "wh-⏎ite".replace("⏎", chr(10)))}", 2007.
[5] E. Author. New. PMID: 77."""
    answer = asked(library, reference_text=listed)
    assert [each.paper_id for each in answer.resolved_references] == [doi(21), doi(19), doi(17)]
    assert answer.resolved_references[1].entry == "C. Author. Untitled. doi:10.1000/19."
    assert [(each.field, each.cause) for each in answer.unresolved_seeds] == [
        ("seeds.reference_text[1]", pb.UNRESOLVED_CAUSE_UNKNOWN),
        ("seeds.reference_text[4]", pb.UNRESOLVED_CAUSE_NOT_IN_MODEL),
    ]
    bibtex = "".join(f"@article{{k{row}, title = {{{TITLES[row]}}}, year = 2000}}\n" for row in (21, 19, 17))
    by_ids = asked(library, reference_ids=[doi(21), doi(19), doi(17)])
    assert ids(answer) == ids(asked(library, reference_text=bibtex)) == ids(by_ids)
    assert {reason.seed for result in answer.results for reason in result.reasons} <= {
        doi(21),
        doi(19),
        doi(17),
        "references",
    }


def test_references_that_lead_nowhere_are_said_and_the_answer_is_named_a_fallback(library: House) -> None:
    answer = asked(library, reference_text="Nothing that anybody knows")
    assert answer.fallback == pb.FALLBACK_POPULARITY and not answer.resolved_references
    assert [each.id for each in answer.unresolved_seeds] == ["Nothing that anybody knows"]


def test_a_reference_that_cannot_be_looked_up_now_may_be_known(library: House) -> None:
    library.features.trouble.code = grpc.StatusCode.UNAVAILABLE
    try:
        answer = asked(
            library,
            positive_ids=[doi(20)],
            library_ids=["pmid:77", "pmid:78", "PMID:77"],
            reference_text="See doi:10.1000/far.",
        )
    finally:
        library.features.trouble.code = None
    unavailable = pb.UNRESOLVED_CAUSE_UNAVAILABLE
    assert [(each.field, each.cause) for each in answer.unresolved_seeds] == [
        ("seeds.library_ids[0]", unavailable),
        ("seeds.library_ids[1]", unavailable),
        ("seeds.reference_text[0]", unavailable),
    ]


def test_a_negative_text_turns_the_answer_away(library: House) -> None:
    texts = [pb.TextSeed(title="knights and bishops"), pb.TextSeed(title="graphs over trees")]
    both = asked(library, texts=texts)
    turned = asked(library, texts=texts, negative_texts=[pb.TextSeed(title="knights bishops")])
    assert sum(colours(ids(turned)[:8])) > sum(colours(ids(both)[:8]))
    request = ask(texts=texts[:1])
    request.seeds.negative_texts.append(texts[0])
    code, field, _ = refused(library, request)
    assert (code, field) == (grpc.StatusCode.INVALID_ARGUMENT, "seeds.negative_texts[0]")


@pytest.mark.parametrize("kind", ["library_ids", "reference_ids", "reference_text"])
def test_a_negative_paper_of_a_library_or_list_is_not_one_to_be_like(library: House, kind: str) -> None:
    both = [doi(20), doi(18)]
    given = "\n".join(both) if kind == "reference_text" else both
    one = both[0] if kind == "reference_text" else both[:1]
    mixed = asked(library, **{kind: given}, negative_ids=[doi(18)])
    assert mixed.results == asked(library, **{kind: one}, negative_ids=[doi(18)]).results
    alone = asked(library, **{kind: doi(18) if kind == "reference_text" else [doi(18)]}, negative_ids=[doi(18)])
    assert alone.fallback == pb.FALLBACK_POPULARITY and doi(18) not in ids(alone)


def test_only_papers_of_a_field(library: House) -> None:
    request = ask(doi(20), page_size=50)
    request.filter.fields.append("GRAPH theory ")
    assert set(colours(ids(library.stub.RecommendPapers(request, timeout=10)))) == {1}
    request.filter.fields[0] = "graph"
    assert not library.stub.RecommendPapers(request, timeout=10).results
    request.filter.fields.append("Chess")
    assert set(colours(ids(library.stub.RecommendPapers(request, timeout=10)))) == {0, 1}


def test_of_a_preprint_and_its_paper_one_is_shown(library: House) -> None:
    found = ids(asked(library, positive_ids=[doi(20)]))
    assert len({PREPRINT, doi(4)} & set(found)) == 1
    for seed in (PREPRINT, doi(4)):
        for kind in ("positive_ids", "library_ids", "reference_ids"):
            assert not {PREPRINT, doi(4)} & set(ids(asked(library, **{kind: [seed, doi(20)]}))), (kind, seed)
    excluded = library.stub.RecommendPapers(ask(doi(20), exclude_ids=[PREPRINT], page_size=50), timeout=10)
    assert not {PREPRINT, doi(4)} & set(ids(excluded))


PREFERENCES = {"recency": 0.5, "diversity": 0.4}


def test_preferences_change_the_order_and_pages_stay_one_list(library: House) -> None:
    plain = library.stub.RecommendPapers(ask(doi(20), page_size=30), timeout=10)
    whole = library.stub.RecommendPapers(ask(doi(20), page_size=30, **PREFERENCES), timeout=10)
    assert ids(plain) != ids(whole) and sorted(ids(plain)) == sorted(ids(whole))
    pages, token = [], ""
    while token or not pages:
        page = library.stub.RecommendPapers(ask(doi(20), page_size=7, page_token=token, **PREFERENCES), timeout=10)
        pages += ids(page)
        token = page.next_page_token
    assert pages == ids(whole)


CHANGES = {
    "negative_texts": [pb.TextSeed(title="other")],
    "library_ids": [doi(3)],
    "reference_ids": [doi(3)],
    "reference_text": TITLES[3],
}


@pytest.mark.parametrize("change", [*CHANGES, "recency", "diversity", "fields"])
def test_a_page_belongs_to_all_of_the_request(library: House, change: str) -> None:
    token = library.stub.RecommendPapers(ask(doi(20), page_size=3), timeout=10).next_page_token
    request = ask(doi(20), page_size=3, page_token=token)
    assert library.stub.RecommendPapers(request, timeout=10).results
    if change == "fields":
        request.filter.fields.append("Chess")
    elif change in PREFERENCES:
        setattr(request, change, 0.1)
    else:
        request.seeds.MergeFrom(pb.Seeds(**{change: CHANGES[change]}))
    code, field, said = refused(library, request)
    assert (code, field) == (grpc.StatusCode.INVALID_ARGUMENT, "page_token") and "another request" in said


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.RecommendPapersRequest(seeds=pb.Seeds(negative_texts=[pb.TextSeed(title="only")])), "seeds"),
        (pb.RecommendPapersRequest(seeds=pb.Seeds(reference_text=" \n ")), "seeds"),
        (pb.RecommendPapersRequest(seeds=pb.Seeds(reference_text="\u3000")), "seeds.reference_text"),
        (pb.RecommendPapersRequest(seeds=pb.Seeds(reference_text="References:\n")), "seeds.reference_text"),
        (pb.RecommendPapersRequest(seeds=pb.Seeds(reference_text="x" * 200_001)), "seeds.reference_text"),
        (pb.RecommendPapersRequest(seeds=pb.Seeds(library_ids=["pmid:1"] * 1001)), "seeds.library_ids"),
        (pb.RecommendPapersRequest(seeds=pb.Seeds(library_ids=["no id"])), "seeds.library_ids[0]"),
        (pb.RecommendPapersRequest(seeds=pb.Seeds(reference_ids=["pmid:1", "no id"])), "seeds.reference_ids[1]"),
        (ask(doi(1), recency=1.5), "recency"),
        (ask(doi(1), recency=float("nan")), "recency"),
        (ask(doi(1), diversity=-0.1), "diversity"),
    ],
)
def test_what_cannot_be_is_refused_by_field(library: House, request_: pb.RecommendPapersRequest, field: str) -> None:
    code, named, _ = refused(library, request_)
    assert (code, named) == (grpc.StatusCode.INVALID_ARGUMENT, field)
