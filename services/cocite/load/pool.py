"""Several connections to one server as one: calls spread over them, lost ones replaced, outcomes in one place."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from select import select

from cocite.core.errors import InvalidArgument, Unavailable
from cocite.load.connection import Connection, Failure
from cocite.load.link import Link
from cocite.load.outcomes import Outcomes
from cocite.load.requests import Request
from cocite.load.statuses import Status

MAX_BARREN = 3  # times that a server may end every connection without an answer before it is left alone


class Pool:
    """Sends requests over connections that are open at the same time.

    requests: without end, none over octets. deadline_s: how long a call may take from its beginning. clock: seconds.
    Raises Unavailable when no connection can be made; so does poll where one is lost and cannot be replaced.
    """

    def __init__(
        self,
        open_link: Callable[[], Link],
        requests: Iterator[Request],
        octets: int,
        connections: int,
        deadline_s: float,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.outcomes = Outcomes()
        self._open_link = open_link
        self._requests = requests
        self._octets = octets
        self._deadline_s = deadline_s
        self._clock = clock
        self._look_again = 0.0  # when calls that take too long are looked for
        self._again: list[float] = []  # beginnings of calls to be sent once more
        self._barren = 0  # connections that ended since the last answer
        self._connections = connections
        self._links: deque[Link] = deque()
        self._ending: list[Link] = []  # take no more calls, and wait for answers
        self._complete()

    @property
    def in_flight(self) -> int:
        """Calls that have begun and not ended."""
        return sum(len(link.connection.in_flight) for link in (*self._links, *self._ending)) + len(self._again)

    @property
    def room(self) -> int:
        """How many calls may begin now."""
        return max(0, sum(link.room(self._octets) for link in self._links) - len(self._again))

    def send(self, starts: Sequence[float]) -> int:
        """Begin calls that count from starts, each on the connection with the fewest; how many could begin."""
        self._links.rotate()  # or else the first had all calls where one is in flight at a time
        held = sum(len(link.connection.in_flight) for link in self._links)
        level = -(-(held + len(starts)) // len(self._links))  # on each connection, if all take their share
        sent = 0
        for link in self._links:
            free = min(level - len(link.connection.in_flight), len(starts) - sent, link.room(self._octets))
            if free > 0:
                link.connection.send(starts[sent : sent + free], self._requests)
                sent += free
                self._attempt(link, Link.write)
        return sent

    def poll(self, timeout_s: float) -> None:
        """Wait that long for answers, and take in what is there."""
        links = [*self._links, *self._ending]
        blocked = [link for link in links if link.blocked]
        readable, writable, _ = select(links, blocked, (), max(timeout_s, 0.0))
        for link in writable:
            self._attempt(link, Link.write)
        for link in readable:
            self._attempt(link, self._read)
        now = self._clock()
        if now >= self._look_again:
            self._look_again = now + self._deadline_s / 20
            for link in links:
                link.connection.expire(now - self._deadline_s)
                self._collect(link, now)
                self._attempt(link, Link.write)
        if self._ending or any(link.connection.closing for link in self._links):
            self._complete()
        if self._again:
            self._resend(now - self._deadline_s)

    def close(self) -> None:
        """Close every connection."""
        for link in (*self._links, *self._ending):
            link.close()

    def _resend(self, before: float) -> None:
        """Send once more what was given back, but for calls that began before that time."""
        for start in [start for start in self._again if start < before]:
            self._again.remove(start)
            self.outcomes.failed(Failure(start, Status.DEADLINE_EXCEEDED, "given back until the deadline was over"))
        del self._again[: self.send(self._again)]

    def _read(self, link: Link) -> None:
        data = link.read()
        now = self._clock()
        before = link.connection.answer_octets
        link.connection.receive(data)
        self.outcomes.answer_octets += link.connection.answer_octets - before
        self._collect(link, now)
        link.write()

    def _attempt(self, link: Link, work: Callable[[Link], None]) -> None:
        """Do it; where the connection breaks, so do its calls."""
        try:
            work(link)
        except (OSError, Unavailable) as error:
            link.connection.fail_all(Status.UNAVAILABLE, f"the connection broke: {error}")
            self._collect(link, self._clock())

    def _collect(self, link: Link, now: float) -> None:
        connection = link.connection
        if connection.done:
            self.outcomes.answered(connection.done, now)
            connection.done = []
            self._barren = 0
        for failure in connection.failed:
            self.outcomes.failed(failure)
        connection.failed = []
        self.outcomes.resent += len(connection.returned)
        self._again += connection.returned
        connection.returned = []

    def _complete(self) -> None:
        """Close connections that have come to their end, and open others."""
        self._ending += [link for link in self._links if link.connection.closing]
        self._links = deque(link for link in self._links if not link.connection.closing)
        for link in [link for link in self._ending if not link.connection.in_flight]:
            link.close()
            self._ending.remove(link)
            self._barren += 1
        if self._barren > MAX_BARREN * self._connections:
            raise Unavailable(f"the server ended {self._barren} connections in a row without an answer")
        while len(self._links) < self._connections:
            self._links.append(self._open_link())
            window = self._links[-1].connection.stream_window
            if self._octets > window:
                raise InvalidArgument(f"a request takes {self._octets} bytes, and the server no more than {window}")


def dial(host: str, port: int) -> Callable[[], Link]:
    """Opens a connection to that address each time it is called."""
    return lambda: Link.open(host, port, Connection())
