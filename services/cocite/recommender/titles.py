"""Titles known by a hash of their letters, and found by it inside other text.

A title is its letters and digits alone, after NFKD, without accents and case: whatever markup, punctuation, hyphens
and line breaks it comes with, it is the same title. The hash is a polynomial over the letters modulo 2^64 (Karp and
Rabin 1987), so that those of all stretches of a text come from one cumulative sum.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.core.unicode_text import normalised

MOST_YEARS_APART = 3  # of two versions of one work
MOST_VERSIONS = 4  # a title that more papers bear is a heading, such as a preface of each year
LONG_TITLE = 4  # words from which on a title can speak for itself
LEAST_WORDS = 3  # titles of fewer ("Introduction", "Book review") name no work
MOST_WORDS = 40
LONGEST_TEXT = 4000  # characters in which titles are sought

Hashes = npt.NDArray[np.uint64]

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ACCENTS = re.compile("[\u0300-\u036f]+")
# What may stand between the words of a title without ending it: white space, hyphens, slashes, "&" and "+".
_BREAK = re.compile(r"[^\w\s\-\u2010\u2011'’/&+]|_|\s['’]|['’](?:\s|$)|\n\s*\n|^['’]")
_YEAR = re.compile(r"(?:1[5-9]|20)[0-9]{2}")
_RADIX = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_INVERSE = pow(_RADIX, -1, 1 << 64)


@dataclass(frozen=True, slots=True)
class _Words:
    """The letters of a text, and its words as stretches of them: starts and ends (w,), bool opens and closes (w,).

    opens tells that a title may begin with the word: the text, punctuation or a year stands before it. closes tells
    the same of the end.
    """

    letters: str
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    opens: npt.NDArray[np.bool_]
    closes: npt.NDArray[np.bool_]


def title_hash(title: str) -> int:
    """The hash of a title, 0 for one of fewer than LEAST_WORDS words."""
    words = _words(title[:LONGEST_TEXT])
    if words.starts.size < LEAST_WORDS:
        return 0
    sums, powers = _sums(words.letters)
    return int(_between(sums, powers, words.starts[:1], words.ends[-1:])[0])


def may_be_versions(year: int, other_year: int, same_venue: bool) -> bool:
    """Whether the years, 0 where unknown, let two papers of one title be versions of one work.

    They are at most MOST_YEARS_APART apart, and not two years of one venue, which does not publish the same twice.
    """
    apart = abs(year - other_year) if year and other_year else 0
    return apart <= MOST_YEARS_APART and not (apart and same_venue)


def word_count(title: str) -> int:
    """How many words a title has."""
    return len(_WORD.findall(_plain(title)))


def find_title(text: str, hashes: Hashes) -> int:
    """Place in hashes (ascending) of the longest known title in the text, -1 where there is none.

    A title in a text stands between punctuation, years or the text's ends: part of a longer title is not found.
    """
    words = _words(text[:LONGEST_TEXT])
    first, last = _stretches(words)
    if not first.size or not hashes.size:
        return -1
    sums, powers = _sums(words.letters)
    wanted = _between(sums, powers, words.starts[first], words.ends[last])
    places = np.minimum(np.searchsorted(hashes, wanted), hashes.size - 1)
    known = np.flatnonzero(hashes[places] == wanted)
    if not known.size:
        return -1
    lengths = words.ends[last[known]] - words.starts[first[known]]
    return int(places[known[np.argmax(lengths)]])


def places_of(hashes: Hashes, wanted: Sequence[int]) -> npt.NDArray[np.int64]:
    """Place of each wanted number in hashes (ascending), -1 where it is not there, int64 (k,)."""
    numbers = np.array(wanted, dtype=np.uint64)
    if not hashes.size:
        return np.full(numbers.size, -1, dtype=np.int64)
    places = np.minimum(np.searchsorted(hashes, numbers), hashes.size - 1)
    return np.where(hashes[places] == numbers, places, -1)


def _plain(text: str) -> str:
    return _ACCENTS.sub("", normalised("NFKD", text).casefold())


def _words(text: str) -> _Words:
    plain = _plain(text)
    found = list(_WORD.finditer(plain))
    spelled = [re.sub("['’]", "", word.group()) for word in found]
    lengths = np.array([len(word) for word in spelled], dtype=np.int64)
    ends = np.cumsum(lengths)
    edges = [0, *(place for word in found for place in word.span()), len(plain)]
    gaps = [bool(_BREAK.search(plain, edges[i], edges[i + 1])) for i in range(0, len(edges), 2)]
    years = [bool(_YEAR.fullmatch(word)) for word in spelled]
    opens = [not i or gaps[i] or years[i - 1] for i in range(len(found))]
    closes = [i == len(found) - 1 or gaps[i + 1] or years[i + 1] for i in range(len(found))]
    return _Words(
        "".join(spelled),
        ends - lengths,
        ends,
        np.array(opens, dtype=np.bool_),
        np.array(closes, dtype=np.bool_),
    )


def _stretches(words: _Words) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First and last word (k,) of each stretch that may be a title."""
    opening, closing = np.flatnonzero(words.opens), np.flatnonzero(words.closes)
    low = np.searchsorted(closing, opening + LEAST_WORDS - 1)
    counts = np.searchsorted(closing, opening + MOST_WORDS) - low
    first = np.repeat(opening, counts)
    steps = np.arange(first.size) - np.repeat(np.cumsum(counts) - counts, counts)
    return first, closing[np.repeat(low, counts) + steps]


def _sums(letters: str) -> tuple[Hashes, Hashes]:
    """Cumulative sums (l + 1,) of letter times power of the radix, and the inverse powers (l,)."""
    codes = np.frombuffer(letters.encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    mixed = (codes + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)  # spread over all bits (as in SplitMix64)
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(29)
    sums = np.concatenate((np.zeros(1, dtype=np.uint64), np.cumsum(mixed * _powers(_RADIX, codes.size))))
    return sums, _powers(_INVERSE, codes.size)


def _powers(base: int, count: int) -> Hashes:
    factors = np.full(count, base, dtype=np.uint64)
    factors[:1] = 1
    return np.cumprod(factors)


def _between(sums: Hashes, inverse: Hashes, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> Hashes:
    """Hash of the letters from each start to each end."""
    return (sums[ends] - sums[starts]) * inverse[starts]
