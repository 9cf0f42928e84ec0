"""The terms of a text, the same in training and in serving."""

import itertools
import re
import unicodedata
from collections.abc import Iterator

LONGEST_TERM = 48  # bytes of UTF-8; what is longer is no word

# Marks belong to the letter before them, but Python's \w leaves them out. Danda, a full stop, lies between.
_LETTER = (
    r"(?:[^\W_]|[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    r"\u0900-\u0963\u0966-\u0dff\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3])"
)
_COMPOUND = re.compile(rf"{_LETTER}+(?:[-_\u2010\u2011]{_LETTER}+)*")
_JOINT = re.compile(r"[-_\u2010\u2011]")
# Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han; and Hangul, whose words carry their particles.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    r"\uf900-\ufaff\U00020000-\U0003ffff]+"
)


def terms(text: str) -> Iterator[str]:
    """Terms of a text in its order, as often as they are there.

    NFKC and case folding make spellings alike. A compound such as small_world or small-world is one term, under the
    same name, and so is each of its parts. Text in scripts without spaces becomes overlapping pairs of characters.
    Single letters and digits are left out.
    """
    for compound in _COMPOUND.findall(unicodedata.normalize("NFKC", text).casefold()):
        parts = _JOINT.split(compound)
        if len(parts) > 1:
            yield from _fitting("_".join(parts))
        for part in parts:
            yield from _of_part(part)


def _of_part(part: str) -> Iterator[str]:
    if part.isascii():
        yield from _fitting(part)
        return
    place = 0
    for run in _UNSPACED.finditer(part):
        yield from _fitting(part[place : run.start()])
        yield from _pairs(run.group())
        place = run.end()
    yield from _fitting(part[place:])


def _pairs(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
    for first, second in itertools.pairwise(run):
        yield first + second


def _fitting(word: str) -> Iterator[str]:
    if len(word) > 1 and len(word.encode()) <= LONGEST_TERM:
        yield word
