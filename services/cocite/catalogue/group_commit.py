"""Lets callers that come at the same time share one transaction, and so one fsync.

One thread writes. While it waits for the disk calls queue up, and the next transaction takes them together: the more
callers there are, the larger the groups, with nothing to tune.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from typing import Generic, TypeVar

from cocite.core.errors import DeadlineExceeded, Overloaded, Unavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

_RETRY_AFTER_S = 0.5


class _Call(Generic[Item, Result]):
    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.done: Future[list[Result]] = Future()


class GroupCommit(Generic[Item, Result]):
    """A queue in front of write, which keeps items in one transaction and returns a result each once they are durable.

    write runs in one thread of its own. most_queued bounds the items that wait, most_together those of a transaction
    (one call is never cut, however large).
    """

    def __init__(
        self, write: Callable[[Sequence[Item]], list[Result]], *, most_queued: int, most_together: int
    ) -> None:
        self._write = write
        self._most_queued = most_queued
        self._most_together = most_together
        self._changed = threading.Condition()
        self._calls: deque[_Call[Item, Result]] = deque()
        self._queued = 0
        self._closed = False
        self._thread: threading.Thread | None = None  # begun by the first call

    def submit(self, items: Sequence[Item], wait_s: float) -> list[Result]:
        """Results of the items, when they are durable.

        Raises Overloaded when too many wait, DeadlineExceeded when it takes longer than wait_s seconds (then they may
        or may not be kept), and what write raises.
        """
        call = self._enqueue(items)
        try:
            return call.done.result(wait_s)
        except TimeoutError:
            call.done.cancel()  # not begun: it will not be
            raise DeadlineExceeded("the store did not keep it in time", hint="send it again as it is") from None
        except CancelledError:
            raise Unavailable("the store is being closed") from None

    def close(self) -> None:
        """Write what is queued, take no more, end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _enqueue(self, items: Sequence[Item]) -> _Call[Item, Result]:
        call: _Call[Item, Result] = _Call(items)
        with self._changed:
            if self._closed:
                raise Unavailable("the store is being closed")
            if self._calls and self._queued + len(items) > self._most_queued:
                raise Overloaded("too much waits to be stored", retry_after_s=_RETRY_AFTER_S)
            self._calls.append(call)
            self._queued += len(items)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
                self._thread.start()
            self._changed.notify()
        return call

    def _run(self) -> None:
        while group := self._next_group():
            self._settle([call for call in group if call.done.set_running_or_notify_cancel()])

    def _next_group(self) -> list[_Call[Item, Result]]:
        """The calls of the next transaction; none once all is written and no more will come."""
        group: list[_Call[Item, Result]] = []
        together = 0
        with self._changed:
            while not self._calls and not self._closed:
                self._changed.wait()
            while self._calls and (not group or together + len(self._calls[0].items) <= self._most_together):
                group.append(self._calls.popleft())
                together += len(group[-1].items)
            self._queued -= together
        return group

    def _settle(self, calls: list[_Call[Item, Result]]) -> None:
        """Write the calls together. Where one is at fault, by themselves: no caller answers for another's items."""
        if not calls:
            return
        try:
            results = iter(self._write([item for call in calls for item in call.items]))
        except Exception as error:
            if len(calls) > 1 and not isinstance(error, Unavailable):
                for call in calls:
                    self._settle([call])
                return
            for call in calls:
                call.done.set_exception(error)
            return
        for call in calls:
            call.done.set_result([next(results) for _ in call.items])
