"""Normal forms are those of Unicode, and of text that is made to be slow to normalise little is kept."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocite.core.unicode_text import _END_OF_MARKS, MOST_MARKS, is_mark, normalised

FORMS = ("NFC", "NFKC", "NFKD")
MARKS = "\u0345\u0334\u0591\u3099\uff9e\u0f73\U0001e94a"
SLOW = "a" + "\u0345\u0334" * 20_000


def longest_run(text: str) -> int:
    longest = run = 0
    for char in unicodedata.normalize("NFKD", text):
        run = run + 1 if unicodedata.combining(char) else 0
        longest = max(longest, run)
    return longest


@pytest.mark.parametrize("form", FORMS)
@given(text=st.text(max_size=60))
def test_ordinary_text_is_normalised_as_unicode_says(form: str, text: str) -> None:
    assert normalised(form, text) == unicodedata.normalize(form, text)


@pytest.mark.parametrize("form", FORMS)
@given(text=st.text(MARKS + "aé ", min_size=100, max_size=300))
def test_no_more_marks_in_a_row_are_put_in_order(form: str, text: str) -> None:
    assert longest_run(normalised(form, text)) <= 3 * MOST_MARKS  # one character is at most three marks


@pytest.mark.parametrize("form", FORMS)
def test_text_made_of_marks_is_cut(form: str) -> None:
    assert normalised(form, SLOW + "b") == unicodedata.normalize(form, SLOW[: 1 + MOST_MARKS] + "b")
    assert longest_run(SLOW[:2000]) > 3 * MOST_MARKS  # so it would have been put in order as a whole


def test_no_mark_lies_behind_the_last_that_is_looked_for() -> None:
    assert not any(is_mark(chr(code)) for code in range(_END_OF_MARKS, sys.maxunicode + 1))
    assert is_mark(chr(0x1E94A))
