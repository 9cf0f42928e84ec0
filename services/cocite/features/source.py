"""The catalogue as this service needs it: it may come late and go away, and a hung one does not take the threads.

A database whose server is frozen answers nothing and breaks no connection; no timeout of its own ends such a query.
So queries run in a few threads apart, and callers wait for them only as long as they have time.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import structlog

from cocite.catalogue.arrivals import Arrival
from cocite.catalogue.store import Catalogue
from cocite.core.errors import CociteError, DeadlineExceeded, Unavailable
from cocite.core.paper import Paper
from cocite.serving.breaker import Breaker
from cocite.serving.deadline import Deadline

log = structlog.get_logger("cocite.features")

MAX_FAILURES = 3
OPEN_S = 0.5  # less than the pause between two looks of the health watch, which are what ends an outage
RETRY_AFTER_S = 1.0
THREADS = 4
SHARE, AT_MOST_S = 0.8, 5.0  # of what is left of the caller's time: the rest is for answering with what the cache had
PING_S = 2.0
START_S = 10.0
ANSWER_S = 30.0  # after which a hung query gives its thread back
_FAIR_S = 0.25  # a catalogue that misses a shorter deadline may be well
_ROOM_S = 0.05  # longest wait for others' queries before there is room for one more
_NO_PAPER = "local:health"

T = TypeVar("T")


class CatalogueSource:
    """What the catalogue at url holds; at most callers queries run or wait at once. Thread-safe.

    The constructor raises InvalidArgument or CorruptData for what will never be a catalogue; one that only does not
    answer yet is opened later. After MAX_FAILURES failures in a row only ping() asks it, until that succeeds.
    """

    def __init__(self, url: str, callers: int, breaker: Breaker | None = None) -> None:
        self._url = url
        self._breaker = breaker or Breaker(MAX_FAILURES, OPEN_S)
        self._room = threading.BoundedSemaphore(callers)
        self._pool = ThreadPoolExecutor(min(THREADS, callers), thread_name_prefix="catalogue")
        self._opening = threading.Lock()
        self._catalogue: Catalogue | None = None
        try:
            self._wait(self._pool.submit(self._open), START_S)
        except Unavailable as error:
            log.warning("catalogue unavailable, trying again later", error=str(error))
        except BaseException:
            self.close()
            raise

    @property
    def well(self) -> bool:
        """Whether the catalogue is asked at all."""
        return self._breaker.closed

    def get_papers(self, ids: Sequence[str], deadline: Deadline) -> Mapping[str, Paper]:
        """The paper of each canonical id or alias; unknown ones are absent. Raises Unavailable in good time."""
        return self._answer(lambda catalogue: catalogue.get_papers(ids), deadline)

    def references(self, ids: Sequence[str], deadline: Deadline) -> Mapping[str, tuple[str, ...]]:
        """See Catalogue.references. Raises Unavailable in good time."""
        return self._answer(lambda catalogue: catalogue.references(ids), deadline)

    def arrivals(self, after: int, size: int, deadline: Deadline) -> list[Arrival]:
        """See Catalogue.arrivals. Raises Unavailable in good time."""
        return self._answer(lambda catalogue: catalogue.arrivals(after, size), deadline)

    def ping(self) -> None:
        """Return when the catalogue answers, which ends an outage. Raises Unavailable."""
        if not self._breaker.allow():
            raise Unavailable("the catalogue is left alone after failures in a row", retry_after_s=RETRY_AFTER_S)
        self._ask(lambda catalogue: catalogue.get_papers([_NO_PAPER]), PING_S, PING_S)

    def close(self) -> None:
        """Give the connections back; a query that hangs keeps its own."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._catalogue:
            self._catalogue.close()

    def _answer(self, query: Callable[[Catalogue], T], deadline: Deadline) -> T:
        if not self._breaker.closed:
            raise Unavailable("the catalogue is left alone after failures in a row", retry_after_s=RETRY_AFTER_S)
        seconds = deadline.share(SHARE, AT_MOST_S)
        return self._ask(query, seconds, min(seconds, _ROOM_S))

    def _ask(self, query: Callable[[Catalogue], T], seconds: float, room_s: float) -> T:
        deadline = Deadline.after(seconds)
        try:
            answer = self._wait(self._submit(query, deadline, room_s), deadline.remaining())
        except Exception as error:
            fair = seconds >= _FAIR_S or not isinstance(error, DeadlineExceeded | _Late)
            if fair and self._breaker.failed():
                log.warning("catalogue unavailable", error=str(error))
            if isinstance(error, CociteError):
                raise
            log.exception("catalogue failed")
            raise Unavailable("the catalogue failed", retry_after_s=RETRY_AFTER_S) from error
        if self._breaker.succeeded():
            log.info("catalogue available again")
        return answer

    def _submit(self, query: Callable[[Catalogue], T], deadline: Deadline, room_s: float) -> Future[T]:
        if not self._room.acquire(timeout=room_s):
            raise _Late("too many queries wait for the catalogue", retry_after_s=RETRY_AFTER_S)
        try:
            return self._pool.submit(self._query, query, deadline)
        except RuntimeError:  # shut down
            self._room.release()
            raise Unavailable("the catalogue is closed") from None

    def _query(self, query: Callable[[Catalogue], T], deadline: Deadline) -> T:
        try:
            deadline.check()  # nobody waits any more
            return query(self._open())
        finally:
            self._room.release()

    def _wait(self, future: Future[T], seconds: float) -> T:
        try:
            return future.result(seconds)
        except TimeoutError:
            raise _Late(f"the catalogue did not answer in {seconds:.2f} s", retry_after_s=RETRY_AFTER_S) from None

    def _open(self) -> Catalogue:
        if self._catalogue is None:
            if not self._opening.acquire(blocking=False):
                raise Unavailable("the catalogue is being opened", retry_after_s=RETRY_AFTER_S)
            try:
                self._catalogue = self._catalogue or Catalogue.open(self._url, answer_s=ANSWER_S)
            finally:
                self._opening.release()
        return self._catalogue


class _Late(Unavailable):
    """The catalogue did not answer in the time there was."""
