"""Fuzz one target: python -m fuzz.one NAME [options of libFuzzer]. Ends by itself only with the time or a finding."""

import hashlib
import os
import sys
import tempfile
import traceback
from pathlib import Path

import atheris

from fuzz.target import compiled_modules, found, load

_FOUND = 77  # exit status of a fuzzer that has found something
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
    prefix = next((option.partition("=")[2] for option in options if option.startswith("-artifact_prefix=")), "")

    def check(data: bytes) -> None:
        try:
            target.check(data)
        except BaseException:  # end here and now: libFuzzer would wait for threads of services first, and be killed
            traceback.print_exc()
            Path(f"{prefix}crash-{hashlib.sha256(data).hexdigest()[:16]}").write_bytes(data)
            sys.stderr.flush()
            os._exit(_FOUND)

    atheris.Setup([sys.argv[0], *options], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
