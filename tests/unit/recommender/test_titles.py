import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocite.recommender.titles import LEAST_WORDS, find_title, places_of, title_hash, word_count

SMALL = "Co-citation in the scientific literature: A new measure of the relationship between two documents"
KUHN = "The structure of scientific revolutions"
ANDRIENKO = "Visual analytics of movement"
EDITOR = "Guest Editor's Introduction"


def hashes(*titles: str) -> np.ndarray:
    return np.array(sorted(title_hash(title) for title in titles), dtype=np.uint64)


KNOWN = hashes(SMALL, KUHN, ANDRIENKO, EDITOR)


@pytest.mark.parametrize(
    "spelling",
    [
        SMALL.upper() + ".",
        SMALL.replace(" ", "\n"),
        SMALL.replace("literature", "liter-\nature"),
        SMALL.replace("Co-citation", "Cocitation"),
        SMALL.replace("scientific", "scientiﬁc"),
        SMALL.replace("e", "é"),
    ],
)
def test_a_title_is_its_letters(spelling: str) -> None:
    assert title_hash(spelling) == title_hash(SMALL)


def test_other_titles_have_other_hashes() -> None:
    others = [SMALL[:-1], SMALL + "s", KUHN, "revolutions scientific of structure The", "论文 的 标题", "论文 的 题标"]
    assert len({title_hash(title) for title in (SMALL, *others)}) == 7


def test_titles_that_say_little_have_none() -> None:
    assert [title_hash(title) for title in ("", "Editorial", "Book review", "...", "?!")] == [0] * 5
    assert title_hash("One two three") and word_count("Editor's cut") == 2


@pytest.mark.parametrize(
    ("entry", "title"),
    [
        (f"Small, H. (1973). {SMALL}. JASIS, 24(4), 265-269.", SMALL),
        (f"H. Small, “{SMALL.lower()},” JASIS 24 (1973).", SMALL),
        ("Kuhn TS 1962 The structure of scientific revolu-\ntions. Chicago", KUHN),
        (f"G. Andrienko, '{ANDRIENKO}', Springer", ANDRIENKO),
        (ANDRIENKO, ANDRIENKO),
        (f"Kuhn: {KUHN}. See also: {ANDRIENKO}.", KUHN),
    ],
)
def test_a_title_is_found_in_an_entry(entry: str, title: str) -> None:
    assert KNOWN[find_title(entry, KNOWN)] == title_hash(title)


@pytest.mark.parametrize(
    "entry",
    [
        "G. Andrienko, Towards visual analytics of movement data. Springer",
        "G. Andrienko, Visual analytics of movement data. Springer",
        "Kuhn. The road since the structure of scientific revolutions. 2000",
        "Scientific revolutions, the structure of. 1962",
        "",
        ". , ;",
    ],
)
def test_part_of_another_title_is_not_found(entry: str) -> None:
    assert find_title(entry, KNOWN) == -1


def test_nothing_is_found_where_nothing_is_known() -> None:
    none = np.empty(0, dtype=np.uint64)
    assert find_title(SMALL, none) == -1
    assert places_of(none, [title_hash(SMALL)]).tolist() == [-1]
    assert (places_of(KNOWN, [title_hash(KUHN), 0, 2**64 - 1]) >= 0).tolist() == [True, False, False]


WORDS = st.text(st.characters(categories=["L", "N"], max_codepoint=0x2FF), min_size=1, max_size=8)


@given(st.lists(WORDS, min_size=LEAST_WORDS, max_size=8), st.lists(WORDS, max_size=6), st.lists(WORDS, max_size=6))
def test_wherever_a_title_stands_it_has_the_hash_it_has_alone(
    title: list[str], before: list[str], after: list[str]
) -> None:
    text = " ".join(title)
    if title_hash(text):  # letters that only modify others may leave no word
        entry = f"{' '.join(before)}. {text}. {' '.join(after)}"
        assert find_title(entry, hashes(text)) == 0
