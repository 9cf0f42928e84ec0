"""`cocite` as a user runs it: real processes, a home of its own."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from cocite.core.settings import PREFIX, Settings

TIMEOUT_S = 100.0
SERVICES = ("embedding", "features", "recommender", "feeds")
_ADDRESS = re.compile(r"(embedding|features|recommender|feeds|gateway) +(?:http://)?(\S+:\d+)$")


class Home:
    """A home directory and the environment that goes with it; files already fetched are shared, not fetched again."""

    def __init__(self, path: Path, fetched: Settings | None = None, **settings: str) -> None:
        self.path = path
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        ours = {
            "home": str(path),
            "encoder": "hashing",
            "lame_duck_s": "0",
            "bundle_poll_s": "0.2",
            "gateway_anonymous_rate": "10000000",
            "transport": Settings().transport,
            **{f"{service}_listen": "127.0.0.1:0" for service in (*SERVICES, "gateway")},
            **settings,
        }
        if fetched:
            ours.setdefault("models_dir", str(fetched.models))
            shutil.copytree(fetched.home / "corpora", path / "corpora", dirs_exist_ok=True)
        self.environment = inherited | {PREFIX + name.upper(): value for name, value in ours.items()}
        self.environment["COLUMNS"] = "200"

    def copied_to(self, path: Path, **settings: str) -> "Home":
        """A copy of this home, which nothing may be running in."""
        shutil.copytree(self.path, path, symlinks=True, dirs_exist_ok=True)
        home = self.having(home=str(path), **settings)
        home.path = path
        return home

    def of_demo(self, **settings: str) -> "Home":
        """The home that `cocite up --demo` makes below this one, for other commands."""
        home = self.having(**settings)
        home.path = self.path / "demo" / "scientometrics"
        home.environment[f"{PREFIX}HOME"] = str(home.path)
        return home

    def having(self, **settings: str) -> "Home":
        """This home, for commands with other settings."""
        home = Home.__new__(Home)
        home.path = self.path
        home.environment = self.environment | {PREFIX + name.upper(): value for name, value in settings.items()}
        return home

    def run(self, *arguments: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "cocite", *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done


class Stack:
    """A running `cocite up --demo`."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cocite", "up", "--demo"],
            env=home.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self.targets: dict[str, str] = {}
        self.printed = ""
        for line in self._lines():
            self.printed += line
            if address := _ADDRESS.match(line.strip()):
                self.targets[address[1]] = address[2]
            if "curl '" in line:
                break
        assert set(self.targets) == {*SERVICES, "gateway"}, self.end(signal.SIGTERM)

    def _lines(self) -> Iterator[str]:
        assert self._process.stdout is not None
        return iter(self._process.stdout.readline, "")

    @property
    def pid(self) -> int:
        return self._process.pid

    def child(self, service: str) -> int:
        """Process id of a service."""
        return next(pid for pid in descendants(self.pid) if f"cocite serve {service}" in command_line(pid))

    def end(self, number: int | None) -> tuple[int, str]:
        """Send the signal, or wait for it to end by itself; exit status and stderr."""
        if number is not None:
            self._process.send_signal(number)
        _, err = self._process.communicate(timeout=TIMEOUT_S)
        return self._process.returncode, err

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.end(signal.SIGTERM)


def descendants(pid: int) -> list[int]:
    """Process ids of all processes below pid."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _read(entry / "stat")):
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def connections(pid: int, port: int) -> int:
    """How many connections to one of this machine's ports a process has accepted."""
    tables = [_read(Path("/proc/net") / name) for name in ("tcp", "tcp6")]  # gRPC takes IPv4 by IPv6 sockets, too
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    established = {row[9] for row in rows if row[3] == "01" and int(row[1].rpartition(":")[2], 16) == port}
    held = [_link(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    return sum(link.removeprefix("socket:[").removesuffix("]") in established for link in held)


def command_line(pid: int) -> str:
    """Command line of a process, "" when it is gone."""
    return _read(Path(f"/proc/{pid}/cmdline")).replace("\0", " ").strip()


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    stat = _read(Path(f"/proc/{pid}/stat"))
    return bool(stat) and stat.rpartition(")")[2].split()[0] != "Z"


def eventually(condition, timeout_s: float = 30.0) -> bool:
    """Whether condition() comes true before the time is up."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except FileNotFoundError:
        return ""


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
