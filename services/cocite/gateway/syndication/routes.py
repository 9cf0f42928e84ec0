"""Feeds over HTTP: /feeds/NAME.FORMAT."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import blake2b
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cocite.core.errors import CociteError, InvalidArgument, NotFound
from cocite.gateway.answering import Handler, etag_of
from cocite.gateway.asking import Asker
from cocite.gateway.http_errors import error_response
from cocite.gateway.methods import Method
from cocite.gateway.syndication.changes import Changes, is_known
from cocite.gateway.syndication.feed import Feed, midnight
from cocite.gateway.syndication.lists import Lists, PaperList, Query
from cocite.gateway.syndication.papers import Site
from cocite.gateway.syndication.writing import FORMATS
from cocite.gateway.timeouts import timeout_of
from cocite.serving.deadline import Deadline

_PATH = "/feeds/{}.{}"
SHARED_PATHS = frozenset(  # of feeds that are the same for all
    _PATH.format(name, form) for name in ("trending", "new", "search", "related") for form in FORMATS
)
MAX_AGE_S = 600  # that feed readers are asked to wait before they look again


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of feed. parameters: all that it takes; private: for one reader alone."""

    name: str
    ask: Callable[[Query, Deadline], Awaitable[PaperList]]
    parameters: Sequence[str]
    private: bool = False


def routes(asker: Asker, methods: Mapping[str, Method], public_url: str) -> list[Route]:
    """A route for each kind of feed in each format. Raises InvalidArgument for a public_url that is none."""
    lists, publisher = Lists(asker, methods), Publisher(asker, Site(public_url))
    sources = (
        Source("trending", lists.trending, ("window", "field")),
        Source("new", lists.new, ("date", "field")),
        Source("search", lists.search, ("q",)),
        Source("related", lists.related, ("id",)),
        Source("reader", lists.reader, ("token",), private=True),
    )
    return [
        Route(_PATH.format(source.name, "{format}"), publisher.handler(source), methods=["GET"]) for source in sources
    ]


class Publisher:
    """Makes answers of lists."""

    def __init__(self, asker: Asker, site: Site) -> None:
        self._asker = asker
        self._site = site
        self._changes = Changes()

    def handler(self, source: Source) -> Handler:
        """Answers requests for one kind of feed."""

        async def handle(request: Request) -> Response:
            now = datetime.now(UTC)
            form = request.path_params["format"]
            try:
                if form not in FORMATS:
                    raise NotFound(f"there is no such format; there are: {', '.join(FORMATS)}")
                query = _query(request, source.parameters)
                found = await source.ask(query, self._asker.deadline(timeout_of(request)))
            except CociteError as error:
                return error_response(error)
            feed = self._feed(found, source, form, query, now)
            shared = found.complete and not source.private
            return self._answer(request, feed, form, shared, now)

        return handle

    def _feed(self, found: PaperList, source: Source, form: str, query: Query, now: datetime) -> Feed:
        asked = f"?{urlencode(query)}" if query else ""
        name = blake2b(asked.encode(), digest_size=12).hexdigest() if source.private else asked
        today = now.date()
        return Feed(
            feed_id=self._site.tag(f"feeds/{source.name}{name}"),
            title=found.title,
            description=found.description,
            self_url=f"{self._site.url}{_PATH.format(source.name, form)}{asked}",
            home_url=f"{self._site.url}/{found.page}",
            updated=midnight(found.as_of or today),
            items=self._site.items(found.papers, today),
        )

    def _answer(self, request: Request, feed: Feed, form: str, shared: bool, now: datetime) -> Response:
        """shared: anybody may keep it, and have it again."""
        body = FORMATS[form].write(feed)
        etag = etag_of(body)
        modified = self._changes.since(feed.self_url, etag, now)
        headers = {
            "content-type": FORMATS[form].media_type,
            "etag": etag,
            "last-modified": format_datetime(modified, usegmt=True),
            "cache-control": f"public, max-age={MAX_AGE_S}" if shared else "no-store",
            "x-robots-tag": "noindex",
        }
        if shared and "if-none-match" in request.headers:  # the cache before us compares, and keeps what it is given
            return Response(body, 200, headers)
        if is_known(request.headers, etag, modified):
            return Response(None, 304, headers)
        return Response(body, 200, headers)


def _query(request: Request, known: Sequence[str]) -> dict[str, str]:
    """The parameters. Raises InvalidArgument for one that is not known, or given twice."""
    found: dict[str, str] = {}
    for name, text in request.query_params.multi_items():
        if name not in known:
            raise InvalidArgument(
                f"{name[:80]}: there is no such parameter", hint=f"there are: {', '.join(known)}", field=name
            )
        if name in found:
            raise InvalidArgument(f"{name}: is given twice", field=name)
        found[name] = text
    return found
