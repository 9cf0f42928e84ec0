"""A network namespace that can be cut off without a word: what is sent there is lost, and nothing says so."""

import os
import random
import shutil
import subprocess
from typing import Self

IN_ROOT = os.geteuid() == 0 and shutil.which("ip") is not None
WALL = next((name for name in ("nft", "iptables") if shutil.which(name)), "")
_TABLE = "add table inet hole; add chain inet hole {hook} {{ type filter hook {hook} priority 0; policy drop; }}"


class Namespace:
    """Joined to this one by a pair of interfaces; outside and inside are their addresses. Needs root."""

    def __init__(self) -> None:
        number = random.randint(1, 250 * 250)
        self.name = f"cocite{number}"
        net = f"10.{200 + number % 50}.{number // 250}"
        self.outside, self.inside = f"{net}.1", f"{net}.2"
        self.prefix = ["ip", "netns", "exec", self.name]

    def __enter__(self) -> Self:
        _run("ip", "netns", "add", self.name)
        try:
            ours, theirs = f"{self.name}a", f"{self.name}b"
            _run("ip", "link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", self.name)
            _run("ip", "address", "add", f"{self.outside}/24", "dev", ours)
            _run("ip", "link", "set", ours, "up")
            _run(*self.prefix, "ip", "address", "add", f"{self.inside}/24", "dev", theirs)
            _run(*self.prefix, "ip", "link", "set", theirs, "up")
            _run(*self.prefix, "ip", "link", "set", "lo", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def cut_off(self) -> None:
        """Drop what comes and what goes."""
        for hook in ("input", "output"):
            if WALL == "nft":
                _run(*self.prefix, "nft", _TABLE.format(hook=hook))
            else:
                _run(*self.prefix, "iptables", "-I", hook.upper(), "-j", "DROP")

    def join(self) -> None:
        """Let everything through again."""
        if WALL == "nft":
            _run(*self.prefix, "nft", "delete table inet hole")
        else:
            _run(*self.prefix, "iptables", "-F")

    def __exit__(self, *_: object) -> None:
        _run("ip", "netns", "delete", self.name)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
