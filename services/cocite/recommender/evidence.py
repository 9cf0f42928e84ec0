"""What ties a result to a seed, as rows and numbers that can be checked against the bundle."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


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


@dataclass(frozen=True, slots=True)
class SeedEvidence:
    """A positive seed: its row in the bundle; or a text, and its vector float32 (d,) where it could be had; or what a
    paper without row and text cites.
    """  # fmt: skip

    row: int | None = None
    vector: npt.NDArray[np.float32] | None = None
    text: str = ""
    references: tuple[int, ...] = ()
