"""Fuzz all targets, or those named, some at a time: python -m fuzz.run [--seconds N] [--at-once N] [NAMES].

Each first checks its seeds and what was found before. A finding is the input that led there, in build/fuzz/NAME, and
the error that came of it; python -m fuzz.one NAME FILE runs it again.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fuzz.target import PLANTED, TARGETS, environment, names

BUILD = TARGETS.parents[2] / "build" / "fuzz"
_START_S = 300.0  # to import and check the seeds, on a slow machine that compiles first
_INPUT_S = 60  # in which one input must be done with
_MOST_MB = 4096
_SHOWN = 40  # lines of what a fuzzer said that found something


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a target: runs is 0 where its fuzzer did not get to tell; said is the end of its output."""

    name: str
    ok: bool
    runs: int
    seconds: float
    said: str


def fuzz(name: str, seconds: int) -> Outcome:
    """Fuzz a target for so many seconds; it and all that it has started end with that."""
    kept = BUILD / name
    corpus = kept / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        f"-timeout={_INPUT_S}",
        f"-rss_limit_mb={_MOST_MB}",
        "-print_final_stats=1",
    ]
    command = [sys.executable, "-m", "fuzz.one", name, *options, f"-artifact_prefix={kept}/", str(corpus)]
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cocite-fuzz-") as scratch, (kept / "log").open("w+b") as log:
        process = subprocess.Popen(
            command,
            env={**environment(name), "TMPDIR": scratch},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            code: int | str = process.wait(seconds + _START_S)
        except subprocess.TimeoutExpired:
            code = "no end"
        finally:
            _end(process)
        log.seek(0)
        lines = log.read().decode("utf-8", "replace").splitlines()
    runs = next((int(line.split()[-1]) for line in lines if line.startswith("stat::number_of_executed_units")), 0)
    said = "\n".join([*lines[-_SHOWN:], f"ended with {code}"])
    return Outcome(name, code == 0 and runs > 0, runs, time.monotonic() - started, said)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its group, in which the stores are that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def main() -> int:
    """Run; the exit status is that of make fuzz."""
    parser = argparse.ArgumentParser(prog="make fuzz", description="Fuzz the parsers.")
    parser.add_argument("--seconds", type=int, default=300, help="for each target (default 300)")
    parser.add_argument("--at-once", type=int, default=min(2, os.cpu_count() or 1), help="targets side by side")
    parser.add_argument("targets", nargs="*", metavar="NAME", help=f"of {', '.join(names())} (default: all)")
    given = parser.parse_args()
    if unknown := [name for name in given.targets if name not in (*names(), PLANTED)]:
        parser.error(f"{unknown[0]} is no target")
    chosen = given.targets or names()
    with ThreadPoolExecutor(given.at_once) as pool:
        outcomes = list(pool.map(lambda name: _told(fuzz(name, given.seconds)), chosen))
    failed = [outcome for outcome in outcomes if not outcome.ok]
    for outcome in failed:
        print(f"\n== {outcome.name}\n{outcome.said}\nwhat it found, if anything, is in {_shown(BUILD / outcome.name)}")
    print(f"\n{len(outcomes) - len(failed)} of {len(outcomes)} targets found nothing")
    return 1 if failed else 0


def _told(outcome: Outcome) -> Outcome:
    print(
        f"{outcome.name:12} {'ok' if outcome.ok else 'FOUND'} {outcome.runs:>10,} runs {outcome.seconds:6.0f} s",
        flush=True,
    )
    return outcome


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
