"""What a fuzz target is: a module of fuzz.targets, named after what it fuzzes."""

import importlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TARGETS = Path(__file__).parent / "targets"
FOUND = Path(__file__).parent / "found"  # inputs that were findings once, in a folder for each target
PLANTED = "planted"  # the target with a fault in it, which a fuzzer that works must find
MACHINE_CODE = Path(__file__).parents[2] / "build" / "fuzz" / "machine-code"  # compiled otherwise than for serving
_OF_TARGETS = {
    "kernels": {"NUMBA_DISABLE_JIT": "1"},
    "bundle": {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(MACHINE_CODE)},
}


@dataclass(frozen=True, slots=True)
class Target:
    """check takes bytes and raises where the code does what it must not: what it raises by contract it catches itself.

    seeds are inputs to begin with.
    """

    name: str
    module: Any

    @property
    def check(self) -> Callable[[bytes], None]:
        found: Callable[[bytes], None] = self.module.check
        return found

    @property
    def seeds(self) -> Sequence[bytes]:
        found: Sequence[bytes] = self.module.SEEDS
        return found


def names() -> list[str]:
    """All targets but the planted one."""
    return sorted(file.stem for file in TARGETS.glob("*.py") if file.stem not in ("__init__", PLANTED))


def load(name: str) -> Target:
    """Import a target. Its module imports what it fuzzes when it is imported."""
    return Target(name, importlib.import_module(f"fuzz.targets.{name}"))


def found(name: str) -> list[bytes]:
    """What fuzzing this target has found, all of it mended."""
    return [file.read_bytes() for file in sorted((FOUND / name).glob("*"))]


def compiled_modules() -> list[str]:
    """Those that numba compiles, of which it takes no instrumented code."""
    sources = TARGETS.parents[2] / "services"
    files = [file for file in sources.rglob("*.py") if "@compiled(" in file.read_text(encoding="utf-8")]
    return [".".join(file.relative_to(sources).with_suffix("").parts) for file in files]


def environment(name: str) -> dict[str, str]:
    """The environment of a target's process: without settings, and with the sources and the tests at hand."""
    tests = TARGETS.parents[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COCITE_")}
    return (
        kept
        | {"PYTHONPATH": f"{tests}{os.pathsep}{tests.parent / 'services'}", "PYTHONHASHSEED": "0"}
        | _OF_TARGETS.get(name, {})
    )
