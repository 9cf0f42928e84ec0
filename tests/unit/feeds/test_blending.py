"""Places for new papers in a ranking: a bounded share of them, and the order of everything else as it was."""

from hypothesis import given
from hypothesis import strategies as st

from cocite.feeds.blending import MOST_NEW, NEW_EVERY, SIZE, blended, one_after_another
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.paper_pb2 import Paper

Ids = list[int]
LISTS = st.lists(st.integers(0, 80), max_size=120)


def items(papers: Ids) -> list[pb.FeedItem]:
    return [pb.FeedItem(paper=Paper(paper_id=f"local:{paper}")) for paper in papers]


def ids(found: list[pb.FeedItem]) -> Ids:
    return [int(item.paper.paper_id.removeprefix("local:")) for item in found]


def blend(ranked: Ids, new: Ids, left_out: Ids, new_every: int = NEW_EVERY) -> Ids:
    return ids(blended(items(ranked), items(new), {f"local:{paper}" for paper in left_out}, new_every))


def once(papers: Ids) -> Ids:
    return list(dict.fromkeys(papers))


@given(LISTS, LISTS, LISTS, st.integers(2, 7))
def test_the_order_of_the_ranking_stays_and_new_papers_have_a_bounded_share(
    ranked: Ids, new: Ids, left_out: Ids, new_every: int
) -> None:
    found = blend(ranked, new, left_out, new_every)
    fresh = [paper for paper in once(new) if paper not in left_out][:MOST_NEW]
    others = [paper for paper in once(ranked) if paper not in (*left_out, *fresh)]
    assert [paper for paper in found if paper not in fresh] == others
    assert [paper for paper in found if paper in fresh] == fresh
    assert len(found) == len({*found})
    places = [place for place, paper in enumerate(found, start=1) if paper in fresh]
    assert all(place % new_every == 0 for place in places if place <= len(others)), "while there are others to stand by"


def test_new_papers_take_one_place_in_five_of_the_first_sixty() -> None:
    assert (NEW_EVERY, MOST_NEW, SIZE) == (5, 12, 300), "measured by tests/load/feed_ranking.py; docs tell of it"
    ranked, new = list(range(SIZE)), list(range(1000, 1100))
    found = blend(ranked, new, [])
    assert [place for place, paper in enumerate(found, start=1) if paper >= 1000] == list(range(5, 61, 5))
    assert [paper for paper in found if paper < 1000] == ranked[: SIZE - MOST_NEW]
    assert len(found) == SIZE
    assert blend(ranked, [], []) == ranked


def test_a_paper_that_is_new_and_ranked_stands_once() -> None:
    found = blend(list(range(40)), [30, 2], [])
    assert len(found) == 40
    assert found.index(30) == 4
    assert found[:5] == [0, 1, 3, 4, 30]


def test_sources_follow_each_other_each_paper_once() -> None:
    parts = [items([3, 1]), items([]), items([1, 2, 9])]
    assert ids(one_after_another(parts, {"local:9"})) == [3, 1, 2]
    assert len(one_after_another([items(list(range(500)))], frozenset())) == SIZE
