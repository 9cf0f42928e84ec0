import time

import pytest

from cocite.recommender.references_text import LONGEST_ENTRY, MOST_ENTRIES, entries_of

BIBTEX = r"""
@comment{ignored, title = {Not one}}
@string{jasis = "JASIS"}
@article{small,
  author = {Small, Henry},
  title = {{Co-citation} in the {S}cientific literature: M{\"u}ller's \emph{new} m\'easure},
  booktitle = {Another title = {here}},
  doi = {10.1002/asi\_4630240406},
}
@misc{v, title="Attention {is} all", eprint={arXiv:1706.03762v2}, archivePrefix = "arXiv", url={https://doi.org/10.1000/A}}
@misc{hal, eprint = {1706.03762}, eprinttype = {hal}, pmid = {77}}
@book{broken, title = {No end
"""


def test_bibtex() -> None:
    small, attention, other, broken = entries_of(BIBTEX)
    assert small.title == "Co-citation in the Scientific literature: Muller's new measure"
    assert small.ids == ("doi:10.1002/asi_4630240406",)
    assert (attention.title, attention.ids) == ("Attention is all", ("arxiv:1706.03762", "doi:10.1000/a"))
    assert (other.title, other.ids) == ("", ("pmid:77",))
    assert other.shown.startswith("@misc{hal, eprint")
    assert broken.title == "No end"


def test_the_ids_of_fields_come_before_those_in_notes() -> None:
    (reply,) = entries_of("@article{r, note = {Reply to doi:10.1000/other}, doi = {https://doi.org/10.1000/OWN}}")
    assert reply.ids == ("doi:10.1000/own", "doi:10.1000/other")


def test_a_numbered_list_runs_over_lines() -> None:
    text = """References
      [1] H. Small, Co-citation in the
        scientific literature, JASIS (1973). doi: 10.1002/asi.4630240406.
      [2] Vaswani et al. Attention. arXiv preprint arXiv:1706.03762v5 [cs.CL] (https://arxiv.org/abs/1706.03762).
      [3]A letter follows (10.1016/S0140-6736(05)17889-3), PMID: 12"""
    first, second, third = entries_of(text)
    assert first.shown == (
        "H. Small, Co-citation in the scientific literature, JASIS (1973). doi: 10.1002/asi.4630240406."
    )
    assert first.ids == ("doi:10.1002/asi.4630240406",)
    assert second.ids == ("arxiv:1706.03762",)
    assert third.ids == ("doi:10.1016/s0140-6736(05)17889-3", "pmid:12")
    assert {entry.title for entry in (first, second, third)} == {None}


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("a b\nc d", ["a b", "c d"]),
        ("a\nb\n\n c\nd ", ["a\nb", "c\nd"]),
        ("1. a\nwrapped 1999. b\n2. c", ["a\nwrapped 1999. b", "c"]),
        ("(1) a\n(2) b", ["a", "b"]),
        ("[1] a [2] b", ["a", "b"]),
        ("1999. No number\nb", ["1999. No number", "b"]),
        ("Bibliography:\na", ["a"]),
        ("Bibliography of maps\nb", ["Bibliography of maps", "b"]),
        (" \n\t\n", []),
        ("", []),
    ],
)
def test_where_a_list_is_cut(text: str, entries: list[str]) -> None:
    assert [entry.text for entry in entries_of(text)] == entries


def test_what_is_read_has_bounds() -> None:
    assert len(entries_of("a\n" * 10_000)) == MOST_ENTRIES
    assert len(entries_of("@a{b}\n" * 10_000)) == MOST_ENTRIES
    (long,) = entries_of("a" * 200_000)
    assert len(long.text) == LONGEST_ENTRY and len(long.shown) <= 120


@pytest.mark.parametrize(
    "text",
    [
        "@a{" * 66_000,
        "[1] " * 50_000,
        "10.1234/" * 25_000,
        "@a{title={" + "{" * 190_000,
        "http://" * 28_000,
        "References" + " " * 20_000 + "x",
        ("10.1010." * 490 + "\n") * 50,
        "\x00\ud800",
    ],
    ids=["braces", "numbers", "dois", "depth", "urls", "heading", "dots", "no text"],
)
def test_anything_may_be_pasted_and_is_read_in_one_pass(text: str) -> None:
    began = time.process_time()
    assert len(entries_of(text)) <= MOST_ENTRIES
    assert time.process_time() - began < 0.6
