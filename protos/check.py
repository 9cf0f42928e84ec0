"""Check the protos: buf lint, buf format, and that what is committed of generated code is what they generate now.

Prints what is wrong and exits 1.
"""

import filecmp
import subprocess
import sys
import tempfile
from pathlib import Path

from generate import OPENAPI, PROTOS, ROOT, generate


def buf(*arguments: str) -> bool:
    """Run buf in the repository root; True when it is content."""
    binary = Path(sys.executable).with_name("buf")
    return subprocess.run([binary, *arguments], cwd=ROOT, check=False).returncode == 0


def stale_files(fresh: Path) -> list[str]:
    """Generated files that differ between the committed tree and fresh, as paths relative to services/."""
    committed = ROOT / "services"
    names = {str(p.relative_to(d)) for d in (committed, fresh) for p in d.glob("cocite/v1/*_pb2*")} | {str(OPENAPI)}
    _, differing, missing = filecmp.cmpfiles(committed, fresh, sorted(names), shallow=False)
    return differing + missing


def main() -> int:
    """Run every check; the exit status."""
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch) / "image.binpb"
        generate(Path(scratch), image)
        lint = buf("lint", str(image), "--path", "cocite")
        layout = buf("format", "--diff", "--exit-code", str(PROTOS))
        stale = stale_files(Path(scratch))
    for name in stale:
        print(f"services/{name} is stale: run `make proto`", file=sys.stderr)
    return 0 if lint and layout and not stale else 1


if __name__ == "__main__":
    sys.exit(main())
