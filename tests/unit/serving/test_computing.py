import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import grpc
import pytest

from cocite.core.errors import Unavailable
from cocite.serving.computing import Computing, waiting
from cocite.serving.guarded_calls import GuardedCalls
from support.stack import eventually

WAIT_S = 60.0


class Calls:
    """Threads that compute by a permit, each until it is let go on."""

    def __init__(self, computing: Computing, stack: ExitStack) -> None:
        self._computing = computing
        self._pool = stack.enter_context(ThreadPoolExecutor(16))
        self._stack = stack
        self.computes: list[str] = []  # in the order in which they were let in

    def begin(self, name: str, first_waits: bool = False) -> "Call":
        call = Call(name, first_waits, self)
        self._stack.callback(call.go_on)
        self._pool.submit(call.run, self._computing)
        return call


class Call:
    def __init__(self, name: str, first_waits: bool, calls: Calls) -> None:
        self._name, self._first_waits, self._calls = name, first_waits, calls
        self.away, self._back, self._end = threading.Event(), threading.Event(), threading.Event()

    def run(self, computing: Computing) -> None:
        with computing.permit():
            if self._first_waits:
                with waiting():
                    self.away.set()
                    self._back.wait(WAIT_S)
            self._calls.computes.append(self._name)
            self._end.wait(WAIT_S)

    def answer(self) -> None:
        self._back.set()

    def go_on(self) -> None:
        self._back.set()
        self._end.set()


def test_so_many_compute_and_the_others_begin_as_these_end() -> None:
    with ExitStack() as stack:
        calls = Calls(Computing(2), stack)
        first, second = calls.begin("a"), calls.begin("b")
        assert eventually(lambda: sorted(calls.computes) == ["a", "b"])
        calls.begin("c")
        calls.begin("d")
        assert not eventually(lambda: len(calls.computes) > 2, 0.2)
        first.go_on()
        assert eventually(lambda: len(calls.computes) == 3)
        assert not eventually(lambda: len(calls.computes) > 3, 0.2)
        second.go_on()
        assert eventually(lambda: len(calls.computes) == 4)


def test_who_waits_for_another_service_lets_others_compute_and_goes_on_before_who_begins() -> None:
    with ExitStack() as stack:
        calls = Calls(Computing(1), stack)
        asking = calls.begin("asking", first_waits=True)
        assert asking.away.wait(WAIT_S)
        busy = calls.begin("busy")
        assert eventually(lambda: calls.computes == ["busy"])
        beginners = [calls.begin(f"beginner {number}") for number in range(3)]
        asking.answer()
        assert not eventually(lambda: len(calls.computes) > 1, 0.2), "there is one permit"
        busy.go_on()
        assert eventually(lambda: len(calls.computes) == 2)
        assert calls.computes[1] == "asking"
        for call in (asking, *beginners):
            call.go_on()
        assert eventually(lambda: len(calls.computes) == 5)


def test_a_permit_comes_back_from_what_fails() -> None:
    computing = Computing(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), computing.permit():
            1 / 0  # noqa: B018
        with pytest.raises(ZeroDivisionError), computing.permit(), waiting():
            1 / 0  # noqa: B018
    with waiting():  # which is nothing to who has none
        pass


def test_a_call_to_another_service_holds_no_permit() -> None:
    computing, guarded, free = Computing(1), GuardedCalls("other"), []

    def method(_request: object, **_: object) -> str:
        with ThreadPoolExecutor(1) as pool:
            free.append(pool.submit(lambda: computing.permit().__enter__()).exception(WAIT_S))
            computing._give_back()
        return "answer"

    def failing(_request: object, **_: object) -> str:
        raise grpc.RpcError

    with computing.permit():
        assert guarded.call(method, b"", 1.0) == "answer"
        with pytest.raises(Unavailable):
            guarded.call(failing, b"", 1.0)
    with computing.permit():
        assert free == [None]


def test_no_turn_is_lost_where_many_come_and_go() -> None:
    computing, inside, most, lock = Computing(3), 0, 0, threading.Lock()

    def compute() -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        with lock:
            inside -= 1

    def call(number: int) -> int:
        with computing.permit():
            compute()
            for _ in range(number % 3):
                with waiting():
                    pass
                compute()
        return number

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(call, range(6000), timeout=WAIT_S)) == list(range(6000))
    assert 1 <= most <= 3
    assert computing._free == 3
