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


class BoundedPool(ThreadPoolExecutor):
    """threads workers; full while limit tasks run or wait, or the first of those that wait has for longest_wait_s.

    However slow tasks are, what is given to a pool that is not full waits hardly longer than that. Whoever submits asks
    first: a full pool still takes more.
    """

    def __init__(self, threads: int, limit: int, name: str, longest_wait_s: float = math.inf) -> None:
        super().__init__(threads, thread_name_prefix=name)
        self.limit = limit
        self._longest_wait_s = longest_wait_s
        self._given = 0
        self._tickets = count()
        self._waiting: dict[int, float] = {}  # since when, by ticket, the first first
        self._count_lock = threading.Lock()

    @property
    def full(self) -> bool:
        """Whether another task would be one too many."""
        if self._given >= self.limit:
            return True
        with self._count_lock:
            first = next(iter(self._waiting.values()), math.inf)
        return time.monotonic() - first > self._longest_wait_s

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
                self._waiting.pop(ticket, None)
            return fn(*args, **kwargs)

        try:
            future = super().submit(begin)
        except BaseException:
            self._made_room(ticket)
            raise
        future.add_done_callback(partial(self._made_room, ticket))
        return future

    def _made_room(self, ticket: int, _: object = None) -> None:
        with self._count_lock:
            self._given -= 1
            self._waiting.pop(ticket, None)


def in_pool(pool: ThreadPoolExecutor, behaviour: Callable[..., Any]) -> Callable[..., Any]:
    """A function that does what behaviour does, and that grpcio runs in pool instead of in the server's own."""

    def call(*args: Any) -> Any:
        return behaviour(*args)

    call.experimental_thread_pool = pool  # type: ignore[attr-defined]  # grpcio looks for this name
    return call
