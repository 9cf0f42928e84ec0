"""Papers read through the cache: one MGET, one catalogue query for what it lacked, one pipeline to store that."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from cocite.cache.keys import Keys
from cocite.cache.redis_store import RedisStore
from cocite.core.errors import CociteError, Unavailable
from cocite.core.paper import Paper
from cocite.features.codec import decode_paper, encode_paper
from cocite.features.degradations import CACHE_UNAVAILABLE, CATALOGUE_UNAVAILABLE
from cocite.serving.deadline import Deadline
from cocite.serving.papers import paper_to_proto
from cocite.v1 import degradation_pb2, paper_pb2

log = structlog.get_logger("cocite.features")


class PaperSource(Protocol):
    """Where papers come from; the catalogue is one."""

    def get_papers(self, ids: Sequence[str], deadline: Deadline) -> Mapping[str, Paper]:
        """The paper of each canonical id or alias; unknown ones are absent. Raises Unavailable and kin, in time."""


@dataclass(slots=True)
class PapersFound:
    """Papers in the full view by the id they were asked by, the ids no paper has, and what went wrong."""

    papers: dict[str, paper_pb2.Paper] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    degraded: list[degradation_pb2.Degradation] = field(default_factory=list)


class PaperReader:
    """Reads papers through Redis. Thread-safe.

    counts tells how many papers the cache had ("hits"), had not ("misses") and had damaged ("damaged", misses too).
    """

    def __init__(self, store: RedisStore, source: PaperSource, keys: Keys, ttl_s: int) -> None:
        self._store = store
        self._source = source
        self._keys = keys
        self._ttl_s = ttl_s
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()

    def read(self, ids: Sequence[str], deadline: Deadline) -> PapersFound:
        """Papers of distinct canonical ids or aliases. Raises Unavailable when cache and catalogue both fail,
        DeadlineExceeded when the time is spent before the catalogue is asked.
        """
        found = PapersFound()
        cached = self._from_cache(ids, found)
        if lacking := [paper_id for paper_id in ids if paper_id not in found.papers]:
            deadline.check()
            fresh = self._from_source(lacking, found, deadline)
            if cached and fresh:
                self._remember(fresh, found)
            if not cached and fresh is None:
                raise Unavailable("neither Redis nor the catalogue answers", retry_after_s=1.0)
        return found

    def _from_cache(self, ids: Sequence[str], found: PapersFound) -> bool:
        keys = [self._keys.paper(paper_id) for paper_id in ids]
        try:
            values = self._store.get_many(keys)
        except Unavailable:
            found.degraded.append(CACHE_UNAVAILABLE)
            return False
        damaged = 0
        for paper_id, key, value in zip(ids, keys, values, strict=True):
            if value is None:
                continue
            if paper := decode_paper(key, value):
                found.papers[paper_id] = paper
            else:
                damaged += 1
        if damaged:
            log.warning("damaged papers in redis", count=damaged)
        hits = len(found.papers)
        with self._lock:
            self.counts.update(hits=hits, misses=len(ids) - hits, damaged=damaged)
        return True

    def _from_source(
        self, ids: Sequence[str], found: PapersFound, deadline: Deadline
    ) -> dict[str, paper_pb2.Paper] | None:
        try:
            papers = self._source.get_papers(ids, deadline)
        except CociteError:
            found.degraded.append(CATALOGUE_UNAVAILABLE)
            return None
        fresh = {paper_id: paper_to_proto(paper, paper_pb2.PAPER_VIEW_FULL) for paper_id, paper in papers.items()}
        found.papers.update(fresh)
        found.missing.update(paper_id for paper_id in ids if paper_id not in fresh)
        return fresh

    def _remember(self, fresh: Mapping[str, paper_pb2.Paper], found: PapersFound) -> None:
        values = []
        for paper_id, paper in fresh.items():
            key = self._keys.paper(paper_id)
            values.append((key, encode_paper(key, paper)))
        try:
            stored = self._store.put_many(values, self._ttl_s)
        except Unavailable:
            stored = 0
        if stored < len(values):
            found.degraded.append(CACHE_UNAVAILABLE)
