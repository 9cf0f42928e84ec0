"""A training run that stands still where it is told to, to be killed there.

python -m chaos.harness.training phase NAME | fsync NUMBER, under the settings of a home.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cocite.core.settings import PREFIX, load_settings
from cocite.training.options import AlsOptions, TrainingOptions
from support.train_and_stop import Point, train_and_stop

QUICK = TrainingOptions(als=AlsOptions(factors=8, iterations=3), learn=False, choose=False, related=5)
_TESTS = Path(__file__).resolve().parents[2]


class _Told:
    """Where train_and_stop tells that it is there: the standard output."""

    def send(self, point: Point, /) -> None:
        print(*point, flush=True)


@contextmanager
def stopped_at(home: Path, point: Point, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """A run that has come to that point; killed at the end."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    searched = [environment.get("PYTHONPATH", ""), str(_TESTS), os.environ.get("PYTHONPATH", "")]
    ours = {f"{PREFIX}HOME": str(home), f"{PREFIX}ENCODER": "hashing"}
    ours |= {"PYTHONPATH": os.pathsep.join(filter(None, searched))}
    command = ["nice", "-n", "10", sys.executable, "-m", "chaos.harness.training", *map(str, point)]
    with subprocess.Popen(command, env=inherited | environment | ours, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline().strip()
            assert said == " ".join(map(str, point)), f"the training run ended: {said}"
            yield process
        finally:
            process.kill()


def main() -> None:
    kind, where = sys.argv[1], " ".join(sys.argv[2:])
    settings = load_settings()
    point: Point = ("fsync", int(where)) if kind == "fsync" else ("phase", where)
    train_and_stop(settings, settings.catalogue, QUICK, point, _Told())


if __name__ == "__main__":
    main()
