"""Lets calls pass whose callers may make them, by a key or by the name in their certificate."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

from collections.abc import Collection, Iterable

import grpc

from cocite.core.errors import CociteError, InvalidArgument, PermissionDenied, Unauthenticated
from cocite.core.settings import PREFIX, Settings
from cocite.serving.authorisation import RULES
from cocite.serving.credentials import AUTHORIZATION, BEARER
from cocite.serving.key_store import KeyRing, KeyStore
from cocite.serving.keys import Scope
from cocite.serving.reader_names import names_reader

_BEARER = BEARER.lower().encode()
_ALL = frozenset(Scope)
_NAMES = "x509_subject_alternative_name"  # of the client's certificate, in gRPC's auth context

Metadata = Iterable[tuple[str, str | bytes]]


class Wall:
    """keys: those that are known; names: subject alternative names (DNS, URI or IP) of certificates that may do all.

    Keys are looked up in memory by their id, and compared by digest in constant time.
    """

    def __init__(self, keys: KeyRing, names: Collection[str] = ()) -> None:
        self._keys = keys
        self._names = frozenset(name.encode() for name in names)

    def check(self, method: str, request: bytes, context: grpc.ServicerContext) -> None:
        """Raise Unauthenticated or PermissionDenied for a call that may not be made."""
        scopes = self._scopes_of_key(context.invocation_metadata())
        if scopes is None and self._names and not self._names.isdisjoint(context.auth_context().get(_NAMES, ())):
            scopes = _ALL
        if scopes is None:
            raise Unauthenticated(
                "this needs a key", hint=f"send it as metadata, authorization: Bearer KEY, or set {PREFIX}API_KEY"
            )
        self._check_rule(method, request, scopes)

    def admits(self, method: str, request: bytes, metadata: Metadata) -> bool:
        """Whether a call may be made, where nothing but its metadata is known; False on any doubt."""
        try:
            scopes = self._scopes_of_key(metadata)
            if scopes is None:
                return False
            self._check_rule(method, request, scopes)
        except CociteError:
            return False
        return True

    def _scopes_of_key(self, metadata: Metadata) -> Collection[Scope] | None:
        """What the key shown is for, None where none is shown. Raises Unauthenticated for a wrong one."""
        for name, value in metadata:
            if name == AUTHORIZATION:
                shown = value.encode() if isinstance(value, str) else value
                if shown[: len(_BEARER)].lower() != _BEARER:
                    continue
                key = self._keys.holder(shown[len(_BEARER) :].strip())
                if key is None:
                    raise Unauthenticated("this key is not known here", hint="it may be revoked: `cocite key list`")
                return key.scopes
        return None

    def _check_rule(self, method: str, request: bytes, scopes: Collection[Scope]) -> None:
        rule = RULES.get(method)
        if rule is None:
            raise PermissionDenied("nobody may call this method")
        needed = rule.scope
        if rule.named is not None:
            if Scope.READERS in scopes:
                return
            needed = Scope.READERS if names_reader(rule.named, request) else needed
        if needed not in scopes:
            raise PermissionDenied(
                f"this key is not for {needed}", hint=f"ask for one: `cocite key create OWNER --scope {needed}`"
            )


def wall_of(settings: Settings) -> Wall | None:
    """The wall that the settings ask for, None where anybody may call."""
    names = [name.strip() for name in settings.tls_names.split(",") if name.strip()]
    if not (settings.require_keys or names):
        return None
    return Wall(KeyRing(KeyStore(settings.keys)), names)


def check_own_way(settings: Settings) -> None:
    """Raise InvalidArgument where services with these settings would refuse one another."""
    if settings.require_keys and not (settings.api_key.get_secret_value() or settings.tls_names):
        raise InvalidArgument(
            f"{PREFIX}REQUIRE_KEYS without {PREFIX}API_KEY: services would refuse one another",
            hint="`cocite key create services --scope read --scope embed --scope readers --scope admin` makes one, "
            f"or name their certificates in {PREFIX}TLS_NAMES",
            field=f"{PREFIX}API_KEY",
        )
