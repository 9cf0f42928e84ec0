"""A stand-in for OpenAlex's API on a free port of this machine."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, dict[str, str], bytes]


def titled(number: int) -> dict[str, Any]:
    """A work with a title and nothing else."""
    return {"id": f"https://openalex.org/W{number}", "title": f"Work {number}"}


class StandIn:
    """Pages of works by cursor; planned answers come first. work makes the work of a number, from 1."""

    def __init__(self, count: int, work: Callable[[int], dict[str, Any]] = titled) -> None:
        self.count = count
        self.work = work
        self.planned: list[Answer] = []
        self.asked: list[dict[str, str]] = []
        self.agents: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                split = urlsplit(self.path)
                asked = {name: values[0] for name, values in parse_qs(split.query).items()}
                outer.asked.append(asked)
                outer.agents.append(self.headers["User-Agent"])
                status, headers, body = outer.planned.pop(0) if outer.planned else outer.page(split.path, asked)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def page(self, path: str, asked: dict[str, str]) -> Answer:
        assert path == "/works"
        start = 0 if asked["cursor"] == "*" else int(asked["cursor"])
        end = min(start + int(asked["per_page"]), self.count)
        works = [self.work(i) for i in range(start + 1, end + 1)]
        page = {"meta": {"count": self.count, "next_cursor": str(end) if works else None}, "results": works}
        return 200, {}, json.dumps(page).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
