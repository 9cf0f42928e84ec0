"""Ending a command that works until it is asked to end."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self


class Ended(BaseException):
    """SIGTERM or Ctrl-C; number is that of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Ending:
    """Raises Ended when the process is asked to end, wherever it is; inside held() at the end of that."""

    def __init__(self) -> None:
        self._holding = False
        self._asked = 0

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._ask) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        self._asked = number
        if not self._holding:
            raise Ended(number)

    @contextmanager
    def held(self) -> Iterator[None]:
        """What is done here is done to its end."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
            if self._asked:
                raise Ended(self._asked)  # also in place of an error: that ends what is held as well
