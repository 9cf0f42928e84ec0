"""Containers of an image, run by runc as Kubernetes runs them: read-only root, no capabilities, a writable /tmp."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

OURS = ("network", "cgroup")  # namespaces that are those of the machine
WAIT_S = 60.0


@dataclass(frozen=True)
class Image:
    """An image and where its files are mounted."""

    config: dict
    root: Path

    @classmethod
    def of(cls, name: str, root: Path) -> "Image":
        told = subprocess.run(["buildah", "inspect", "--type", "image", name], capture_output=True, check=True)
        return cls(json.loads(told.stdout)["OCIv1"]["config"], root)

    def bundle(self, directory: Path, command: list[str], environment: dict[str, str]) -> None:
        """Write what runc needs to run command; directory/tmp is the container's /tmp, and lasts."""
        directory.mkdir(exist_ok=True)
        scratch = directory / "tmp"
        scratch.mkdir(exist_ok=True)
        scratch.chmod(0o1777)
        if not (directory / "config.json").exists():
            subprocess.run(["runc", "spec"], cwd=directory, check=True)
        spec = json.loads((directory / "config.json").read_text())
        uid, gid = (int(part) for part in self.config["User"].split(":"))
        given = [f"{name}={value}" for name, value in environment.items()]
        spec["process"] |= {
            "terminal": False,
            "user": {"uid": uid, "gid": gid},
            "args": command,
            "env": [*self.config["Env"], *given],
            "cwd": self.config["WorkingDir"],
            "capabilities": {},
            "noNewPrivileges": True,
        }
        spec["root"] = {"path": str(self.root), "readonly": True}
        linux = spec["linux"]
        linux["namespaces"] = [each for each in linux["namespaces"] if each["type"] not in OURS]
        linux.pop("resources", None)
        kept = [m for m in spec["mounts"] if m["type"] not in ("cgroup", "bind")]
        home = {
            "destination": "/var/lib/cocite",
            "type": "tmpfs",
            "source": "tmpfs",
            "options": ["nosuid", "nodev", f"uid={uid}", f"gid={gid}", "mode=0755"],
        }
        tmp = {"destination": "/tmp", "type": "bind", "source": str(scratch), "options": ["rbind", "rw"]}
        spec["mounts"] = [*kept, home, tmp]
        (directory / "config.json").write_text(json.dumps(spec))


@dataclass(frozen=True)
class Container:
    """One that runs."""

    name: str
    process: subprocess.Popen
    log: Path

    def status(self) -> dict[str, str]:
        """Lines of /proc/PID/status of its first process."""
        told = subprocess.run(["runc", "state", self.name], capture_output=True, check=True, timeout=30)
        lines = Path(f"/proc/{json.loads(told.stdout)['pid']}/status").read_text().splitlines()
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}

    def terminate(self) -> int:
        """SIGTERM, and the exit status it ends with."""
        subprocess.run(["runc", "kill", self.name, "TERM"], check=True, timeout=30)
        return self.process.wait(WAIT_S)


@contextmanager
def running(name: str, image: Image, directory: Path, command: list[str], **environment: str) -> Iterator[Container]:
    """Run a command in a container of its own meanwhile."""
    image.bundle(directory, command, environment)
    log = directory / "log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            ["runc", "run", "--bundle", str(directory), name], stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
        )
        try:
            yield Container(name, process, log)
        finally:
            subprocess.run(["runc", "delete", "--force", name], capture_output=True, check=False, timeout=30)
            process.wait(WAIT_S)


def finished(name: str, image: Image, directory: Path, command: list[str], **environment: str) -> tuple[int, str]:
    """Exit status and output of a command that ends by itself."""
    with running(name, image, directory, command, **environment) as container:
        end = time.monotonic() + 4 * WAIT_S
        while container.process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        return container.process.returncode, container.log.read_text()
