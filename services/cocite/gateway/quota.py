"""Who asks, what they may ask for, and how often."""

from collections.abc import Mapping
from functools import lru_cache
from math import ceil

from cocite.core.errors import PermissionDenied, Unauthenticated
from cocite.gateway import accounts
from cocite.gateway.accounts import Account, QuotaExceeded
from cocite.gateway.addresses import UNKNOWN, household_of
from cocite.gateway.buckets import Buckets, Quota, Verdict
from cocite.gateway.response_cache import App, Receive, Send
from cocite.gateway.response_cache import Scope as Request
from cocite.gateway.security import TOLD
from cocite.gateway.security_wrong_keys import WrongKeys
from cocite.gateway.site import PAGES
from cocite.serving.key_store import KeyRing
from cocite.serving.keys import Key, Scope

ANONYMOUS = "anonymous"  # callers without a key, in the headers of quotas
NO_KEY = b"none"  # what programs send that insist on a key where none is needed
_BEARER = b"bearer "
# What people meet who cannot show a key, and one-click unsubscribing, which a mail provider sends for all its users.
_OPEN = frozenset({*PAGES, "/healthz", "/readyz", "/openapi.json", "/confirm", "/unsubscribe"})
_OPEN_BELOW = ("/assets/", "/docs/")
_LEFT = b"ratelimit"


class Admission:
    """Lets requests pass whose callers may make them, each out of a bucket of its own.

    anonymous_rate: requests a minute of an address without a key, 0 where all need one; anonymous_scopes: what they
    may ask for. key_rate: requests a minute of a key that says nothing. needed: scopes any of which each path needs,
    READ any other.
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
        needed: Mapping[str, tuple[Scope, ...]],
    ) -> None:
        self._app = app
        self._keys = keys
        self._buckets = buckets
        self._anonymous = Quota(ANONYMOUS, anonymous_rate)
        self._anonymous_scopes = anonymous_scopes
        self._key_rate = key_rate
        self._needed = needed
        self._wrong_keys = WrongKeys()

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
        self._check_scope(key, self._needed.get(path, (Scope.READ,)))
        if key is None:
            name, quota = f"address:{address_of(scope)}", self._anonymous
        else:
            name, quota = f"key:{key.id}", Quota("key", key.rate or self._key_rate)

        told = scope[TOLD]
        told += _policy(quota)

        async def take(count: int, whole: int) -> None:
            found = await self._buckets.take(name, quota, count)
            told[:] = [*(each for each in told if each[0] != _LEFT), _left(found, quota)]
            if not found.granted:
                raise _exceeded(found, quota, count, whole)

        await take(1, 1)
        scopes = self._anonymous_scopes if key is None else key.scopes
        accounts.current.set(Account(name, scopes, take, paid=1))
        await self._app(scope, receive, send)

    async def _key(self, scope: Request) -> Key | None:
        """The key shown, None for none. Raises Unauthenticated for a wrong one, Overloaded when too many are shown."""
        secret = _secret(scope)
        if secret is None:
            return None
        key = self._keys.holder(secret)
        await self._wrong_keys.slow(address_of(scope), self._keys.named(secret), right=key is not None)
        if key is None:
            raise Unauthenticated(
                "this key is not known here",
                hint="it may be revoked; `cocite key create` makes one, and "
                f"some things can be asked without: leave it out, or send {NO_KEY.decode()!r}",
            )
        return key

    def _check_scope(self, key: Key | None, needed: tuple[Scope, ...]) -> None:
        scopes = self._anonymous_scopes if key is None else key.scopes
        enough = not {*needed}.isdisjoint(scopes)
        if key is None and not (self._anonymous.requests and enough):
            raise Unauthenticated(
                f"this needs a key for {needed[0]}", hint="send it as Authorization: Bearer KEY, or as x-api-key"
            )
        if key is not None and not enough:
            raise PermissionDenied(
                f"this key is not for {needed[0]}", hint=f"ask for one: `cocite key create OWNER --scope {needed[0]}`"
            )


def _exceeded(found: Verdict, quota: Quota, count: int, whole: int) -> QuotaExceeded:
    """Why so many requests were not granted, for what counts as so many in all."""
    if whole > quota.requests:
        return QuotaExceeded(
            f"this counts as {whole} requests, and {quota.requests} a minute are the most",
            hint=f"ask for less at once, or let whoever runs this gateway give you more: {_more(quota, whole)}",
        )
    paid_again_s = (whole - count) / quota.rate
    return QuotaExceeded(
        f"{quota.requests} requests a minute are the most",
        hint="ask more slowly",
        retry_after_s=found.wait_s + paid_again_s,
    )


def _more(quota: Quota, whole: int) -> str:
    """How so many requests a minute are given."""
    by_key = f"`cocite key create NAME --rate {whole}`"
    return f"{by_key}, or without keys COCITE_GATEWAY_ANONYMOUS_RATE" if quota.name == ANONYMOUS else by_key


@lru_cache(1024)
def _policy(quota: Quota) -> tuple[tuple[bytes, bytes], ...]:
    """The quota, as draft-ietf-httpapi-ratelimit-headers-10 tells it.

    Another key is another caller: what one was answered, a browser must not take for what the other would be.
    """
    policy = f'"{quota.name}";q={quota.requests};w={quota.window_s}'
    return ((b"vary", b"authorization, x-api-key"), (b"ratelimit-policy", policy.encode()))


def _left(found: Verdict, quota: Quota) -> tuple[bytes, bytes]:
    """What is left of the quota, in the same terms."""
    return (_LEFT, b'"%b";r=%d;t=%d' % (quota.name.encode(), found.left, ceil(found.full_s)))


def address_of(scope: Request) -> str:
    """Whom a quota without a key belongs to."""
    client = scope.get("client")
    return household_of(client[0]) if client else UNKNOWN


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
