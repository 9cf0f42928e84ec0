"""The recommender's wire cache, as the settings want it."""

from collections.abc import Iterator
from contextlib import contextmanager

from cocite.core.settings import Settings
from cocite.serving.answer_memory import AnswerMemory
from cocite.serving.wire_cache import WireCache
from cocite.v1 import recommender_service_pb2

SERVICE = recommender_service_pb2.DESCRIPTOR.services_by_name["RecommenderService"].full_name
RECOMMEND, _RESOLVE = (f"/{SERVICE}/{method}" for method in ("RecommendPapers", "ResolvePapers"))
_METHODS = frozenset((RECOMMEND, _RESOLVE))


@contextmanager
def wire_cache(settings: Settings) -> Iterator[WireCache]:
    """Answers in memory, and in Redis where there is one to share them by. Raises InvalidArgument for a wrong URL."""
    size, ttl_s = settings.wire_cache_bytes, settings.wire_cache_ttl_s
    if not (settings.redis_url and settings.wire_cache_shared):
        yield WireCache(_METHODS, AnswerMemory(size, ttl_s))
        return
    from cocite.cache.answers import shared_answers

    half_s = ttl_s // 2  # an answer may grow old in Redis first and then in memory
    with shared_answers(settings, half_s) as second:
        yield WireCache(_METHODS, AnswerMemory(size, half_s), second)
