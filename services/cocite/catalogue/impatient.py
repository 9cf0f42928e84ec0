"""A PostgreSQL connection that gives up on a server which no longer answers.

statement_timeout is kept by the server and tcp_user_timeout by its kernel: neither ends a query to a server process
that is frozen on a machine that is well. This one closes the connection itself.
"""

import time
from collections.abc import Generator
from typing import Any

import psycopg


class ImpatientConnection(psycopg.Connection[Any]):
    """Closes itself and raises OperationalError when the server leaves one request unanswered for answer_s seconds."""

    answer_s = 60.0

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **kwargs: Any) -> Any:
        """See psycopg.Connection; drives every exchange with the server."""
        return super().wait(self._limited(gen), *args, **kwargs)

    def _limited(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """gen, until too long nothing was ready; psycopg looks ten times a second."""
        try:
            wanted = next(gen)
            quiet_since = time.monotonic()
            while True:
                ready = yield wanted
                if ready:
                    quiet_since = time.monotonic()
                elif time.monotonic() > quiet_since + self.answer_s:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"no answer within {self.answer_s:g} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value


def connection_class(answer_s: float) -> type[ImpatientConnection]:
    """The class of connections with that much patience."""
    return type("ImpatientConnection", (ImpatientConnection,), {"answer_s": answer_s})
