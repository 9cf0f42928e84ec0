"""What is known of synthetic papers besides texts and links: topics, years, venues, authors."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.synthetic.shape import FIELDS, SUBTOPICS, Block, Shape, zipf_draw

_FIRST_YEAR, _LAST_YEAR = 1970, 2024
_GROWTH = 0.05  # more papers each year than the year before
_SHARE_OF_TWO_TOPICS = 0.3
_SHARE_WITHOUT_VENUE = 0.05
_VENUES_OF_TOPIC = 8
_MOST_AUTHORS = 5
_AUTHORS_OF_SUBTOPIC = 120

Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Records:
    """subtopics int32 (n,); others int32 (n,), a second sub-topic of the same field or the first again; years int16
    (n,); venue_codes int32 (n,), -1 for none.
    """  # fmt: skip

    subtopics: Numbers
    others: Numbers
    years: npt.NDArray[np.int16]
    venue_codes: Numbers

    @classmethod
    def of(cls, shape: Shape) -> "Records":
        """The records of all papers."""
        parts = [_drawn(shape, block) for block in shape.blocks()]
        subtopics, others, venues = (np.concatenate(column).astype(np.int32) for column in zip(*parts, strict=True))
        return cls(subtopics, others, _years(shape.papers), venues)


def _years(papers: int) -> npt.NDArray[np.int16]:
    """Years that rise with the row, as many papers of each as steady growth gives."""
    span = _LAST_YEAR - _FIRST_YEAR + 1
    share = (np.arange(papers) + 0.5) / papers
    years = _FIRST_YEAR + np.log1p(share * np.expm1(_GROWTH * span)) / _GROWTH
    whole: npt.NDArray[np.int16] = np.minimum(years, _LAST_YEAR).astype(np.int16)
    return whole


def _drawn(shape: Shape, block: Block) -> tuple[npt.NDArray[np.int64], ...]:
    generator = shape.generator("records", block.number)
    topics = zipf_draw(generator, shape.topics, block.size, offset=8.0, power=0.6)
    subtopics = topics * SUBTOPICS + zipf_draw(generator, SUBTOPICS, block.size, power=0.8)
    of_field = shape.topics // FIELDS
    other_topics = topics % FIELDS + FIELDS * generator.integers(0, of_field, block.size)
    others = other_topics * SUBTOPICS + zipf_draw(generator, SUBTOPICS, block.size, power=0.8)
    others = np.where(generator.random(block.size) < _SHARE_OF_TWO_TOPICS, others, subtopics)
    venues = (topics * 5 + zipf_draw(generator, _VENUES_OF_TOPIC, block.size, offset=1.0)) % shape.venues
    return subtopics, others, np.where(generator.random(block.size) < _SHARE_WITHOUT_VENUE, -1, venues)


def authors_of(shape: Shape, block: Block, subtopics: Numbers) -> list[tuple[str, ...]]:
    """Authors of the papers of a block; a few of each sub-topic write most of its papers."""
    generator = shape.generator("authors", block.number)
    counts = generator.integers(1, _MOST_AUTHORS + 1, block.size).tolist()
    ranks = zipf_draw(generator, _AUTHORS_OF_SUBTOPIC, block.size * _MOST_AUTHORS).reshape(-1, _MOST_AUTHORS)
    numbers = (subtopics[block.rows, None].astype(np.int64) * _AUTHORS_OF_SUBTOPIC + ranks).tolist()
    return [
        tuple(f"Author {number:06d}" for number in dict.fromkeys(some[:count]))
        for some, count in zip(numbers, counts, strict=True)
    ]
