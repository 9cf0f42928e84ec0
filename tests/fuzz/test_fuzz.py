"""The fuzzer finds a fault that was planted; what real fuzzing has found stays mended.

`make fuzz` is what looks for more.
"""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz import run
from fuzz.target import FOUND, PLANTED, environment, found, load, names

ATHERIS = sys.platform == "linux" and platform.machine() == "x86_64"
NEEDS_OTHER_MACHINE_CODE = ("bundle", "kernels")
CHEAP = sorted({*names()} - {*NEEDS_OTHER_MACHINE_CODE, "requests"})


@pytest.mark.parametrize("name", CHEAP)
def test_seeds_and_what_was_found_before_are_no_findings(name: str) -> None:
    target = load(name)
    inputs = [*target.seeds, *found(name)]
    assert inputs
    for data in inputs:
        target.check(data)


def test_every_finding_belongs_to_a_target() -> None:
    assert {folder.name for folder in FOUND.iterdir()} <= {*names()}


@pytest.mark.skipif(not ATHERIS, reason="atheris has wheels for Linux on x86-64 alone")
def test_a_planted_fault_is_found_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "BUILD", tmp_path)
    outcome = run.fuzz(PLANTED, 60)
    assert not outcome.ok
    assert "the planted fault" in outcome.said
    (crash,) = (tmp_path / PLANTED).glob("crash-*")
    with pytest.raises(AssertionError, match="planted"):
        load(PLANTED).check(crash.read_bytes())


@pytest.mark.skipif(not ATHERIS, reason="atheris has wheels for Linux on x86-64 alone")
def test_a_target_without_a_fault_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "BUILD", tmp_path)
    outcome = run.fuzz("tokens", 1)
    assert outcome.ok, outcome.said
    assert outcome.runs > 100


def test_machine_code_is_read_by_the_interpreter_where_no_place_is_out_of_bounds() -> None:
    """The target finds what the checks would let through: here, a code of reasons that ends too early."""
    script = (
        "from fuzz.targets import kernels as k\n"
        "for seed in k.SEEDS: k.check(seed)\n"
        "try: k._call(k.end_of_reasons, k.Numbers(b'\\x02\\x11\\x01'), 0, 1)\n"
        "except IndexError: print('out of bounds')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment("kernels"), capture_output=True, text=True, timeout=100
    )
    assert done.stdout == "out of bounds\n", done.stderr
