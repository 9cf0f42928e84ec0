"""Papers of a pool in parts: titles and sentences, so that a facet of one can be held against the same of another."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.query import Passages
from cocite.training.bench_papers import BenchPaper

MOST_PASSAGES = 64  # of a paper, its first
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^\sa-z])")
_TITLE = "title"

Embed = Callable[[Sequence[str]], npt.NDArray[np.floating]]


@dataclass(frozen=True, slots=True)
class PassageVectors:
    """Passages of papers by id: their labels, "" without, and places of their vectors in vectors float32 (p, d)."""

    labels: Mapping[str, tuple[str, ...]]
    places: Mapping[str, slice]
    vectors: npt.NDArray[np.float32]

    @classmethod
    def of(cls, papers: Mapping[str, BenchPaper], ids: Iterable[str], embed: Embed) -> "PassageVectors":
        """Embeds the passages of the papers of ids; those without text have none."""
        labels: dict[str, tuple[str, ...]] = {}
        places: dict[str, slice] = {}
        texts: list[str] = []
        for paper_id in dict.fromkeys(ids):
            found = passages_of(papers[paper_id]) if paper_id in papers else []
            labels[paper_id] = tuple(label for label, _ in found)
            places[paper_id] = slice(len(texts), len(texts) + len(found))
            texts.extend(text for _, text in found)
        vectors = embed(texts).astype(np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return cls(labels, places, vectors / np.maximum(norms, 1e-12))

    def compared(self, paper: str, facet: str, pool: Mapping[str, int]) -> tuple[Passages, ...]:
        """How a paper is held against a pool, ids to rows: its title and the sentences of the facet against all that
        each says, and against each's title and what it says of the facet. Where nothing is labelled so, all of it
        against all.
        """  # fmt: skip
        asked = self._of(paper, facet)
        against = [self._against(pool, "")]
        if facet in self.labels.get(paper, ()):
            against.append(self._against(pool, facet))
        return tuple(Passages(asked, owners, vectors) for owners, vectors in against)

    def _of(self, paper: str, facet: str) -> npt.NDArray[np.float32]:
        labels, vectors = self.labels.get(paper, ()), self.vectors[self.places.get(paper, slice(0, 0))]
        if not facet or facet not in labels:
            return vectors
        return vectors[[place for place, label in enumerate(labels) if label in (facet, _TITLE)]]

    def _against(self, pool: Mapping[str, int], facet: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        parts = {row: self._of(paper, facet) for paper, row in pool.items()}
        owners = np.repeat(np.array(list(parts), dtype=np.int64), [len(part) for part in parts.values()])
        return owners, np.concatenate([self.vectors[:0], *parts.values()])


def passages_of(paper: BenchPaper) -> list[tuple[str, str]]:
    """Label and text of each passage: the title, then labelled sentences, else those that the abstract splits into."""
    title = [(_TITLE, paper.paper.title.strip())]
    sentences = [("", each) for each in _SENTENCE_END.split(paper.paper.abstract)]
    found = [(label, text.strip()) for label, text in [*title, *(paper.sentences or sentences)] if text.strip()]
    return found[:MOST_PASSAGES]
