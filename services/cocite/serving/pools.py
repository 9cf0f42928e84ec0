"""Pools of threads that know how full they are, and which pool a method of a server runs in."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class BoundedPool(ThreadPoolExecutor):
    """threads workers; full while limit tasks run or wait. Whoever submits asks first: a full pool still takes more."""

    def __init__(self, threads: int, limit: int, name: str) -> None:
        super().__init__(threads, thread_name_prefix=name)
        self.limit = limit
        self._given = 0
        self._count_lock = threading.Lock()

    @property
    def full(self) -> bool:
        """Whether another task would be one too many."""
        return self._given >= self.limit

    @property
    def given(self) -> int:
        """Tasks that run or wait."""
        return self._given

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """See Executor.submit."""
        future = super().submit(fn, *args, **kwargs)
        with self._count_lock:
            self._given += 1
        future.add_done_callback(self._made_room)
        return future

    def _made_room(self, _: object) -> None:
        with self._count_lock:
            self._given -= 1


def in_pool(pool: ThreadPoolExecutor, behaviour: Callable[..., Any]) -> Callable[..., Any]:
    """A function that does what behaviour does, and that grpcio runs in pool instead of in the server's own."""

    def call(*args: Any) -> Any:
        return behaviour(*args)

    call.experimental_thread_pool = pool  # type: ignore[attr-defined]  # grpcio looks for this name
    return call
