"""Redis over TLS, with a real server: who it lets in and whom we believe."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme

from cocite.cache.connecting import connect
from cocite.cache.redis_store import RedisStore
from cocite.core.errors import Unavailable
from support.certificates import Identity
from support.ports import free_port

PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server")
PATIENT_S = 10.0

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no redis-server that knows TLS: install Debian's")


class TlsRedis:
    """A server that listens by TLS alone and asks for certificates."""

    def __init__(self, identity: Identity) -> None:
        self.port = free_port()
        options = {
            "port": "0",
            "tls-port": str(self.port),
            "tls-cert-file": str(identity.certificate),
            "tls-key-file": str(identity.key),
            "tls-ca-cert-file": str(identity.ca),
            "tls-auth-clients": "yes",
            "bind": "127.0.0.1",
            "dir": str(identity.directory),
            "save": "",
        }
        assert PROGRAM is not None
        self._process = subprocess.Popen(
            [PROGRAM, *(part for name, value in options.items() for part in (f"--{name}", value))],
            stdout=subprocess.DEVNULL,
        )

    def url(self, identity: Identity, *, shows: bool = True) -> str:
        query = f"ssl_ca_certs={quote(str(identity.ca))}"
        if shows:
            query += f"&ssl_certfile={quote(str(identity.certificate))}&ssl_keyfile={quote(str(identity.key))}"
        return f"rediss://127.0.0.1:{self.port}/0?{query}"

    def wait(self, identity: Identity) -> None:
        end = time.monotonic() + 60
        while not answers(self.url(identity)):
            assert self._process.poll() is None and time.monotonic() < end
            time.sleep(0.05)

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(60)


def answers(url: str) -> bool:
    store = RedisStore(connect(url, PATIENT_S, 2))
    try:
        store.ping()
    except Unavailable:
        return False
    finally:
        store.close()
    return True


@pytest.fixture
def ours(tmp_path: Path) -> Identity:
    return Identity(tmp_path / "ours").issue()


@pytest.fixture
def server(tmp_path: Path, ours: Identity) -> Iterator[TlsRedis]:
    running = TlsRedis(Identity(tmp_path / "server", ours.authorities).issue())
    try:
        running.wait(ours)
        yield running
    finally:
        running.end()


def test_values_are_kept_and_read_over_tls(server: TlsRedis, ours: Identity) -> None:
    store = RedisStore(connect(server.url(ours), PATIENT_S, 2))
    assert store.put_many([("cocite:a", b"1")], 60) == 1
    assert store.get("cocite:a") == b"1" and store.get_many(["cocite:a", "cocite:b"]) == [b"1", None]
    store.close()


def test_who_shows_no_certificate_or_speaks_plaintext_is_refused(server: TlsRedis, ours: Identity) -> None:
    assert not answers(server.url(ours, shows=False))
    assert not answers(f"redis://127.0.0.1:{server.port}/0")


def test_a_server_of_another_authority_is_not_believed(server: TlsRedis, ours: Identity, tmp_path: Path) -> None:
    assert not answers(server.url(Identity(tmp_path / "other").issue(by=ours.authorities[0])))


def test_a_server_of_another_name_is_not_believed(ours: Identity, tmp_path: Path) -> None:
    elsewhere = Identity(tmp_path / "elsewhere", ours.authorities).issue()
    named = ours.authorities[0].issue_cert("redis.cocite.example")
    elsewhere.key.write_bytes(named.private_key_pem.bytes())
    elsewhere.certificate.write_bytes(named.cert_chain_pems[0].bytes())
    running = TlsRedis(elsewhere)
    try:
        by_name = running.url(ours) + "&ssl_check_hostname=false"
        end = time.monotonic() + 60
        while not answers(by_name):
            assert time.monotonic() < end
        assert not answers(running.url(ours))
    finally:
        running.end()


def test_new_certificates_are_shown_by_the_next_connection(server: TlsRedis, ours: Identity) -> None:
    url, authority = server.url(ours), ours.authorities[0]
    ours.issue(by=trustme.CA())
    assert not answers(url)
    ours.issue(by=authority)
    assert answers(url)
