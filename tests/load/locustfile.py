"""RecommendPapers as a Locust user, for those who run Locust already.

Usage: pip install locust, and with cocite in the same environment
    LOAD_IDS=ids.txt locust -f tests/load/locustfile.py --host 127.0.0.1:50053 --headless -u 16 -r 16 -t 30s

ids.txt holds an id a line. Each user waits for its answer before it asks again (a closed loop), and a call costs Locust
more CPU than the server may take for it: use it to see behaviour under load, and `cocite bench load` for figures.
"""

import os
import random
import time
from pathlib import Path

import grpc.experimental.gevent as grpc_gevent
from locust import User, events, task

from cocite.client import Client
from cocite.core.errors import CociteError


def load_ids() -> list[str]:
    """Ids of LOAD_IDS, which names a file."""
    path = os.environ.get("LOAD_IDS")
    ids = Path(path).read_text().split() if path else []
    if not ids:
        raise SystemExit("set LOAD_IDS to a file with an id a line")
    return ids


grpc_gevent.init_gevent()  # or else a call would stop all users
IDS = load_ids()


class Reader(User):
    """Asks for what is related to one paper, again and again."""

    def on_start(self) -> None:
        """Connect."""
        self.client = Client(self.host or "127.0.0.1:50053")

    def on_stop(self) -> None:
        """Disconnect."""
        self.client.close()

    @task
    def recommend(self) -> None:
        """One call, told to Locust."""
        begin, length, failure = time.perf_counter(), 0, None
        try:
            length = len(self.client.recommend([random.choice(IDS)]).results)
        except CociteError as error:
            failure = error
        events.request.fire(
            request_type="grpc",
            name="RecommendPapers",
            response_time=1e3 * (time.perf_counter() - begin),
            response_length=length,
            exception=failure,
        )
