"""uvicorn, ended as every process here is: first it says that it is on its way out, then it drains, then status 0."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn


class Ending:
    """Whether the process is on its way out."""

    def __init__(self) -> None:
        self.begun = False


class HttpServer(uvicorn.Server):
    """On SIGTERM or SIGINT it answers on for lame_duck_s seconds, so that callers can turn away, and ends; on a second
    signal at once.
    """  # fmt: skip

    def __init__(self, config: uvicorn.Config, ending: Ending, lame_duck_s: float) -> None:
        super().__init__(config)
        self._ending = ending
        self._lame_duck_s = lame_duck_s

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See uvicorn.Server, which would raise the signal once more when all is done."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._leave, loop)
        yield

    def _leave(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_later(0.0 if self._ending.begun else self._lame_duck_s, self._end)
        self._ending.begun = True

    def _end(self) -> None:
        self.should_exit = True
