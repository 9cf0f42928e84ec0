"""The language of a synthetic corpus: made-up words, and which of them each paper uses.

Words are drawn by the law of Zipf: some from those that every paper uses, some from those of the paper's topic, some
from those of its sub-topic.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.synthetic.people import Records
from cocite.synthetic.shape import SUBTOPICS, Block, Shape, zipf_draw

_SYLLABLES = tuple(first + second for first in "bdfgklmnprstvz" for second in "aeiou")
_GENERAL, _OF_TOPIC, _OF_SUBTOPIC = 2000, 300, 40
_SHARES = (0.42, 0.36, 0.22)  # general words, those of the topic, those of the sub-topic
_MEAN_TOKENS, _DEVIATION, _FEWEST, _MOST = 66, 15, 30, 120
_TITLE = 9  # words of a title
_SHARE_WITHOUT_ABSTRACT = 0.05
_SHARE_OF_OTHER = 0.4  # of the words of a paper on two topics

Tokens = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Language:
    """vocabulary S (v,), ascending; places in it: general int32 (g,), topics int32 (t, 300), subtopics int32 (s, 40),
    most used first.
    """  # fmt: skip

    vocabulary: npt.NDArray[np.bytes_]
    general: Tokens
    topics: Tokens
    subtopics: Tokens

    @classmethod
    def of(cls, shape: Shape) -> "Language":
        """The language of a corpus."""
        generator = shape.generator("language")
        numbers = generator.choice(len(_SYLLABLES) ** 3, shape.terms, replace=False)
        parts = np.array(_SYLLABLES, dtype="S2")
        base = len(_SYLLABLES)
        first, second, third = (parts[numbers // base**power % base] for power in (2, 1, 0))
        vocabulary = np.sort(np.char.add(np.char.add(first, second), third))
        order = generator.permutation(shape.terms).astype(np.int32)
        special = order[_GENERAL:]

        def some(count: int) -> Tokens:
            return special[generator.choice(special.size, count, replace=False)]

        return cls(
            vocabulary,
            order[:_GENERAL],
            np.array([some(_OF_TOPIC) for _ in range(shape.topics)]),
            np.array([some(_OF_SUBTOPIC) for _ in range(shape.subtopics)]),
        )


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a block of papers, one paper after another: offsets int64 (b + 1,), tokens int32, places in the
    vocabulary. The first of each paper, titles (b,) of them, are its title.
    """  # fmt: skip

    offsets: npt.NDArray[np.int64]
    tokens: Tokens
    titles: npt.NDArray[np.int64]

    @classmethod
    def of(cls, shape: Shape, language: Language, records: Records, block: Block) -> "Wording":
        """The words of a block."""
        generator = shape.generator("wording", block.number)
        lengths = generator.normal(_MEAN_TOKENS, _DEVIATION, block.size).clip(_FEWEST, _MOST).astype(np.int64)
        titles = generator.integers(_TITLE - 3, _TITLE + 4, block.size)
        lengths = np.where(generator.random(block.size) < _SHARE_WITHOUT_ABSTRACT, titles, lengths)
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        owner = np.repeat(np.arange(block.start, block.end), lengths)
        other = generator.random(owner.size) < _SHARE_OF_OTHER
        subtopics = np.where(other, records.others[owner], records.subtopics[owner])
        kind = np.searchsorted(np.cumsum(_SHARES)[:-1], generator.random(owner.size), side="right")
        tokens = language.general[zipf_draw(generator, language.general.size, owner.size)]
        for place, (table, groups) in enumerate(
            ((language.topics, subtopics // SUBTOPICS), (language.subtopics, subtopics)), start=1
        ):
            chosen = kind == place
            ranks = zipf_draw(generator, table.shape[1], int(chosen.sum()))
            tokens[chosen] = table[groups[chosen], ranks]
        return cls(offsets, tokens, titles)

    def counts(self, terms: int) -> tuple[npt.NDArray[np.int64], Tokens, npt.NDArray[np.int32]]:
        """How many distinct terms each paper uses (b,); which, ascending within each, and how often."""
        size = self.offsets.size - 1
        owner = np.repeat(np.arange(size), np.diff(self.offsets))
        pairs, often = np.unique(owner * terms + self.tokens, return_counts=True)
        return np.bincount(pairs // terms, minlength=size), (pairs % terms).astype(np.int32), often.astype(np.int32)

    def texts(self, vocabulary: npt.NDArray[np.bytes_]) -> list[tuple[str, str]]:
        """Title and abstract of each paper."""
        words = vocabulary.astype(str).astype(object)[self.tokens].tolist()
        texts = []
        for start, end, title in zip(self.offsets, self.offsets[1:], self.titles, strict=False):
            middle = min(start + title, end)
            abstract = " ".join(words[middle:end])
            texts.append((" ".join(words[start:middle]).capitalize(), f"{abstract.capitalize()}." if abstract else ""))
        return texts
