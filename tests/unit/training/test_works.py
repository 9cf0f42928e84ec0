import numpy as np
import pytest

from cocite.core.paper import Paper
from cocite.training.works import Described, title_rows, works_of

LONG = "Attention is all you need"


def works(*papers: Paper) -> list[int]:
    return works_of([Described.of(paper) for paper in papers]).tolist()


def paper(title: str = LONG, year: int | None = 2017, venue: str = "", authors: tuple[str, ...] = ()) -> Paper:
    return Paper("local:x", title=title, year=year, venue=venue, authors=authors)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (paper(), paper(f"{LONG.upper()}.", 2019)),
        (paper(year=None), paper(venue="NIPS")),
        (paper(authors=("Ashish Vaswani", "Noam Shazeer")), paper(authors=("VASWANI, A.",), year=2020)),
        (paper("Online data aggregation", authors=("A. B",)), paper("Online data aggregation", authors=("A. B",))),
        (paper(venue="CHI", year=1994), paper(venue="CHI", year=1994)),
        (paper(venue="VAST", year=2018), paper(venue="TVCG", year=2021)),
    ],
)
def test_versions_are_one_work(one: Paper, other: Paper) -> None:
    assert works(paper("Something else"), one, other) == [0, 1, 1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (paper(), paper("Attention is not all you need")),
        (paper(year=2010), paper(year=2014)),
        (paper(authors=("Ashish Vaswani",)), paper(authors=("Noam Shazeer",))),
        (paper(venue="VAST", year=2018), paper(venue="VAST", year=2019)),
        (paper("Interactive machine learning", 2001), paper("Interactive machine learning", 2003)),
        (paper("Editorial", authors=("A. B",)), paper("Editorial", authors=("A. B",))),
        (paper("Book review", authors=("A. B",)), paper("Book review", authors=("A. B",))),
        (paper("Preface"), paper("Preface")),
        (paper("Introduction"), paper("Introduction")),
        (paper(""), paper("")),
    ],
)
def test_different_papers_are_not(one: Paper, other: Paper) -> None:
    assert works(one, other) == [0, 1]


def test_what_many_bear_is_a_heading() -> None:
    chairs = [paper("Message from the program chairs", year=2010 + i // 2) for i in range(5)]
    assert works(*chairs) == [0, 1, 2, 3, 4]
    assert works(*chairs[:4]) == [0, 0, 0, 0]


def test_versions_of_versions_are_one_work_in_any_order() -> None:
    first, second, third = paper(year=2010), paper(year=2013), paper(year=2016)
    assert works(first, second, third) == works(second, third, first) == works(first, third, second) == [0, 0, 0]
    assert works(first, third) == [0, 1]


def test_a_title_means_the_most_cited_version_and_nothing_where_works_share_it() -> None:
    papers = [
        Described.of(each)
        for each in (
            paper(),
            paper(year=2018),
            paper("A title twice", 1990),
            paper("A title twice", 2010),
            paper("Editorial"),
        )
    ]
    found = works_of(papers)
    hashes, rows = title_rows(papers, found, np.array([1, 5, 0, 0, 0]))
    assert (hashes.tolist(), rows.tolist()) == ([papers[0].title], [1])
    assert title_rows(papers, found, np.zeros(5, dtype=np.int64))[1].tolist() == [0]
    assert (hashes.dtype, rows.dtype, found.dtype) == (np.uint64, np.int32, np.int32)
