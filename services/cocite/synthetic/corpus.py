"""A corpus made by a seed, of any size, for tests of scale: nothing in it was written by anyone.

It has what a real one has as far as cost goes by it: citations with a power-law tail that stay close to the topic, the
words of a language, vectors in clusters. How good recommendations are cannot be learned from it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from cocite.core.paper import Paper
from cocite.synthetic.citing import References, references_of
from cocite.synthetic.directions import Directions, Floats
from cocite.synthetic.people import Records, authors_of
from cocite.synthetic.shape import FIELDS, SUBTOPICS, Block, Shape
from cocite.synthetic.words import Language, Tokens, Wording

TEXT_DIMENSION = 384
T = TypeVar("T", bound=np.floating)


@dataclass(frozen=True, slots=True)
class PaperTerms:
    """offsets int64 (n + 1,); places int32 in the vocabulary, ascending within a paper, and counts int32, one for
    each: how often a paper uses which term.
    """  # fmt: skip

    offsets: npt.NDArray[np.int64]
    places: Tokens
    counts: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class SyntheticCorpus:
    """n papers in order of time, and of their ids. The small parts are made at once, terms and vectors when asked for.

    years int16 (n,); venue_codes int32 (n,), places in venues or -1; field_codes int32 (n,), places in fields;
    references as CSR; vocabulary S (v,), ascending.
    """

    shape: Shape
    records: Records
    references: References
    language: Language

    @classmethod
    def of(cls, papers: int, seed: int = 0) -> "SyntheticCorpus":
        """The corpus of so many papers. Takes 10 seconds and 1 GB for a million. Raises InvalidArgument for none."""
        shape = Shape(papers, seed)
        records = Records.of(shape)
        return cls(shape, records, references_of(shape, records), Language.of(shape))

    @property
    def years(self) -> npt.NDArray[np.int16]:
        """Year of each paper."""
        return self.records.years

    @property
    def venue_codes(self) -> npt.NDArray[np.int32]:
        """Place of each paper's venue, -1 for none."""
        return self.records.venue_codes

    @property
    def venues(self) -> tuple[str, ...]:
        """Names of the venues, ascending."""
        return tuple(f"journal {number:04d}" for number in range(self.shape.venues))

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields of study, ascending."""
        return tuple(f"field {number:02d}" for number in range(FIELDS))

    @property
    def field_codes(self) -> npt.NDArray[np.int32]:
        """Place of each paper's field."""
        return self.records.subtopics // SUBTOPICS % FIELDS

    @property
    def vocabulary(self) -> npt.NDArray[np.bytes_]:
        """The terms."""
        return self.language.vocabulary

    def paper_id(self, row: int) -> str:
        """Canonical id of the paper in a row."""
        return f"local:synthetic-{self.shape.papers}-{self.shape.seed}-{row:08d}"

    def references_of(self, row: int) -> tuple[str, ...]:
        """Ids of the papers that the paper in a row cites, ascending."""
        start, end = self.references.offsets[row : row + 2]
        return tuple(self.paper_id(cited) for cited in self.references.rows[start:end].tolist())

    def papers(self, start: int = 0, end: int | None = None) -> Iterator[Paper]:
        """The papers of the rows from start up to end, with their texts."""
        last = self.shape.papers if end is None else min(end, self.shape.papers)
        for block in self.shape.blocks(start, last):
            for row, paper in enumerate(self._papers_of(block), block.start):
                if start <= row < last:
                    yield paper

    def _papers_of(self, block: Block) -> Iterator[Paper]:
        texts = self._wording(block).texts(self.vocabulary)
        authors = authors_of(self.shape, block, self.records.subtopics)
        venues, fields, field_codes = self.venues, self.fields, self.field_codes[block.rows].tolist()
        for place, (title, abstract) in enumerate(texts):
            venue = int(self.venue_codes[block.start + place])
            yield Paper(
                self.paper_id(block.start + place),
                title,
                abstract,
                authors[place],
                int(self.years[block.start + place]),
                venues[venue] if venue >= 0 else "",
                fields=(fields[field_codes[place]],),
            )

    def paper_terms(self) -> PaperTerms:
        """The terms of all papers, as counted in their texts: 500 MB for a million."""
        parts = [self._wording(block).counts(self.shape.terms) for block in self.shape.blocks()]
        sizes, places, counts = (np.concatenate(column) for column in zip(*parts, strict=True))
        return PaperTerms(np.concatenate(([0], np.cumsum(sizes))).astype(np.int64), places, counts)

    def text_vectors(
        self, start: int = 0, end: int | None = None, dimension: int = TEXT_DIMENSION
    ) -> npt.NDArray[np.float16]:
        """Text vectors of the rows from start up to end, float16, norm 1: 768 MB for a million."""
        directions = Directions.of(self.shape, "text vectors", dimension)
        return self._filled(start, end, (dimension, np.float16), directions.of_block)

    def item_factors(self, factors: int) -> Floats:
        """Factors as a factorisation might give them, float32 (n, factors): papers of a sub-topic point the same way,
        and the more a paper is cited the longer they are.
        """  # fmt: skip
        directions = self._factor_directions(factors)
        cited = np.bincount(self.references.rows, minlength=self.shape.papers)
        norms = (0.2 + 0.15 * np.log1p(cited)).astype(np.float32)[:, None]
        return self._filled(
            0,
            None,
            (factors, np.float32),
            lambda block, records: directions.of_block(block, records) * norms[block.rows],
        )

    def term_factors(self, factors: int) -> npt.NDArray[np.float16]:
        """Factors of the terms, float16 (v, factors): each points to the topics and sub-topics that use it."""
        centres = self._factor_directions(factors).centres
        found = np.zeros((self.shape.terms, factors), dtype=np.float32)
        topics = centres.reshape(-1, SUBTOPICS, factors).mean(axis=1)
        for table, directions in ((self.language.topics, topics), (self.language.subtopics, centres)):
            for terms, direction in zip(table, directions, strict=True):
                found[terms] += direction
        found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1.0)
        return found.astype(np.float16)

    def _factor_directions(self, factors: int) -> Directions:
        return Directions.of(self.shape, "factors", factors)

    def _wording(self, block: Block) -> Wording:
        return Wording.of(self.shape, self.language, self.records, block)

    def _filled(
        self, start: int, end: int | None, shape: tuple[int, type[T]], of_block: Callable[[Block, Records], Floats]
    ) -> npt.NDArray[T]:
        """Rows from start up to end of what of_block gives for each block, of a width and a type."""
        width, dtype = shape
        last = self.shape.papers if end is None else min(end, self.shape.papers)
        found = np.empty((max(last - start, 0), width), dtype=dtype)
        for block in self.shape.blocks(start, last):
            low, high = max(block.start, start), min(block.end, last)
            found[low - start : high - start] = of_block(block, self.records)[low - block.start : high - block.start]
        return found
