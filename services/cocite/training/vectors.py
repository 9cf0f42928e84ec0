"""Text vectors of all papers, each text encoded once in its life."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cocite.catalogue.chunks import chunked
from cocite.core.paper import content_hash
from cocite.embedding.bulk import embed_corpus
from cocite.embedding.encoder import Encoder
from cocite.training.progress import Progress, silent
from cocite.training.vector_cache import VectorCache

NO_MODEL = "none"  # embedding model version of a bundle whose papers have no text
_PHASE = "Embedding texts"
_TOGETHER = 256  # texts in memory at once, looked up, encoded and committed together: what a kill can cost


@dataclass(frozen=True, slots=True)
class TextVectors:
    """vectors float16 (n, d), norm 1, zero where a paper has no text; encoded says how many were not cached."""

    vectors: npt.NDArray[np.float16]
    model_version: str
    encoded: int


def embed_papers(
    texts: Iterable[tuple[int, str]],
    paper_count: int,
    load_encoder: Callable[[], Encoder],
    cache_path: Path,
    progress: Progress = silent,
) -> TextVectors:
    """Vectors of the rows and texts given, rows below paper_count. Where there is no text no encoder is loaded."""
    embedding: _Embedding | None = None
    try:
        for batch in chunked(texts, _TOGETHER):
            embedding = embedding or _Embedding(load_encoder(), paper_count, cache_path, progress)
            embedding.add(batch)
    finally:
        if embedding is not None:
            embedding.cache.close()
    if embedding is None:
        return TextVectors(np.zeros((paper_count, 1), dtype=np.float16), NO_MODEL, 0)
    progress(_PHASE, paper_count, paper_count)
    return TextVectors(embedding.vectors, embedding.encoder.model_version, embedding.encoded)


class _Embedding:
    """The vectors so far."""

    def __init__(self, encoder: Encoder, paper_count: int, cache_path: Path, progress: Progress) -> None:
        self.encoder = encoder
        self.cache = VectorCache(cache_path, encoder.model_version, encoder.dimension)
        self.vectors = np.zeros((paper_count, encoder.dimension), dtype=np.float16)
        self.encoded = 0
        self._done = 0
        self._progress = progress

    def add(self, batch: Sequence[tuple[int, str]]) -> None:
        """Vectors of a batch of rows and texts, from the cache where it has them."""
        rows: dict[str, list[int]] = {}
        missing: dict[str, str] = {}
        for row, text in batch:
            key = content_hash(text)
            rows.setdefault(key, []).append(row)
            missing[key] = text
        for key, vector in self.cache.get_many(list(rows)).items():
            del missing[key]
            self._place(rows[key], vector)
        if missing:
            encoded = embed_corpus(self.encoder, missing.values(), progress=self._tell).astype(np.float16)
            vectors = dict(zip(missing, encoded, strict=True))
            self.cache.put_many(vectors)
            self.encoded += len(vectors)
            for key, vector in vectors.items():
                self._place(rows[key], vector)
        self._tell()

    def _place(self, rows: list[int], vector: npt.NDArray[np.float16]) -> None:
        self.vectors[rows] = vector
        self._done += len(rows)

    def _tell(self, more: int = 0) -> None:
        self._progress(_PHASE, min(self._done + more, len(self.vectors)), len(self.vectors))
