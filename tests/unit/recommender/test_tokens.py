import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocite.recommender.tokens import LONGEST_TERM, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t.,;!", []),
        ("Graphs over TREES", ["graphs", "over", "trees"]),
        ("graphs, graphs.", ["graphs", "graphs"]),
        ("a 3D view of x", ["3d", "view", "of"]),
        ("small_world", ["small_world", "small", "world"]),
        ("Co-Citation", ["co_citation", "co", "citation"]),
        ("__a--b_ c__", []),
        ("_graph_", ["graph"]),
        ("ﬁle １２ Ⅷ", ["file", "12", "viii"]),
        ("straße", ["strasse"]),
        ("cafe\u0301", ["café"]),
        ("आधुनिक हिन्दी।", ["आधुनिक", "हिन्दी"]),
        ("引文分析", ["引文", "文分", "分析"]),
        ("共", ["共"]),
        ("共引 analysis", ["共引", "analysis"]),
        ("LaTeX入門書v2", ["latex", "入門", "門書", "v2"]),
        ("การอ้างอิง", ["กา", "าร", "รอ", "อ้", "้า", "าง", "งอ", "อิ", "ิง"]),
        ("x" * LONGEST_TERM, ["x" * LONGEST_TERM]),
        ("x" * (LONGEST_TERM + 1), []),
        ("é" * (LONGEST_TERM // 2 + 1), []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@given(st.text(max_size=200))
def test_any_text_gives_terms_that_fit(text: str) -> None:
    for term in terms(text):
        assert term and len(term.encode()) <= LONGEST_TERM
        assert not term.isspace() and "\0" not in term


@given(st.lists(st.sampled_from(["small_world", "Graph", "引文分析", "co-author", "x"]), max_size=8))
def test_case_and_what_stands_between_do_not_matter(words: list[str]) -> None:
    assert terms(" ".join(words)) == terms("; ".join(words).upper())
