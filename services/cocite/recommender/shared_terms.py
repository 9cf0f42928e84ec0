"""Terms that two texts hold both."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from cocite.recommender.word_index import Terms, WordIndex

MAX_TERMS = 5


def shared_terms(words: WordIndex, one: Terms, other: Terms) -> tuple[str, ...]:
    """At most MAX_TERMS terms of both, highest product of weights first, ties in order of the vocabulary.

    A part of a compound that is named is not named again.
    """
    places, products = _common(one, other)
    order = np.lexsort((places, -products))
    return tuple(_distinct(words.term(places[each]) for each in order))


def _common(one: Terms, other: Terms) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Places (k,) of the terms in both, and the products of their weights (k,)."""
    if not one.places.size:
        return one.places, one.weights
    at = np.minimum(np.searchsorted(one.places, other.places), one.places.size - 1)
    both = one.places[at] == other.places
    return other.places[both], one.weights[at[both]] * other.weights[both]


def _distinct(terms: Iterator[str]) -> Iterator[str]:
    said: set[str] = set()
    count = 0
    for term in terms:
        if count == MAX_TERMS:
            return
        if term not in said:
            said.update((term, *term.split("_")))
            count += 1
            yield term.replace("_", "-")
