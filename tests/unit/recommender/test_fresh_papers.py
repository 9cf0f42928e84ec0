from dataclasses import replace

import pytest

from cocite.core.paper import Paper
from cocite.recommender.bundle import Bundle
from cocite.recommender.fresh.collection import FreshPapers
from cocite.recommender.fresh.extension import Extension
from cocite.recommender.fresh.paper import FreshPaper
from cocite.serving.papers import paper_to_proto
from support.bundles import bag_vector

A, B = Paper("local:a", title="about knights", aliases=("pmid:1",)), Paper("local:b", title="about trees")


def ids(papers: FreshPapers) -> list[str]:
    return [fresh.paper.paper_id for fresh in papers.papers()]


def test_papers_come_in_any_order_and_again(bundle: Bundle) -> None:
    papers = FreshPapers(bundle, 10)
    assert not papers.changed, "nothing to swap in"
    papers.take(FreshPaper(5, B))
    papers.take(FreshPaper(7, A))
    assert (ids(papers), papers.cursor) == (["local:a", "local:b"], 7)
    papers.changed = False
    papers.take(FreshPaper(8, Paper("doi:10.1000/3")))
    assert (papers.cursor, papers.changed) == (8, False), "the bundle knows it"
    papers.take(FreshPaper(9, replace(B, title="about graphs")))
    assert papers.changed and [fresh.paper.title for fresh in papers.papers()] == ["about knights", "about graphs"]


def test_papers_that_turn_out_to_be_one_are_one(bundle: Bundle) -> None:
    papers = FreshPapers(bundle, 10)
    papers.take(FreshPaper(1, A))
    papers.take(FreshPaper(2, B))
    papers.take(FreshPaper(3, replace(B, aliases=("local:a", "pmid:1"))))
    assert ids(papers) == ["local:b"]
    papers.take(FreshPaper(4, replace(B, aliases=("doi:10.1000/3",))))
    assert ids(papers) == [] and papers.changed


def test_vectors_are_kept_as_long_as_the_text_is_the_same(bundle: Bundle) -> None:
    papers = FreshPapers(bundle, 10)
    papers.take(FreshPaper(1, A))
    papers.take(FreshPaper(2, Paper("local:bare")))
    assert [fresh.paper.paper_id for fresh in papers.without_vector()] == ["local:a"]
    papers.give_vectors(papers.without_vector(), [bag_vector("about knights")])
    assert papers.without_vector() == []
    papers.take(FreshPaper(3, A, reference_ids=("doi:10.1000/3",)))
    assert papers.without_vector() == []
    papers.take(FreshPaper(4, replace(A, title="about bishops")))
    assert [fresh.paper.title for fresh in papers.without_vector()] == ["about bishops"]


def test_another_model_keeps_what_is_newer_still(bundle: Bundle) -> None:
    papers = FreshPapers(bundle, 10)
    papers.take(FreshPaper(1, A))
    papers.take(FreshPaper(2, B))
    papers.give_vectors(papers.without_vector(), [bag_vector("knights"), bag_vector("trees")])
    trained = replace(bundle, manifest=replace(bundle.manifest, catalogue_cursor=1))
    after = FreshPapers(trained, 10, papers.papers())
    assert (ids(after), after.cursor, after.without_vector()) == (["local:b"], 1, [])
    other = replace(trained, manifest=replace(trained.manifest, embedding_model_version="other"))
    assert [each.paper.paper_id for each in FreshPapers(other, 10, papers.papers()).without_vector()] == ["local:b"]


@pytest.mark.parametrize(("limit", "full"), [(1, True), (2, False)])
def test_it_says_when_it_is_full(bundle: Bundle, limit: int, full: bool) -> None:
    papers = FreshPapers(bundle, limit)
    papers.take(FreshPaper(1, A))
    assert papers.is_full == full


def shown(paper: Paper) -> bytes:
    return paper_to_proto(paper).SerializeToString(deterministic=True)


def test_known_papers_count_when_they_are_shown_otherwise_and_within_a_limit(bundle: Bundle) -> None:
    papers = FreshPapers(bundle, 1)
    same = bundle.display.of(3)
    papers.take(FreshPaper(1, Paper("doi:10.1000/3"), display=same))
    assert not papers.changed and not papers.papers(), "it looks as it did"
    papers.take(FreshPaper(2, Paper("local:joined", aliases=("doi:10.1000/3",)), display=shown(Paper("local:joined"))))
    papers.take(FreshPaper(3, Paper("doi:10.1000/4"), display=shown(Paper("doi:10.1000/4"))))
    assert papers.changed and ids(papers) == ["local:joined"] and not papers.is_full, "one is the limit"
    papers.take(FreshPaper(4, A))
    extended = Extension(bundle).of(papers.papers())
    assert (extended.paper_count, extended.display.of(3)) == (25, shown(Paper("doi:10.1000/3")))
    assert extended.display.of(4) == bundle.display.of(4)
    assert extended.display.of(24) == shown(Paper("local:a")), "nothing else is told of it"
    papers.changed = False
    papers.take(FreshPaper(5, Paper("local:joined", aliases=("doi:10.1000/3",)), display=same))
    assert papers.changed and ids(papers) == ["local:a"], "as it was again"
