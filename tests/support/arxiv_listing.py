"""A stand-in for arXiv's API on a free port of this machine: Atom, with an ETag, and faults on demand."""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

NOW = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)


@dataclass
class Listed:
    """An entry of the listing. raw stands for the whole entry where it is given."""

    number: str
    title: str
    submitted: datetime = NOW
    abstract: str = "About it."
    doi: str = ""
    categories: tuple[str, ...] = ("cs.DL",)
    raw: str = ""

    def atom(self) -> str:
        if self.raw:
            return self.raw
        terms = "".join(f'<category term="{term}" scheme="http://arxiv.org/schemas/atom"/>' for term in self.categories)
        doi = f"<arxiv:doi>{self.doi}</arxiv:doi>" if self.doi else ""
        return (
            f"<entry><id>http://arxiv.org/abs/{self.number}v1</id>"
            f"<published>{self.submitted:%Y-%m-%dT%H:%M:%SZ}</published>"
            f"<updated>{self.submitted:%Y-%m-%dT%H:%M:%SZ}</updated>"
            f"<title>{escape(self.title)}</title>\n<summary>  {escape(self.abstract)}\n</summary>"
            f"<author><name>Ada Lovelace</name></author><author><name>李 华</name></author>{doi}{terms}</entry>"
        )


Fault = Callable[[BaseHTTPRequestHandler], None]


def status(code: int, **headers: str) -> Fault:
    """An answer with this status; underscores in names of headers are hyphens."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        _send(handler, code, b"", {name.replace("_", "-"): value for name, value in headers.items()})

    return answer


def body(content: bytes, code: int = 200) -> Fault:
    """An answer with this body."""
    return lambda handler: _send(handler, code, content, {})


def torn(handler: BaseHTTPRequestHandler) -> None:
    """An answer that ends before its announced length."""
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b"<?xml version='1.0'?><feed>")
    handler.close_connection = True


def silent(seconds: float) -> Fault:
    """No answer for so long."""
    return lambda handler: time.sleep(seconds)


@dataclass
class ArxivListing:
    """The listing. Planned faults come first, then pages; a page that was told by its ETag is 304."""

    entries: list[Listed] = field(default_factory=list)
    planned: list[Fault] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    page_limit: int = 1_000_000

    def __post_init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.at.append(time.monotonic())
                outer.asked.append({name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()})
                if outer.planned:
                    outer.planned.pop(0)(self)
                    return
                content = outer.page(outer.asked[-1])
                etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
                known = self.headers["If-None-Match"] == etag
                _send(self, 304 if known else 200, b"" if known else content, {"ETag": etag})

            def log_request(self, code: object = "-", size: object = "-") -> None:
                outer.statuses.append(int(str(getattr(code, "value", code))))

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def page(self, asked: dict[str, str]) -> bytes:
        assert (asked["sortBy"], asked["sortOrder"]) == ("submittedDate", "descending")
        start, size = int(asked["start"]), min(int(asked["max_results"]), self.page_limit)
        newest = sorted(self.entries, key=lambda entry: entry.submitted, reverse=True)
        return feed(*(entry.atom() for entry in newest[start : start + size]), total=len(newest))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def feed(*entries: str, total: int | str) -> bytes:
    """A page as arXiv's API writes it."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom" '
        'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"><title>arXiv Query</title>'
        f"<opensearch:totalResults>{total}</opensearch:totalResults>{''.join(entries)}</feed>"
    ).encode()


def some(
    count: int, *, first: int = 1, newest: datetime = NOW, apart: timedelta = timedelta(minutes=10)
) -> list[Listed]:
    """Entries with numbers 2603.00001 and so on, the first the oldest."""
    return [
        Listed(f"2603.{number:05}", f"Paper {number}", newest - apart * (first + count - 1 - number))
        for number in range(first, first + count)
    ]


def _send(handler: BaseHTTPRequestHandler, code: int, content: bytes, headers: dict[str, str]) -> None:
    handler.send_response(code)
    for name, value in {**headers, "Content-Length": str(len(content))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)
