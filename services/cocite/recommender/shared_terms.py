"""Terms that two texts hold both."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from cocite.recommender.word_index import Terms, WordIndex

MAX_TERMS = 5
_LOOKED_AT = 4 * MAX_TERMS  # room for compounds and their parts


def shared_terms(words: WordIndex, one: Terms, other: Terms) -> tuple[str, ...]:
    """At most MAX_TERMS terms of both, highest product of weights first, of equals the longest.

    A part of a compound that is named is not named again.
    """
    places, products = _common(one, other)
    heaviest = np.lexsort((places, -products))[:_LOOKED_AT]
    named = [(-float(products[each]), words.term(places[each])) for each in heaviest]
    return tuple(_distinct(term for _, term in sorted(named, key=lambda each: (each[0], -len(each[1]), each[1]))))


def _common(one: Terms, other: Terms) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Places (k,) of the terms in both, and the products of their weights (k,)."""
    if not one.places.size:
        return one.places, one.weights
    at = np.minimum(np.searchsorted(one.places, other.places), one.places.size - 1)
    both = one.places[at] == other.places
    return other.places[both], one.weights[at[both]] * other.weights[both]


def _distinct(terms: Iterable[str]) -> Iterator[str]:
    said: set[str] = set()
    count = 0
    for term in terms:
        if count == MAX_TERMS:
            return
        if term not in said:
            said.update((term, *term.split("_")))
            count += 1
            yield term.replace("_", "-")
