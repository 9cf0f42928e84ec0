"""The plan of a synthetic corpus: how many of everything, and a generator of random numbers for each part.

Papers are in order of time. What is drawn for a paper depends on the plan and on its block alone: blocks can be made
in any order, or left out.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.core.errors import InvalidArgument

MOST_PAPERS = 10_000_000
BLOCK = 8192  # papers drawn together
FIELDS = 20
SUBTOPICS = 8  # of each topic
_PAPERS_A_TOPIC = 2000


@dataclass(frozen=True, slots=True)
class Shape:
    """papers from 1 to MOST_PAPERS. Raises InvalidArgument for others."""

    papers: int
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.papers <= MOST_PAPERS:
            raise InvalidArgument(f"a synthetic corpus has 1 to {MOST_PAPERS:,} papers", field="papers")

    @property
    def topics(self) -> int:
        """Topics; topic t is of field t modulo FIELDS."""
        return min(max(self.papers // _PAPERS_A_TOPIC, 2 * FIELDS), 1000)

    @property
    def subtopics(self) -> int:
        """Sub-topics; s is of topic s // SUBTOPICS."""
        return self.topics * SUBTOPICS

    @property
    def venues(self) -> int:
        """Journals and conferences."""
        return min(max(self.papers // 500, 2 * FIELDS), 2000)

    @property
    def terms(self) -> int:
        """Words of the language."""
        return min(max(self.papers, 8_000), 40_000)

    def blocks(self, start: int = 0, end: int | None = None) -> Iterator["Block"]:
        """The blocks that hold rows from start up to end, by default all."""
        last = self.papers if end is None else min(end, self.papers)
        for number in range(start // BLOCK, -(-last // BLOCK)):
            yield Block(number, number * BLOCK, min((number + 1) * BLOCK, self.papers))

    def generator(self, purpose: str, part: int = 0) -> np.random.Generator:
        """Random numbers for one part of one purpose, independent of all others."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode()), part])


@dataclass(frozen=True, slots=True)
class Block:
    """Rows from start up to end."""

    number: int
    start: int
    end: int

    @property
    def size(self) -> int:
        """Papers in it."""
        return self.end - self.start

    @property
    def rows(self) -> slice:
        """Its rows."""
        return slice(self.start, self.end)


def zipf_draw(
    generator: np.random.Generator, choices: int, count: int, *, offset: float = 2.7, power: float = 1.0
) -> npt.NDArray[np.int64]:
    """Ranks int64 (count,) below choices, by the law of Zipf and Mandelbrot: rank r has weight (r + offset)^-power."""
    bounds = np.cumsum((np.arange(choices) + offset) ** -power)
    ranks: npt.NDArray[np.int64] = np.searchsorted(bounds, generator.random(count) * bounds[-1], side="right")
    return np.minimum(ranks, choices - 1)
