"""Where requests to the outside may go: to the address that a setting names, and from there to public ones only.

Names are resolved here, all their addresses looked at, and the connection is made to one that was: what a name means a
moment later (DNS rebinding) plays no part. An address that is not public (loopback, private, link-local, as those of
cloud metadata) is refused, unless the operator has asked for it: by writing it, or localhost, into the setting, or by
COCITE_PRIVATE_NETWORKS. Redirects are requests like others, and only what the setting names may be without encryption.
"""

import ipaddress
import queue
import socket
import threading
from collections.abc import Sequence
from urllib.request import getproxies, proxy_bypass

import httpx

from cocite.core.errors import InvalidArgument, Unavailable

RESOLVE_S = 5.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last 4 bytes are an IPv4 address
_SETTING = "COCITE_PRIVATE_NETWORKS"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks_of(text: str) -> tuple[Network, ...]:
    """The networks in a setting, separated by commas. Raises InvalidArgument for what is none."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise InvalidArgument(
            f"{_SETTING} is wrong: {error}", hint="such as 10.0.0.0/8,fd00::/8", field=_SETTING
        ) from None


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet, also the IPv4 address that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv6Address):
        meant = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            meant = ipaddress.IPv4Address(address.packed[-4:])
        if meant is not None:
            return is_public(meant)
    return address.is_global and not address.is_multicast


def open_client(asked: str, private: Sequence[Network] = (), **options: object) -> httpx.Client:
    """A client for the address that a setting names (asked), with the options of httpx.Client.

    Requests to what is refused raise Unavailable. Where the environment names a proxy it resolves the names, and what
    it lets through is its operator's choice: here only what is written as an address can be refused then.
    """
    return httpx.Client(transport=Guarded(asked, private), **options)  # type: ignore[arg-type]  # passed on as they are


class Guarded(httpx.BaseTransport):
    """Requests, to where they may go. Thread-safe."""

    def __init__(self, asked: str, private: Sequence[Network] = ()) -> None:
        self._asked = httpx.URL(asked)
        self._private = tuple(private)
        self._direct = httpx.HTTPTransport()
        self._proxies = {scheme: httpx.HTTPTransport(proxy=_url(proxy)) for scheme, proxy in _proxies().items()}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx.BaseTransport. Raises Unavailable for where it may not go, httpx.ConnectError without an answer."""
        url = request.url
        named = _origin(url) == _origin(self._asked)
        if url.scheme != "https" and not named:
            raise Unavailable(f"{_shown(url)} is not encrypted, and no setting asks for it")
        proxy = self._proxies.get(url.scheme)
        if proxy is not None and not proxy_bypass(url.host):
            self._refuse([literal] if (literal := _literal(url.host)) else [], url, named)
            return proxy.handle_request(request)
        addresses = _resolved(url.host, url.port or (443 if url.scheme == "https" else 80))
        self._refuse(addresses, url, named)
        return self._answer(request, addresses)

    def close(self) -> None:
        """Give the connections back."""
        for transport in (self._direct, *self._proxies.values()):
            transport.close()

    def _refuse(self, addresses: Sequence[Address], url: httpx.URL, named: bool) -> None:
        if named and (url.host == "localhost" or _literal(url.host)):
            return
        for address in addresses:
            if not is_public(address) and not any(address in network for network in self._private):
                raise Unavailable(
                    f"{_shown(url)} is at {address}, which is no public address",
                    hint=f"where that is meant, name its network in {_SETTING}",
                )

    def _answer(self, request: httpx.Request, addresses: Sequence[Address]) -> httpx.Response:
        """From the first address that answers; certificate and Host stay those of the name."""
        url, failed = request.url, httpx.ConnectError(f"{_shown(request.url)} has no address")
        for address in addresses:
            request.url = url.copy_with(host=str(address))
            request.extensions = {**request.extensions, "sni_hostname": url.host}
            try:
                return self._direct.handle_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failed = httpx.ConnectError(str(error))
            finally:
                request.url = url
        raise failed


def _resolved(host: str, port: int) -> list[Address]:
    """Addresses of a host, in the order to try them, each once."""
    if literal := _literal(host):
        return [literal]
    answers: queue.Queue[list[Address]] = queue.Queue(1)

    def ask() -> None:  # in a thread that may be left behind: a resolver can hang for as long as it likes
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            found = []
        answers.put(list(dict.fromkeys(ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found)))

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        addresses = answers.get(timeout=RESOLVE_S)
    except queue.Empty:
        raise httpx.ConnectTimeout(f"{host} was not resolved within {RESOLVE_S:.0f} s") from None
    if not addresses:
        raise httpx.ConnectError(f"{host} cannot be resolved")
    return addresses


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _shown(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii', 'replace').rpartition('@')[2]}"


def _proxies() -> dict[str, str]:
    return {scheme: proxy for scheme, proxy in getproxies().items() if scheme in ("http", "https") and proxy}


def _url(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"
