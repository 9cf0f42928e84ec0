"""A wall clock of services that is put forward and back."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

DAY_S = 86_400
STEPS = (3600, -3600, 3 * DAY_S, -3 * DAY_S, 60)
_SOURCE = Path(__file__).parent / "stepped_clock.c"


class Clock:
    """Kept in a folder; right until step()."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._library = folder / "stepped_clock.so"
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("no C compiler is installed")
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", self._library, _SOURCE, "-ldl"]
        subprocess.run(command, check=True, timeout=60)
        self.step(0)

    @property
    def settings(self) -> dict[str, str]:
        """Of services that go by it."""
        return {"LD_PRELOAD": str(self._library), "CHAOS_CLOCK": str(self._file)}

    def step(self, seconds: int) -> None:
        """Put it so many seconds ahead of the right time; services have the file mapped."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("q", seconds))
