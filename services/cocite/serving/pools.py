"""Pools of threads that know how full they are, and which pool a method of a server runs in."""

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_NEWEST_SHARE = 0.1  # that the last task has of what is kept of all of them
_WAIT_SHARE = 1 / 3  # of what callers allow, that their calls may wait for a thread
_LEAST_ALLOWED_S = 0.05
_LEAST_HASTE = 1e-9


class BoundedPool(ThreadPoolExecutor):
    """threads workers; full while limit tasks run or wait, or another would wait for more than longest_wait_s.

    How long it would wait is foretold from how many do and the pace at which they began lately; and the first of them
    has waited for at most as long. Nor does it wait for more than a third of the time that callers allow, as allowed()
    was told lately. However slow tasks are, what is given to a pool that is not full waits hardly longer than that.
    Whoever submits asks first: a full pool still takes more.
    """

    def __init__(self, threads: int, limit: int, name: str, longest_wait_s: float = math.inf) -> None:
        super().__init__(threads, thread_name_prefix=name)
        self.limit = limit
        self._longest_wait_s = longest_wait_s
        self._given = 0
        self._tickets = count()
        self._waiting: dict[int, float] = {}  # since when, by ticket, the first first
        self._pace_s = 0.0  # from the beginning of a task to that of the next that waits for it
        self._begun_at = -math.inf  # when the last one began
        self._haste = 0.0  # one over the seconds that callers allow, a mean
        self._count_lock = threading.Lock()

    @property
    def full(self) -> bool:
        """Whether another task would be one too many."""
        if self._given >= self.limit:
            return True
        with self._count_lock:
            first = next(iter(self._waiting.values()), math.inf)
        waited_s, foretold_s = time.monotonic() - first, len(self._waiting) * self._pace_s
        return max(waited_s, foretold_s) > min(self._longest_wait_s, _WAIT_SHARE / max(self._haste, _LEAST_HASTE))

    def allowed(self, seconds: float) -> None:
        """A task began whose caller will wait for so many seconds yet."""
        # One over it, so that those in a hurry count for more; bounded, so that nobody in a hurry is all that counts.
        self._haste += _NEWEST_SHARE * (1 / max(seconds, _LEAST_ALLOWED_S) - self._haste)

    @property
    def given(self) -> int:
        """Tasks that run or wait."""
        return self._given

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """See Executor.submit."""
        with self._count_lock:
            ticket = next(self._tickets)
            self._given += 1
            self._waiting[ticket] = time.monotonic()

        def begin() -> R:
            with self._count_lock:  # a dict must not change while its first is looked for
                self._note_pace(self._waiting.pop(ticket))
            return fn(*args, **kwargs)

        try:
            future = super().submit(begin)
        except BaseException:
            self._made_room(ticket)
            raise
        future.add_done_callback(partial(self._made_room, ticket))
        return future

    def _note_pace(self, submitted_at: float) -> None:
        """A task begins that was submitted then. While threads are idle the pace tends to none."""
        now = time.monotonic()
        self._pace_s += _NEWEST_SHARE * (now - max(self._begun_at, submitted_at) - self._pace_s)
        self._begun_at = now

    def _made_room(self, ticket: int, _: object = None) -> None:
        with self._count_lock:
            self._given -= 1
            self._waiting.pop(ticket, None)


class AtOnce(ThreadPoolExecutor):
    """Runs what it is given before submit() returns, in the thread that calls it."""

    def __init__(self) -> None:
        super().__init__(1)  # a thread that never starts

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """See Executor.submit."""
        future: Future[R] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def in_pool(pool: ThreadPoolExecutor, behaviour: Callable[..., Any]) -> Callable[..., Any]:
    """A function that does what behaviour does, and that grpcio runs in pool instead of in the server's own."""

    def call(*args: Any) -> Any:
        return behaviour(*args)

    call.experimental_thread_pool = pool  # type: ignore[attr-defined]  # grpcio looks for this name
    return call
