"""Unicode normal forms in time that grows with the text, whatever it is made of.

To normalise puts the marks on a letter in order, and the library takes the square of their number for it: 20,000 marks
take seconds. No language puts more than a handful on one letter, and Unicode's stream-safe text allows 30 (UAX 15, 13).
"""

import re
import unicodedata
from functools import cache
from typing import Literal

MOST_MARKS = 30
_END_OF_MARKS = 0x1F000  # behind the last mark of Unicode; a test looks for others


def normalised(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """The text in a normal form; of more than MOST_MARKS marks in a row the first are kept."""
    if text.isascii():
        return text
    return unicodedata.normalize(form, _runs().sub(lambda run: run.group()[:MOST_MARKS], text))


@cache
def _runs() -> re.Pattern[str]:
    """Finds marks that are too many. Characters that are made of marks alone count as marks."""
    marks = "".join(re.escape(char) for char in map(chr, range(_END_OF_MARKS)) if is_mark(char))
    return re.compile(f"[{marks}]{{{MOST_MARKS + 1},}}")


def is_mark(char: str) -> bool:
    """Whether a character is put in order among its neighbours, or what it decomposes to begins with one that is."""
    if unicodedata.combining(char):
        return True
    return bool(unicodedata.decomposition(char)) and unicodedata.combining(unicodedata.normalize("NFKD", char)[0]) > 0
