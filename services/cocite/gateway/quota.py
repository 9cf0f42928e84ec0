"""Who asks, what they may ask for, and how often."""

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from math import ceil

from cocite.core.errors import Overloaded, PermissionDenied, Unauthenticated
from cocite.gateway.buckets import Buckets, Quota, Verdict
from cocite.gateway.key_store import KeyRing
from cocite.gateway.keys import Key, Scope
from cocite.gateway.response_cache import App, Receive, Send
from cocite.gateway.response_cache import Scope as Request
from cocite.gateway.security import TOLD

WRONG_KEYS = Quota("wrong-keys", 10)  # of one address
NO_KEY = b"none"  # what programs send that insist on a key where none is needed
_BEARER = b"bearer "
_OPEN = frozenset({"/", "/healthz", "/readyz", "/openapi.json"})
_OPEN_BELOW = ("/assets/", "/docs/")
_V6_PREFIX = 64  # bits: what one household or machine is given

TAKE = "cocite.take"  # key of a request's scope: takes one more request of its caller


class QuotaExceeded(Overloaded):
    """The caller's requests are spent."""

    reason = "QUOTA_EXCEEDED"


class Admission:
    """Lets requests pass whose callers may make them, each out of a bucket of its own.

    anonymous_rate: requests a minute of an address without a key, 0 where all need one; anonymous_scopes: what they
    may ask for. key_rate: requests a minute of a key that says nothing. needed: what each path needs, READ any other.
    """

    def __init__(
        self,
        app: App,
        keys: KeyRing,
        buckets: Buckets,
        *,
        anonymous_rate: int,
        anonymous_scopes: tuple[Scope, ...],
        key_rate: int,
        needed: Mapping[str, Scope],
    ) -> None:
        self._app = app
        self._keys = keys
        self._buckets = buckets
        self._anonymous = Quota("anonymous", anonymous_rate)
        self._anonymous_scopes = anonymous_scopes
        self._key_rate = key_rate
        self._needed = needed

    async def __call__(self, scope: Request, receive: Receive, send: Send) -> None:
        """See ASGI. Raises Unauthenticated, PermissionDenied and QuotaExceeded."""
        if scope["type"] == "lifespan":
            try:
                await self._app(scope, receive, send)
            finally:
                self._buckets.close()
            return
        if scope["type"] != "http" or (path := scope["path"]) in _OPEN or path.startswith(_OPEN_BELOW):
            await self._app(scope, receive, send)
            return
        key = await self._key(scope)
        self._check_scope(key, self._needed.get(path, Scope.READ))
        if key is None:
            name, quota = f"address:{address_of(scope)}", self._anonymous
        else:
            name, quota = f"key:{key.id}", Quota("key", key.rate or self._key_rate)

        async def take() -> None:
            check(await self._buckets.take(name, quota), quota)

        found = await self._buckets.take(name, quota)
        scope[TOLD] += headers_of(found, quota)
        check(found, quota)
        scope[TAKE] = take
        await self._app(scope, receive, send)

    async def _key(self, scope: Request) -> Key | None:
        """The key shown, None for none. Wrong ones are slowed, right ones of the same address are not."""
        secret = _secret(scope)
        if secret is None:
            return None
        key = self._keys.holder(secret)
        if key is None:
            found = await self._buckets.take(f"{WRONG_KEYS.name}:{address_of(scope)}", WRONG_KEYS)
            check(found, WRONG_KEYS)
            raise Unauthenticated(
                "this key is not known here",
                hint="it may be revoked; `cocite key create` makes one, and "
                f"some things can be asked without: leave it out, or send {NO_KEY.decode()!r}",
            )
        return key

    def _check_scope(self, key: Key | None, needed: Scope) -> None:
        if key is None and not (self._anonymous.requests and needed in self._anonymous_scopes):
            raise Unauthenticated(
                f"this needs a key for {needed}", hint="send it as Authorization: Bearer KEY, or as x-api-key"
            )
        if key is not None and needed not in key.scopes:
            raise PermissionDenied(
                f"this key is not for {needed}", hint=f"ask for one: cocite key create --scope {needed}"
            )


def check(found: Verdict, quota: Quota) -> None:
    """Raise QuotaExceeded unless the verdict is favourable."""
    if not found.granted:
        what = "wrong keys" if quota is WRONG_KEYS else "requests"
        raise QuotaExceeded(
            f"{quota.requests} {what} a minute are the most", hint="ask more slowly", retry_after_s=found.wait_s
        )


def headers_of(found: Verdict, quota: Quota) -> list[tuple[bytes, bytes]]:
    """Quota and what is left of it, as draft-ietf-httpapi-ratelimit-headers-10 tells it.

    Another key is another caller: what one was answered, a browser must not take for what the other would be.
    """
    return [
        (b"vary", b"authorization, x-api-key"),
        (b"ratelimit-policy", _policy(quota)),
        (b"ratelimit", b'"%b";r=%d;t=%d' % (quota.name.encode(), found.left, ceil(found.full_s))),
    ]


@lru_cache(1024)
def _policy(quota: Quota) -> bytes:
    return f'"{quota.name}";q={quota.requests};w={quota.window_s}'.encode()


def address_of(scope: Request) -> str:
    """Whom a quota without a key belongs to: an IPv4 address, or the network of an IPv6 address."""
    client = scope.get("client")
    return _network(client[0]) if client else "unknown"


@lru_cache(4096)
def _network(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # what a proxy says that knows no address
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), _V6_PREFIX), strict=False))


def _secret(scope: Request) -> bytes | None:
    """What the caller shows as a key, None for nothing. Other ways to authenticate are a proxy's business."""
    for name, value in scope["headers"]:
        if name == b"authorization" and value[: len(_BEARER)].lower() == _BEARER:
            secret = value[len(_BEARER) :].strip()
        elif name == b"x-api-key":
            secret = value.strip()
        else:
            continue
        if secret and secret != NO_KEY:
            return bytes(secret)
    return None
