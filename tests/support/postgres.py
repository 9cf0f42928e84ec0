"""A PostgreSQL server for the tests: the one at COCITE_TEST_POSTGRES_URL, else a temporary one of our own.

Where there is none its tests are skipped, or fail if COCITE_TEST_REQUIRE_POSTGRES is 1.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest
from psycopg import sql

from support.ports import free_port

_START_S = 60.0


def absent(why: str) -> NoReturn:
    """Skip the test, or fail it where PostgreSQL is required."""
    if os.environ.get("COCITE_TEST_REQUIRE_POSTGRES") == "1":
        pytest.fail(why)
    pytest.skip(why)


def server_binaries() -> Path | None:
    """Folder that holds both initdb and postgres."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "postgres").exists() and (folder / "initdb").exists()), None)


def unprivileged() -> tuple[list[str], tuple[int, int] | None]:
    """What to put before a command that must not run as root, as the server refuses to, and user and group it runs as.

    subprocess's own user= would fork this process, which gRPC's threads do not bear: the child died at times.
    """
    if os.geteuid() != 0:
        return [], None
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        return prefix, (user.pw_uid, user.pw_gid)
    absent("no unprivileged user to run PostgreSQL as")


def _wait_until_up(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + _START_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > end:
                pytest.fail(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)


class OwnServer:
    """A running PostgreSQL server of a test's own, which it may freeze: connections stay, answers do not come."""

    def __init__(self, url: str, process: subprocess.Popen[bytes]) -> None:
        self.url = url
        self._process = process
        self._frozen: list[int] = []

    def freeze(self) -> None:
        """Stop the server and all it has forked; the kernel goes on taking connections for it."""
        with psycopg.connect(self.url) as admin:
            self._process.send_signal(signal.SIGSTOP)  # first, so that it forks no more
            self._frozen = [pid for (pid,) in admin.execute("SELECT pid FROM pg_stat_activity")]
            for pid in self._frozen:
                os.kill(pid, signal.SIGSTOP)
            admin.pgconn.finish()  # a farewell would wait for an answer

    def thaw(self) -> None:
        """Let it go on."""
        for pid in self._frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._process.send_signal(signal.SIGCONT)
        self._frozen = []


@contextmanager
def _own_server(binaries: Path) -> Iterator[OwnServer]:
    prefix, owner = unprivileged()
    # Not below pytest's tmp_path, whose parents another user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="cocite-postgres-"))
    try:
        if owner:
            os.chown(folder, *owner)
        data, log = folder / "data", folder / "log"
        where: dict[str, Any] = {"cwd": folder, "env": {**os.environ, "HOME": str(folder)}}
        initdb = [binaries / "initdb", "-D", data, "-U", "cocite", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run([*prefix, *initdb], check=True, stdout=subprocess.DEVNULL, timeout=120, **where)
        port = free_port()
        settings = ["listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={folder}", "fsync=off"]
        command = [*prefix, binaries / "postgres", "-D", data, *(part for pair in settings for part in ("-c", pair))]
        with log.open("wb") as output:
            server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **where)
        try:
            url = f"postgresql://cocite@127.0.0.1:{port}/postgres"
            _wait_until_up(server, url, log)
            own = OwnServer(url, server)
            try:
                yield own
            finally:
                own.thaw()
        finally:
            server.terminate()
            try:
                server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL server whose user may create databases; skips where there is none."""
    if url := os.environ.get("COCITE_TEST_POSTGRES_URL"):
        yield url
        return
    binaries = server_binaries()
    if binaries is None:
        absent("no PostgreSQL: set COCITE_TEST_POSTGRES_URL or install its server")
    with _own_server(binaries) as own:
        yield own.url


@pytest.fixture
def own_postgres() -> Iterator[OwnServer]:
    """A server that a test may freeze; skips where there is none to start."""
    binaries = server_binaries()
    if binaries is None:
        absent("no PostgreSQL server is installed that could be frozen")
    with _own_server(binaries) as own:
        yield own


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of an empty database of the test's own."""
    name = f"cocite_test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    info = psycopg.conninfo.conninfo_to_dict(postgres_server)
    user = f"{info['user']}:{info['password']}" if info.get("password") else info.get("user", "postgres")
    try:
        yield f"postgresql://{user}@{info.get('host', '127.0.0.1')}:{info.get('port', 5432)}/{name}"
    finally:
        with psycopg.connect(postgres_server, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
