"""Answers that replicas share by way of Redis: the second level of the wire cache.

Keys name the release, the model, the method and the request's bytes, so that an answer is only ever given where it
would have been computed alike; frames and their checksums guard the bytes. Redis costs a caller one GET, or nothing
while it is left alone; what is to be stored waits for a thread of its own.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import version

import structlog

from cocite.cache.connecting import connect
from cocite.cache.frames import Kind, frame, payload_of
from cocite.cache.keys import Keys
from cocite.cache.redis_store import OPEN_S, RedisStore
from cocite.core.errors import Unavailable
from cocite.core.settings import Settings
from cocite.serving.breaker import Breaker
from cocite.serving.health_watch import HealthWatch
from cocite.serving.pools import BoundedPool

log = structlog.get_logger("cocite.answers")

WAITING = 64  # answers that may wait to be stored; more are let go
_DIGEST_BYTES = 20


@contextmanager
def shared_answers(settings: Settings, ttl_s: int) -> Iterator["SharedAnswers"]:
    """Those in the Redis of the settings, whose health is looked at once a second. Raises InvalidArgument."""
    connections = settings.server_threads + 2  # who writes and who looks after it need one each
    client = connect(settings.redis_url, settings.redis_timeout_s, connections)
    # One failure is enough: the next call can do without, and the watch finds out when Redis is back.
    store = RedisStore(client, Breaker(1, OPEN_S))
    with ExitStack() as stack:
        stack.callback(store.close)
        stack.callback(HealthWatch([store.ping], lambda _: None).close)
        answers = SharedAnswers(store, Keys(settings.redis_namespace), ttl_s, version("cocite"))
        stack.callback(answers.close)
        yield answers


class SharedAnswers:
    """A serving.wire_cache.SecondLevel in Redis; every value expires within ttl_s seconds. Thread-safe.

    counts tells how many answers were there ("hits"), not there ("misses"), damaged ("damaged"), and not stored
    because too many waited ("dropped"). release sets apart what two releases of the recommender answer.
    """

    def __init__(self, store: RedisStore, keys: Keys, ttl_s: int, release: str) -> None:
        self._store = store
        self._keys = keys
        self._ttl_s = ttl_s
        self._release = release
        self._writer = BoundedPool(1, WAITING, "answers")
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()

    @property
    def well(self) -> bool:
        """Whether Redis is asked at all."""
        return self._store.well

    @property
    def troubles(self) -> Mapping[str, int]:
        """How often Redis failed, as RedisStore counts it."""
        return self._store.counts

    def get(self, model: str, method: str, request: bytes) -> bytes | None:
        """See SecondLevel."""
        key = self._key(model, method, request)
        try:
            value = self._store.get(key)
        except Unavailable:
            return None
        answer = None if value is None else payload_of(Kind.ANSWER, key, value)
        self._count("misses" if value is None else "damaged" if answer is None else "hits")
        return answer

    def put(self, model: str, method: str, request: bytes, answer: bytes) -> None:
        """See SecondLevel."""
        if self._writer.full or not self._store.well:
            self._count("dropped")
        else:
            self._writer.submit(self._put, self._key(model, method, request), answer)

    def flush(self) -> None:
        """Return when everything that waited has been stored, or has failed to be."""
        self._writer.submit(int).result()

    def close(self) -> None:
        """Let go of what still waits."""
        self._writer.shutdown(wait=True, cancel_futures=True)

    def _put(self, key: str, answer: bytes) -> None:
        try:
            self._store.put_many([(key, frame(Kind.ANSWER, key, answer))], self._ttl_s)
        except Unavailable as error:
            log.debug("answer not stored", detail=error.message)

    def _key(self, model: str, method: str, request: bytes) -> str:
        digest = hashlib.blake2b(method.encode() + b"\n" + request, digest_size=_DIGEST_BYTES).hexdigest()
        return self._keys.answer(self._release, model, digest)

    def _count(self, name: str) -> None:
        with self._lock:
            self.counts[name] += 1
