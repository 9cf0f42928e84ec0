"""The layers between a socket and the application, put together."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from cocite.core.errors import CociteError, InvalidArgument
from cocite.core.settings import PREFIX, Settings
from cocite.gateway import embeddings
from cocite.gateway.buckets import Buckets, LocalBuckets
from cocite.gateway.cors import with_cors
from cocite.gateway.http_meter import HttpMeter
from cocite.gateway.methods import Method
from cocite.gateway.quota import Admission
from cocite.gateway.refusals import refusal
from cocite.gateway.response_cache import App
from cocite.gateway.security import Security
from cocite.gateway.security_guard import Guard, Hosts
from cocite.gateway.transcoding import Route
from cocite.serving.key_store import KeyRing, KeyStore
from cocite.serving.keys import Scope, scopes_of
from cocite.serving.status import INTERNAL_TEXT

_NEVER_ANONYMOUS = {
    Scope.READERS: "with it anybody could be any reader",
    Scope.ADMIN: "with it anybody could change what others are answered",
}


def protected(
    app: App, settings: Settings, methods: Iterable[Method], rest: Iterable[Route], meter: HttpMeter | None = None
) -> App:
    """The application behind quotas, checks and headers; meter counts what is refused.

    Raises InvalidArgument that names the setting at fault.
    """
    meter = meter or HttpMeter()
    admitted = Admission(
        app,
        KeyRing(KeyStore(settings.keys)),
        _buckets(settings),
        anonymous_rate=settings.gateway_anonymous_rate,
        anonymous_scopes=_anonymous_scopes(settings),
        key_rate=settings.gateway_key_rate,
        needed=_needed(methods, rest),
    )
    hosts = Hosts(f"{settings.gateway_hosts},{_public_name(settings)}", f"{PREFIX}GATEWAY_HOSTS")
    guarded = Guard(admitted, hosts, settings.gateway_body_s, settings.max_concurrent_calls, meter.refused.add)
    return Security(with_cors(guarded, settings.gateway_origins, f"{PREFIX}GATEWAY_ORIGINS"))


async def unforeseen(request: Request, _: Exception) -> Response:
    """The answer to an error that nobody expected; the log says more."""
    return refusal(request.scope, CociteError(INTERNAL_TEXT))


def _public_name(settings: Settings) -> str:
    """The name in the address that readers know, "" for an address of digits, which needs no leave."""
    name = urlsplit(settings.public_url).hostname or ""
    return "" if ":" in name else name


def _needed(methods: Iterable[Method], rest: Iterable[Route]) -> dict[str, tuple[Scope, ...]]:
    """Scopes any of which a path needs, by the service that answers it."""
    of_service = {"embedding": (Scope.EMBED,), "feeds": (Scope.READ, Scope.READERS)}
    services = {method.path: method.service for method in methods}
    services |= {route.path: route.method.service for route in rest}
    services |= dict.fromkeys((embeddings.EMBEDDINGS, embeddings.MODELS), "embedding")
    return {path: of_service[service] for path, service in services.items() if service in of_service}


def _anonymous_scopes(settings: Settings) -> tuple[Scope, ...]:
    """What may be asked without a key. Raises InvalidArgument for what never may."""
    name = f"{PREFIX}GATEWAY_ANONYMOUS_SCOPES"
    scopes = scopes_of(settings.gateway_anonymous_scopes, name)
    for scope, why in _NEVER_ANONYMOUS.items():
        if scope in scopes:
            raise InvalidArgument(f"{name}: {scope} needs a key always", hint=why, field=name)
    return scopes


def _buckets(settings: Settings) -> Buckets:
    """Shared in Redis where there is one; each gateway's own otherwise."""
    if not settings.redis_url:
        return LocalBuckets()
    from cocite.gateway.buckets_shared import SharedBuckets

    return SharedBuckets(settings.redis_url, settings.redis_timeout_s, f"{settings.redis_namespace}:quota:")
