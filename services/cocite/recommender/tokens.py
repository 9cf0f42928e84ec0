"""The terms of a text, the same in training and in serving."""

import itertools
import re
from collections.abc import Iterator

from cocite.core.unicode_text import normalised

LONGEST_TERM = 48  # bytes of UTF-8; what is longer is no word

# Marks belong to the letter before them, but Python's \w leaves them out. Danda, a full stop, lies between.
_LETTER = (
    r"[\w\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    r"\u0900-\u0963\u0966-\u0dff\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3]"
)
_COMPOUND = re.compile(rf"{_LETTER}+(?:[-\u2010\u2011]{_LETTER}+)*")
_JOINT = re.compile(r"[-_\u2010\u2011]+")
# Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han; and Hangul, whose words carry their particles.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    r"\uf900-\ufaff\U00020000-\U0003ffff]+"
)


def terms(text: str) -> list[str]:
    """Terms of a text in its order, as often as they are there.

    NFKC and case folding make spellings alike. A compound such as small_world or small-world is one term, under the
    same name, and so is each of its parts. Text in scripts without spaces becomes overlapping pairs of characters.
    Single letters and digits are left out.
    """
    found: list[str] = []
    for compound in _COMPOUND.findall(normalised("NFKC", text).casefold()):
        if compound.isascii() and compound.isalnum():
            found.append(compound)
        else:
            found += _of_compound(compound)
    return [term for term in found if _is_word(term)]


def _of_compound(compound: str) -> Iterator[str]:
    parts = [part for part in _JOINT.split(compound) if part]
    if len(parts) > 1:
        yield "_".join(parts)
    for part in parts:
        place = 0
        for run in _UNSPACED.finditer(part):
            yield part[place : run.start()]
            yield from _pairs(run.group())
            place = run.end()
        yield part[place:]


def _pairs(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
    for first, second in itertools.pairwise(run):
        yield first + second


def _is_word(term: str) -> bool:
    fits = len(term) <= LONGEST_TERM // 4 or len(term.encode()) <= LONGEST_TERM  # no character takes over four bytes
    return fits and (len(term) > 1 or _UNSPACED.match(term) is not None)
