"""Load on one server, window by window, over connections that stay open between them."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, repeat
from types import TracebackType
from typing import Self

from cocite.core.errors import InvalidArgument, Unavailable
from cocite.load.link import Link
from cocite.load.loops import TICK_S, Window, closed_loop, drain, open_loop
from cocite.load.outcomes import Outcomes
from cocite.load.pool import Pool, dial
from cocite.load.requests import Call, Request, prepare
from cocite.load.result import MAX_LATE_SHARE, Load, Result
from cocite.load.schedule import even, poisson
from cocite.load.zipf import zipf_draws

MAX_CONNECTIONS = 256
MAX_CONCURRENCY = 10_000
MAX_SECONDS = 86_400.0
Watch = Callable[[float], bool]  # asked ten times a second, with the seconds since the start; True ends the window


class LoadSession:
    """Sends calls to host:port. Which comes next is drawn by a Zipf law over their order; 0 makes all equal, and None
    lets each come before any comes again.

    Opens its connections at once. Raises Unavailable when nothing answers there or it is no gRPC in plain text,
    InvalidArgument for calls or numbers that cannot be. deadline_s bounds each call.
    """

    def __init__(
        self,
        host: str,
        port: int,
        calls: Sequence[Call],
        *,
        connections: int = 1,
        deadline_s: float = 10.0,
        zipf: float | None = 0.0,
        seed: int = 0,
    ) -> None:
        _check(deadline_s, 1e-3, 3600, "deadline")
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        requests = [prepare(call, authority, deadline_s) for call in calls]
        self._open(dial(host, port), requests, connections, deadline_s, zipf, seed)

    def _open(
        self,
        open_link: Callable[[], Link],
        requests: list[Request],
        connections: int,
        deadline_s: float,
        zipf: float | None,
        seed: int,
    ) -> None:
        _check(connections, 1, MAX_CONNECTIONS, "connections")
        drawn = _draw(requests, zipf, seed)
        self._connections = connections
        self._deadline_s = deadline_s
        self._seed = seed
        self._pool = Pool(open_link, drawn, max(r.octets for r in requests), connections, deadline_s)

    def closed(self, concurrency: int, seconds: float, warm_up_s: float = 0.0, watch: Watch | None = None) -> Result:
        """Concurrency calls under way all the time: how much can be answered."""
        _check(concurrency, 1, MAX_CONCURRENCY, "concurrency")
        _check_times(seconds, warm_up_s)

        def run(window: Window) -> None:
            closed_loop(self._pool, window, concurrency, warm_up_s + seconds)

        return self._run(run, Load(self._connections, concurrency=concurrency), warm_up_s, seconds, watch)

    def open(
        self,
        rate: float,
        seconds: float,
        warm_up_s: float = 0.0,
        watch: Watch | None = None,
        *,
        spaced_evenly: bool = False,
        max_late_share: float = MAX_LATE_SHARE,
    ) -> Result:
        """Rate calls a second, by a Poisson process or evenly spaced, whatever the answers: how long those take."""
        _check_times(seconds, warm_up_s)
        _check(max_late_share, 0, 1, "late share")
        total = warm_up_s + seconds
        offsets = even(rate, total) if spaced_evenly else poisson(rate, total, self._seed)

        def run(window: Window) -> None:
            due = (offsets + window.begin).tolist()
            open_loop(self._pool, window, due, window.begin + warm_up_s, self._deadline_s)

        load = Load(self._connections, rate=rate, max_late_share=max_late_share)
        return self._run(run, load, warm_up_s, seconds, watch)

    def _run(
        self, run: Callable[[Window], None], load: Load, warm_up_s: float, seconds: float, watch: Watch | None
    ) -> Result:
        outcomes = self._pool.outcomes = Outcomes()
        clock, cpu, lost = time.perf_counter, time.process_time(), ""
        window = Window(clock, watch or (lambda elapsed: False), clock())
        try:
            run(window)
            drain(self._pool, window, 1.1 * self._deadline_s + TICK_S)
        except Unavailable as error:
            lost = str(error)
        cpu = time.process_time() - cpu
        begin = window.begin + warm_up_s
        end = min(clock(), begin + seconds) if window.interrupted or lost else begin + seconds
        due = window.timed + window.unsent
        return Result(
            load=load,
            seconds=max(end - begin, 0.0),
            sent=window.sent,
            resent=outcomes.resent,
            answered_in_all=len(outcomes),
            failures=dict(outcomes.failures),
            messages=outcomes.messages,
            answer_octets=outcomes.answer_octets,
            late=window.late,
            unsent=window.unsent,
            late_share=(window.late + window.unsent) / due if due else 0.0,
            interrupted=window.interrupted,
            lost=lost,
            cpu_us=1e6 * cpu / max(len(outcomes) + outcomes.failures.total(), 1),
            latencies_us=1e6 * outcomes.latencies(begin, end, by_start=load.rate is not None),
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _draw(requests: list[Request], zipf: float | None, seed: int) -> Iterator[Request]:
    if zipf is None and requests:
        return cycle(requests)
    draws = zipf_draws(len(requests), zipf or 0.0, seed)
    return repeat(requests[0]) if len(requests) == 1 else map(requests.__getitem__, draws)


def _check(value: float, least: float, most: float, name: str) -> None:
    if not least <= value <= most:
        raise InvalidArgument(f"{name}: must be from {least:g} to {most:g}, not {value!r}", field=name)


def _check_times(seconds: float, warm_up_s: float) -> None:
    _check(seconds, 1e-3, MAX_SECONDS, "seconds")
    _check(warm_up_s, 0, MAX_SECONDS, "warm-up")
