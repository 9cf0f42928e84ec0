"""Vectors of the texts in a request, remembered for a while; what goes wrong becomes a Degradation."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import structlog

from cocite.core.errors import CociteError, DeadlineExceeded
from cocite.core.paper import content_hash
from cocite.recommender.clients import EmbeddingClient, degradation
from cocite.serving.deadline import Deadline
from cocite.serving.tally import Tallies
from cocite.v1 import degradation_pb2
from cocite.v1.degradation_pb2 import Degradation

log = structlog.get_logger("cocite.recommender.texts")

MAX_TEXT_LENGTH = 25_000  # characters sent, 100,000 bytes at most; the model reads far fewer
_REMEMBERED = 4096

Vector = npt.NDArray[np.float32]


class TextVectors:
    """Embeds texts for one bundle at a time, by way of a bounded least-recently-used memory. Thread-safe.

    reads counts texts whose vectors were remembered ("hits") and were not ("misses").
    """

    def __init__(self, client: EmbeddingClient, remembered: int = _REMEMBERED) -> None:
        self._client = client
        self._remembered = remembered
        self._memory: OrderedDict[tuple[str, str], Vector] = OrderedDict()
        self._lock = threading.Lock()
        self.reads = Tallies()

    def of(
        self, texts: Sequence[str], model_version: str, dimension: int, deadline: Deadline
    ) -> tuple[list[Vector | None], list[Degradation]]:
        """Vector float32 (dimension,) of each text as model_version embeds it, None where it could not be had."""
        keys = [(model_version, content_hash(text[:MAX_TEXT_LENGTH])) for text in texts]
        known = self._recall(keys)
        missing = {key: text[:MAX_TEXT_LENGTH] for key, text in zip(keys, texts, strict=True) if key not in known}
        self.reads.add("hits", count=len(texts) - len(missing))
        self.reads.add("misses", count=len(missing))
        problems = []
        if missing:
            try:
                version, vectors = self._client.embed(list(missing.values()), deadline)
                if version == model_version and vectors.shape[1] == dimension:
                    fresh = dict(zip(missing, vectors, strict=True))
                    self._remember(fresh)
                    known |= fresh
                else:
                    log.warning("embedding model mismatch", served=version, trained=model_version)
                    problems.append(degradation(degradation_pb2.DEGRADED_CAUSE_EMBEDDING_MISMATCH))
            except CociteError as error:
                log.debug("texts without vectors", detail=error.message)
                problems.append(_failure(error))
        return [known.get(key) for key in keys], problems

    def _recall(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Vector]:
        with self._lock:
            known = {key: self._memory[key] for key in keys if key in self._memory}
            for key in known:
                self._memory.move_to_end(key)
            return known

    def _remember(self, fresh: dict[tuple[str, str], Vector]) -> None:
        with self._lock:
            self._memory.update(fresh)
            while len(self._memory) > self._remembered:
                self._memory.popitem(last=False)


def _failure(error: CociteError) -> Degradation:
    late = isinstance(error, DeadlineExceeded)
    return degradation(
        degradation_pb2.DEGRADED_CAUSE_EMBEDDING_SLOW if late else degradation_pb2.DEGRADED_CAUSE_EMBEDDING_UNAVAILABLE
    )
