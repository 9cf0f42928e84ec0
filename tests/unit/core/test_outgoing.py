"""Where requests may go: real servers on this machine, which only the address in a setting may lead to."""

import gzip
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import trustme

from cocite.core import outgoing
from cocite.core.errors import InvalidArgument, Unavailable
from cocite.core.outgoing import Guarded, is_public, networks_of, open_client


class Server:
    """Answers every GET with the same, and tells by which Host it was asked."""

    def __init__(
        self,
        status: int = 200,
        headers: dict[str, str] | None = None,
        body: bytes = b"well",
        certificate: trustme.LeafCert | None = None,
    ) -> None:
        self.hosts: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.hosts.append(self.headers["Host"])
                self.send_response(status)
                for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(tls)
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def start(*args: object, **options: object) -> Server:
        servers.append(Server(*args, **options))  # type: ignore[arg-type]
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@contextmanager
def names(monkeypatch: pytest.MonkeyPatch, answers: dict[str, list[list[str]]]) -> Iterator[None]:
    """Let names resolve to addresses: to the first list when they are asked first, then to the next."""

    real = socket.getaddrinfo

    def resolve(host: str, port: int, *args: object, **kwargs: object) -> list[tuple[object, ...]]:
        if host not in answers:
            return real(host, port, *args, **kwargs)  # type: ignore[arg-type]
        found = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    with monkeypatch.context() as patched:
        patched.setattr(outgoing.socket, "getaddrinfo", resolve)
        yield


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # metadata of clouds
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("2002:7f00:1::", False),  # 6to4 of 127.0.0.1
        ("64:ff9b::7f00:1", False),  # NAT64 of it
        ("64:ff9b::5db8:d822", True),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


def test_the_address_in_the_setting_is_asked_though_it_is_private(serve: Serve) -> None:
    server = serve()
    with open_client(server.url) as client:
        assert client.get(server.url + "/x").text == "well"
    with open_client(f"http://localhost:{server.port}") as client:
        assert client.get(f"http://localhost:{server.port}/x").text == "well"
    assert server.hosts == [f"127.0.0.1:{server.port}", f"localhost:{server.port}"]


def test_another_private_address_than_that_of_the_setting_is_not_asked(serve: Serve) -> None:
    asked, other = serve(), serve()
    with open_client(asked.url) as client, pytest.raises(Unavailable, match="not encrypted"):
        client.get(other.url)
    with open_client(asked.url) as client, pytest.raises(Unavailable, match="no public address"):
        client.get(f"https://127.0.0.1:{other.port}")
    assert other.hosts == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_redirect_into_a_private_address_is_not_followed(serve: Serve, scheme: str) -> None:
    target = serve()
    start = serve(302, {"Location": f"{scheme}://127.0.0.1:{target.port}/secret"})
    with open_client(start.url, follow_redirects=True) as client, pytest.raises(Unavailable):
        client.get(start.url)
    assert start.hosts
    assert target.hosts == []
    with httpx.Client(follow_redirects=True, trust_env=False) as unguarded:  # what would have come of it
        if scheme == "http":
            assert unguarded.get(start.url).text == "well"
            assert target.hosts


def test_a_redirect_to_the_same_server_is_followed(serve: Serve) -> None:
    server = serve(302, {"Location": "/again"})
    with open_client(server.url, follow_redirects=True) as client, pytest.raises(httpx.TooManyRedirects):
        client.get(server.url)
    assert len(server.hosts) > 2


def test_a_name_that_lies_in_a_private_network_is_not_asked(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve()
    url = f"http://api.example.org:{server.port}"
    with names(monkeypatch, {"api.example.org": [["127.0.0.1"]]}):
        with open_client(url) as client, pytest.raises(Unavailable, match="which is no public address"):
            client.get(url)
        assert server.hosts == []
        with open_client(url, networks_of("127.0.0.0/8")) as client:  # unless its network is allowed
            assert client.get(url).text == "well"
        assert server.hosts == [f"api.example.org:{server.port}"]


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://api.example.org"
    resolved = {"api.example.org": [["93.184.216.34", "10.0.0.1"]]}
    refused = pytest.raises(Unavailable, match=r"10\.0\.0\.1")
    with names(monkeypatch, resolved), open_client(url) as client, refused:
        client.get(url)


def test_what_was_looked_at_is_what_is_connected_to(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that means another address when it is asked again leads nowhere else: it is asked once."""
    server = serve()
    url = f"http://api.example.org:{server.port}"
    resolved = {"api.example.org": [["127.0.0.1"], ["10.255.255.1"]]}
    with names(monkeypatch, resolved), open_client(url, networks_of("127.0.0.1/32")) as client:
        assert client.get(url).text == "well"
        with pytest.raises(Unavailable, match=r"10\.255\.255\.1"):  # the next request looks anew
            client.get(url)


def test_the_next_address_is_tried_where_one_does_not_answer(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve()
    url = f"http://api.example.org:{server.port}"
    resolved = {"api.example.org": [["127.1.1.1", "127.0.0.1"]]}
    with names(monkeypatch, resolved), open_client(url, networks_of("127.0.0.0/8")) as client:
        assert client.get(url).text == "well"


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(outgoing, "RESOLVE_S", 0.05)
    monkeypatch.setattr(outgoing.socket, "getaddrinfo", lambda *args, **kwargs: released.wait(60) and [])
    with open_client("https://api.example.org") as client, pytest.raises(httpx.ConnectTimeout, match="not resolved"):
        client.get("https://api.example.org")
    released.set()


def test_a_proxy_of_the_environment_is_used_but_not_for_private_addresses(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve()
    monkeypatch.setenv("http_proxy", proxy.url)
    url = "http://api.example.org"
    with open_client(url) as client:
        assert client.get(url).text == "well"
    assert proxy.hosts == ["api.example.org"]
    with httpx.Client(transport=Guarded("https://api.example.org")) as client, pytest.raises(Unavailable):
        client.get("http://169.254.169.254/latest/meta-data")
    assert len(proxy.hosts) == 1


@pytest.mark.parametrize("text", ["10.0.0.0/33", "home", "10.0.0.1/8"])
def test_a_network_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="COCITE_PRIVATE_NETWORKS is wrong"):
        networks_of(text)
    assert len(networks_of(" 10.0.0.0/8, fd00::/8 ,")) == 2


def test_compressed_answers_still_come(serve: Serve) -> None:
    server = serve(200, {"Content-Encoding": "gzip"}, gzip.compress(b"packed"))
    with open_client(server.url) as client:
        assert client.get(server.url).text == "packed"


@pytest.mark.parametrize("issued_to", ["api.example.org", "127.0.0.1", "other.example.org"])
def test_the_certificate_must_be_that_of_the_name(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, issued_to: str
) -> None:
    """An address is dialled, and yet a certificate of the address is none of the name that was asked for."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    server = serve(certificate=authority.issue_cert(issued_to))
    url = f"https://api.example.org:{server.port}"
    resolved = {"api.example.org": [["127.0.0.1"]]}
    with names(monkeypatch, resolved), open_client(url, networks_of("127.0.0.0/8")) as client:
        if issued_to == "api.example.org":
            assert client.get(url).text == "well"
        else:
            with pytest.raises(httpx.ConnectError, match="certificate"):
                client.get(url)
