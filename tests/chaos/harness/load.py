"""Callers who do not wait for each other: calls begin when they are due, whatever became of those before."""

import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

import grpc

from chaos.harness.questions import Question
from cocite.client.connection import SERVICE_CONFIG
from cocite.load.schedule import poisson
from cocite.serving.channel import open_channel

CALLERS = 16
DEADLINE_S = 0.3
OK = "OK"
STATUS_KEY = "grpc-status-details-bin"
_OWN_CONNECTION = ("grpc.use_local_subchannel_pool", 1)  # or else callers of one process share one
_RETRIES = (("grpc.service_config", json.dumps(SERVICE_CONFIG)), ("grpc.enable_retries", 1))


@dataclass(slots=True)
class Call:
    """What became of a call. Times are seconds on the monotonic clock; latency counts from when it was due."""

    due: float
    question: Question
    latency_s: float = 0.0
    status: str = ""  # empty while it is under way
    details: str = ""
    problem: bytes = b""  # google.rpc.Status, where the server sent one
    body: bytes = b""

    @property
    def failed(self) -> bool:
        return self.status != OK


class Callers:
    """So many channels to each service as a client of cocite opens them, with or without its retries, and with or
    without a second call to another replica where the first is late, which clients of others do not make.
    """

    def __init__(
        self, targets: Mapping[str, str], retries: bool = False, hedges: bool = True, callers: int = CALLERS
    ) -> None:
        options = (_OWN_CONNECTION, *(_RETRIES if retries else ()))
        with nullcontext() if hedges else patch("cocite.serving.channel.may_be_several", lambda _: False):
            self._channels = {
                service: [open_channel(target, options) for _ in range(callers)] for service, target in targets.items()
            }
        self._methods: dict[tuple[str, int], Any] = {}
        self.callers = callers

    def method(self, question: Question, caller: int) -> Any:
        """Takes and gives bytes: answers are read when the load is over."""
        key = (question.method, caller % self.callers)
        if key not in self._methods:
            self._methods[key] = self._channels[question.service][key[1]].unary_unary(question.method)
        return self._methods[key]

    def ask(self, questions: Iterable[Question], deadline_s: float = 10.0) -> list[Call]:
        """Each of them once, as fast as the callers get answers."""
        with ThreadPoolExecutor(self.callers) as pool:
            return list(pool.map(lambda pair: self._asked(pair[1], pair[0], deadline_s), enumerate(questions)))

    def _asked(self, question: Question, caller: int, deadline_s: float) -> Call:
        call = Call(time.monotonic(), question)
        future = self.method(question, caller).future(question.body, timeout=deadline_s)
        _note(call, future)
        return call

    def capacity(self, questions: Iterator[Question], seconds: float) -> float:
        """Calls answered a second when each caller asks again at once."""
        end = time.monotonic() + seconds
        lock = threading.Lock()

        def ask(caller: int) -> int:
            answered = 0
            while time.monotonic() < end:
                with lock:
                    question = next(questions)
                answered += not self._asked(question, caller, DEADLINE_S).failed
            return answered

        with ThreadPoolExecutor(self.callers) as pool:
            return sum(pool.map(ask, range(self.callers))) / seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for channels in self._channels.values():
            for channel in channels:
                channel.close()


class OpenLoad:
    """Questions at a rate, by a Poisson process, from start to stop; a call for each, in the order they were due."""

    def __init__(
        self,
        callers: Callers,
        questions: Iterator[Question],
        rate: float,
        deadline_s: float = DEADLINE_S,
        seed: int = 0,
        most_s: float = 600.0,
    ) -> None:
        self.rate = rate
        self._callers, self._questions, self._deadline_s = callers, questions, deadline_s
        self._offsets = poisson(rate, most_s, seed).tolist()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load")
        self._calls: list[Call] = []

    def _run(self) -> None:
        begin = time.monotonic()
        for number, offset in enumerate(self._offsets):
            due = begin + offset
            if self._stop.wait(max(0.0, due - time.monotonic())):
                return
            call = Call(due, next(self._questions))
            self._calls.append(call)
            method = self._callers.method(call.question, number)
            future = method.future(call.question.body, timeout=self._deadline_s)
            future.add_done_callback(lambda done, call=call: _note(call, done))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> list[Call]:
        """All calls, each of which has ended."""
        self._stop.set()
        self._thread.join()
        end = time.monotonic() + 2 * self._deadline_s + 5.0
        while any(not call.status for call in self._calls):
            assert time.monotonic() < end, "a call did not end at its deadline"
            time.sleep(0.01)
        return self._calls

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()


def _note(call: Call, future: Any) -> None:
    """Take down how a call ended."""
    code = future.code()
    call.latency_s = time.monotonic() - call.due
    call.details = future.details() or ""
    if code is grpc.StatusCode.OK:
        call.body = future.result()
    else:
        call.problem = dict(future.trailing_metadata() or ()).get(STATUS_KEY, b"")
    call.status = code.name
