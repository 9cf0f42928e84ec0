"""What no request may do, whatever it asks for: call us by a name that is not ours, send without end, break us."""

import asyncio
import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address

import structlog

from cocite.core.errors import CociteError, InvalidArgument, Overloaded, PermissionDenied
from cocite.gateway.bodies import TooSlow
from cocite.gateway.refusals import refusal
from cocite.gateway.response_cache import App, Message, Receive, Scope, Send
from cocite.gateway.security_old_http import Unchunked
from cocite.serving.status import INTERNAL_TEXT

log = structlog.get_logger("cocite.gateway")

_LEAST_RATE = 4096  # bytes a second: what a body is given time for beyond its deadline
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?", re.IGNORECASE)
_ANY = "*"
LOOKS = frozenset({"/healthz", "/readyz"})  # how the process is has to be told above all when there is much to do


class Hosts:
    """Names that we may be called by. Raises InvalidArgument that names the setting.

    A page of a stranger can give its own name our address, on this machine or in its network, and then counts as ours
    to the browser (DNS rebinding). Its name still stands in Host.
    """

    def __init__(self, names: str, setting: str) -> None:
        told = {name.strip().lower() for name in names.split(",") if name.strip()}
        if wrong := [name for name in told if name != _ANY and not _HOST.fullmatch(name)]:
            raise InvalidArgument(f"{setting}: {wrong[0]!r} is no name of a host", field=setting)
        self._names = told | {"localhost"}
        self.knows = lru_cache(1024)(self._knows)

    def _knows(self, host: bytes) -> bool:
        """Whether the value of a Host header is a name of ours, or an address."""
        found = _HOST.fullmatch(host.decode("latin-1"))
        if _ANY in self._names or found is None:
            return found is not None
        name = found[1].lower().rstrip(".")
        if name in self._names or name.endswith(".localhost"):
            return True
        try:
            ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True


class Guard:
    """Turns away what is wrong, and gives every failure an answer.

    body_s: seconds that a body is waited for. most: requests that may be under way at once.
    on_refusal is told the reason of each error that is told here.
    """

    def __init__(
        self, app: App, hosts: Hosts, body_s: float, most: int, on_refusal: Callable[[str], object] = len
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._body_s = body_s
        self._most = most
        self._on_refusal = on_refusal
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        names = [name for name, _ in scope["headers"]]
        has_body = b"content-length" in names or b"transfer-encoding" in names
        body, started = _Body(receive, self._body_s if has_body else None), False

        async def unless_late(message: Message) -> None:
            nonlocal started
            if body.late and not started:
                return  # what the application says of a body that broke off
            started = True
            await send(message)

        error: CociteError | None = None
        answer: Send = Unchunked(unless_late) if scope["http_version"] == "1.0" else unless_late
        self._under_way += 1
        try:
            self._check(scope)
            await self._app(scope, body, answer)
        except CociteError as refused:
            error = refused
        except Exception:
            log.exception("unforeseen", path=scope["path"])
            error = CociteError(INTERNAL_TEXT)
        finally:
            self._under_way -= 1
        if body.late:
            error = TooSlow(f"request: its body did not come within {self._body_s:g} s")
        if error is not None:
            self._on_refusal(error.reason)
        if error is not None and not started:
            response = refusal(scope, error)
            if body.late:
                response.headers["connection"] = "close"  # nobody waits for the rest
            await response(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        if self._under_way > self._most and scope["path"] not in LOOKS:
            raise Overloaded(f"{self._most} requests are under way, which is the most", retry_after_s=1)
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 and (hosts or scope["http_version"] != "1.0"):
            raise InvalidArgument("Host: must be there, and once", field="host")
        if hosts and not self._hosts.knows(hosts[0]):
            raise PermissionDenied(
                "Host: this gateway has another name", hint="name it in COCITE_GATEWAY_HOSTS", field="host"
            )


class _Body:
    """receive() with a deadline: once the client has let us wait for too long it counts as gone. None: has no body."""

    __slots__ = ("_left_s", "_receive", "_whole", "late")

    def __init__(self, receive: Receive, body_s: float | None) -> None:
        self._receive = receive
        self._left_s = body_s or 0.0
        self._whole = body_s is None
        self.late = False

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        if self.late:
            return {"type": "http.disconnect"}
        loop = asyncio.get_running_loop()
        asked = loop.time()
        try:
            async with asyncio.timeout(self._left_s):
                message = await self._receive()
        except TimeoutError:
            self.late = True
            return {"type": "http.disconnect"}
        self._left_s += len(message.get("body", b"")) / _LEAST_RATE - (loop.time() - asked)
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message
