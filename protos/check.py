"""Check the protos: buf lint, buf format, and that the committed generated code is what they generate now.

Prints what is wrong and exits 1.
"""

import filecmp
import subprocess
import sys
import tempfile
from pathlib import Path

from generate import PROTOS, ROOT, generate


def buf(*arguments: str) -> bool:
    """Run buf in the repository root; True when it is content."""
    binary = Path(sys.executable).with_name("buf")
    return subprocess.run([binary, *arguments], cwd=ROOT, check=False).returncode == 0


def stale_modules(fresh: Path) -> list[str]:
    """Generated files that differ between the committed tree and fresh, as paths relative to services/."""
    committed = ROOT / "services" / "cocite" / "v1"
    names = {p.name for d in (committed, fresh / "cocite" / "v1") for p in d.glob("*_pb2*")}
    _, differing, missing = filecmp.cmpfiles(committed, fresh / "cocite" / "v1", sorted(names), shallow=False)
    return [f"cocite/v1/{name}" for name in differing + missing]


def main() -> int:
    """Run every check; the exit status."""
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch) / "image.binpb"
        generate(Path(scratch), image)
        lint = buf("lint", str(image), "--path", "cocite")
        layout = buf("format", "--diff", "--exit-code", str(PROTOS))
        stale = stale_modules(Path(scratch))
    for name in stale:
        print(f"services/{name} is stale: run `make proto`", file=sys.stderr)
    return 0 if lint and layout and not stale else 1


if __name__ == "__main__":
    sys.exit(main())
