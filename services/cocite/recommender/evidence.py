"""What ties a result to a seed, as rows and numbers that can be checked against the bundle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from cocite.recommender import reason_code
from cocite.recommender.reason_encoder import encoded


@dataclass(frozen=True, slots=True)
class SharedReferences:
    """count references that both list (Kessler 1963), some of their rows, highest idf first."""

    count: int
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CoCitation:
    """count papers that cite both (Small 1973), some of their rows, newest first."""

    count: int
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DirectCitation:
    """One cites the other."""

    seed_cites_result: bool


@dataclass(frozen=True, slots=True)
class TextLikeness:
    """Cosine of the two texts' vectors, and places in the vocabulary of terms that both hold, most telling first."""

    cosine: float
    terms: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SharedTerms:
    """Places of terms that both texts hold, most telling first; nothing else ties the two."""

    terms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SharedReaders:
    """count readers keep both, LEAST_READERS or more; who they are is not told."""

    count: int


@dataclass(frozen=True, slots=True)
class Popularity:
    """How many papers of the bundle cite the result; no seed ties it."""

    citation_count: int


@dataclass(frozen=True, slots=True)
class CitedWithReferences:
    """count papers cite the result and a reference of the seed; some of those references, most often so first."""

    count: int
    rows: tuple[int, ...]


Evidence = (
    SharedReferences
    | CoCitation
    | DirectCitation
    | SharedReaders
    | TextLikeness
    | SharedTerms
    | Popularity
    | CitedWithReferences
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Evidence and the place in the list of seeds of the one it ties the result to, -1 for popularity."""

    seed: int
    evidence: Evidence


class Reasons(Sequence[list[Reason]]):
    """Reasons for the results of a page (k,), strongest first; read, a list for each result.

    counts int64 (k,) says how many each has, most at most; of each reason heads int32 (k, most, 3) has the kind
    (reason_code.py), the place of the seed, -1 for none, and how many arguments (k, most, any) it has, rows of papers
    or places of terms; values float64 (k, most) the count or the cosine.
    """

    def __init__(self, results: int, most: int, most_arguments: int) -> None:
        self.counts = np.zeros(results, dtype=np.int64)
        self.heads = np.empty((results, most, 3), dtype=np.int32)
        self.values = np.empty((results, most), dtype=np.float64)
        self.arguments = np.empty((results, most, most_arguments), dtype=np.int32)

    def add(self, place: int, kind: int, seed: int, value: float = 0.0, arguments: Sequence[int] = ()) -> None:
        """One more reason, the weakest, for the result at a place."""
        at = self.counts[place]
        self.heads[place, at] = (kind, seed, len(arguments))
        self.values[place, at] = value
        self.arguments[place, at, : len(arguments)] = arguments
        self.counts[place] += 1

    def code(self) -> npt.NDArray[np.uint8]:
        """The bytes of reason_code.py."""
        found: npt.NDArray[np.uint8] = encoded(self.counts, self.heads, self.values, self.arguments)
        return found

    def __len__(self) -> int:
        return self.counts.size

    @overload
    def __getitem__(self, place: int) -> list[Reason]: ...

    @overload
    def __getitem__(self, place: slice) -> list[list[Reason]]: ...

    def __getitem__(self, place: int | slice) -> list[Reason] | list[list[Reason]]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        return [self._reason(place, at) for at in range(self.counts[place])]

    def _reason(self, place: int, at: int) -> Reason:
        kind, seed, shown = self.heads[place, at].tolist()
        arguments = tuple(self.arguments[place, at, :shown].tolist())
        return Reason(seed, _evidence(kind, float(self.values[place, at]), arguments))


def _evidence(kind: int, value: float, arguments: tuple[int, ...]) -> Evidence:
    match kind:
        case reason_code.SHARED_REFERENCES:
            return SharedReferences(int(value), arguments)
        case reason_code.CO_CITATION:
            return CoCitation(int(value), arguments)
        case reason_code.DIRECT_CITATION:
            return DirectCitation(seed_cites_result=bool(value))
        case reason_code.SHARED_READERS:
            return SharedReaders(int(value))
        case reason_code.CITED_WITH_REFERENCES:
            return CitedWithReferences(int(value), arguments)
        case reason_code.POPULARITY:
            return Popularity(int(value))
        case reason_code.SHARED_TERMS:
            return SharedTerms(arguments)
        case _:
            return TextLikeness(value, arguments)


@dataclass(frozen=True, slots=True)
class SeedEvidence:
    """A positive seed: its row in the bundle; or a text, and its vector float32 (d,) where it could be had; or what a
    paper without row and text cites.
    """  # fmt: skip

    row: int | None = None
    vector: npt.NDArray[np.float32] | None = None
    text: str = ""
    references: tuple[int, ...] = ()
