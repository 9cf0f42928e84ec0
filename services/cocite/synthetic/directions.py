"""Vectors that say what synthetic papers are about: around the centres of their fields, topics and sub-topics.

What sets papers of a sub-topic apart lies mostly in a few dimensions, as it does for embeddings of texts, and is what
nearest-neighbour search has to tell.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.synthetic.people import Records
from cocite.synthetic.shape import FIELDS, SUBTOPICS, Block, Shape

_FIELD, _TOPIC, _SUBTOPIC, _OWN, _NOISE = 0.12, 0.26, 0.23, 0.33, 0.06  # shares of the squared norm
_OWN_DIMENSIONS = 48
_SHARE_OF_OTHER = 0.35  # of the direction of a paper on two topics

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Directions:
    """centres float32 (s, d) of the sub-topics, basis float32 (k, d) of what is a paper's own. name tells several kinds
    of vectors of one corpus apart.
    """  # fmt: skip

    shape: Shape
    name: str
    centres: Floats
    basis: Floats

    @classmethod
    def of(cls, shape: Shape, name: str, dimension: int) -> "Directions":
        """Directions in so many dimensions."""
        generator = shape.generator(f"{name} centres")
        fields, topics, subtopics, basis = (
            _drawn(generator, count, dimension)
            for count in (FIELDS, shape.topics, shape.subtopics, min(_OWN_DIMENSIONS, dimension))
        )
        topic = np.arange(shape.subtopics) // SUBTOPICS
        centres = np.sqrt(_SUBTOPIC) * subtopics + np.sqrt(_TOPIC) * topics[topic]
        return cls(shape, name, centres + np.sqrt(_FIELD) * fields[topic % FIELDS], basis)

    def of_block(self, block: Block, records: Records) -> Floats:
        """Vectors of a block's papers (b, d), norm 1."""
        generator = self.shape.generator(self.name, block.number)
        own, other = self.centres[records.subtopics[block.rows]], self.centres[records.others[block.rows]]
        drawn: Floats = own + np.float32(_SHARE_OF_OTHER) * (other - own)
        coordinates = generator.standard_normal((block.size, len(self.basis)), dtype=np.float32)
        drawn += coordinates @ (self.basis * np.float32(np.sqrt(_OWN / len(self.basis))))
        noise = generator.standard_normal(drawn.shape, dtype=np.float32)
        noise *= np.float32(np.sqrt(_NOISE / drawn.shape[1]))
        return _with_norm_1(drawn + noise)


def _drawn(generator: np.random.Generator, count: int, dimension: int) -> Floats:
    """Random directions (count, dimension), norm 1."""
    return _with_norm_1(generator.standard_normal((count, dimension), dtype=np.float32))


def _with_norm_1(vectors: Floats) -> Floats:
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors
