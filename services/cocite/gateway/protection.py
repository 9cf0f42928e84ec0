"""The layers between a socket and the application, put together."""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from cocite.core.errors import CociteError, NotFound
from cocite.core.settings import PREFIX, Settings
from cocite.gateway import embeddings
from cocite.gateway.buckets import Buckets, LocalBuckets
from cocite.gateway.cors import with_cors
from cocite.gateway.key_store import KeyRing, KeyStore
from cocite.gateway.keys import Scope, scopes_of
from cocite.gateway.methods import Method
from cocite.gateway.quota import Admission
from cocite.gateway.refusals import refusal
from cocite.gateway.response_cache import App
from cocite.gateway.security import Security
from cocite.gateway.security_guard import Guard, Hosts
from cocite.gateway.transcoding import Route
from cocite.serving.status import INTERNAL_TEXT


def protected(app: App, settings: Settings, methods: Iterable[Method], rest: Iterable[Route]) -> App:
    """The application behind quotas, checks and headers. Raises InvalidArgument that names the setting at fault."""
    admitted = Admission(
        app,
        KeyRing(KeyStore(settings.keys)),
        _buckets(settings),
        anonymous_rate=settings.gateway_anonymous_rate,
        anonymous_scopes=scopes_of(settings.gateway_anonymous_scopes, f"{PREFIX}GATEWAY_ANONYMOUS_SCOPES"),
        key_rate=settings.gateway_key_rate,
        needed=dict.fromkeys(_embedding(methods, rest), Scope.EMBED),
    )
    hosts = Hosts(settings.gateway_hosts, f"{PREFIX}GATEWAY_HOSTS")
    guarded = Guard(admitted, hosts, settings.gateway_body_s, settings.max_concurrent_calls)
    return Security(with_cors(guarded, settings.gateway_origins, f"{PREFIX}GATEWAY_ORIGINS"))


async def no_such_path(request: Request, _: Exception) -> Response:
    """The answer where nothing is."""
    return refusal(request.scope, NotFound("there is nothing at this path", hint="see /docs/api"))


async def unforeseen(request: Request, _: Exception) -> Response:
    """The answer to an error that nobody expected; the log says more."""
    return refusal(request.scope, CociteError(INTERNAL_TEXT))


def _embedding(methods: Iterable[Method], rest: Iterable[Route]) -> Iterable[str]:
    """Paths of what the embedding service answers."""
    yield from (embeddings.EMBEDDINGS, embeddings.MODELS)
    yield from (method.path for method in methods if method.service == "embedding")
    yield from (route.path for route in rest if route.method.service == "embedding")


def _buckets(settings: Settings) -> Buckets:
    """Shared in Redis where there is one; each gateway's own otherwise."""
    if not settings.redis_url:
        return LocalBuckets()
    from cocite.gateway.buckets_shared import SharedBuckets

    return SharedBuckets(settings.redis_url, settings.redis_timeout_s, f"{settings.redis_namespace}:quota:")
