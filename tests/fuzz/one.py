"""Fuzz one target: python -m fuzz.one NAME [options of libFuzzer]. Ends by itself only with the time or a finding."""

import os
import sys
import tempfile
from pathlib import Path

import atheris

from fuzz.target import compiled_modules, found, load

INSTRUMENTED = ["cocite", "fuzz.targets", "bibtexparser"]  # a branch in what these hold leads the search


def main(name: str, options: list[str]) -> None:
    compiled = [] if os.environ.get("NUMBA_DISABLE_JIT") else compiled_modules()
    with atheris.instrument_imports(include=INSTRUMENTED, exclude=compiled):
        target = load(name)
    seeds = Path(tempfile.mkdtemp(prefix="cocite-seeds-"))
    for number, data in enumerate((*target.seeds, *found(name))):
        target.check(data)
        (seeds / str(number)).write_bytes(data)
    if options and Path(options[-1]).is_dir():  # new inputs are kept in the first directory, these only read
        options = [*options, str(seeds)]
    atheris.Setup([sys.argv[0], *options], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
