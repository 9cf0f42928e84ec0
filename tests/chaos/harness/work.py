"""Figures that several faults of stores and models have in common."""

import os
import subprocess
import sys
from pathlib import Path

from chaos.harness.home import settings_of
from chaos.harness.trial import Part, together
from chaos.harness.verdict import Check
from cocite.core.errors import CociteError
from cocite.core.settings import PREFIX
from cocite.recommender.bundle import Bundle
from cocite.recommender.bundle_files import read_current

LATE_SHARE = 0.1
READS = ("known", "full", "pair", "text", "cold")  # questions to the recommender


def failed(part: Part, what: str = "calls") -> Check:
    """That nothing failed. On a machine busy with something else some calls may come too late, and the test bears that;
    it bears no other failure.
    """
    late = part.failures["DEADLINE_EXCEEDED"]
    return Check(f"failed of {len(part.calls)} {what}", part.failed, 0, hard=min(late, LATE_SHARE * len(part.calls)))


def read_checks(parts: dict[str, Part]) -> list[Check]:
    """Whether papers were recommended from the fault on as if nothing were."""
    struck = together(*[part for name, part in parts.items() if name not in ("warm-up", "baseline")])
    reads = struck.of(*READS)
    return [failed(reads, "reads"), Check("wrong", reads.wrong, 0)]


def cocite(home: Path, *arguments: str, nice: int = 10, **environment: str) -> subprocess.Popen[str]:
    """A command of cocite on a home, by default less urgent than what serves; it runs when this returns."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    ours = {f"{PREFIX}HOME": str(home), f"{PREFIX}ENCODER": "hashing"}
    return subprocess.Popen(
        ["nice", "-n", str(nice), sys.executable, "-m", "cocite", *arguments],
        env=inherited | ours | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def names_a_whole_model(home: Path) -> bool:
    """Whether a recommender that starts now would find a model."""
    bundles = settings_of(home).bundles
    try:
        Bundle.load(bundles / (read_current(bundles) or ""))
    except CociteError:
        return False
    return True
