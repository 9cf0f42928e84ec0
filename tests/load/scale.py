"""What `cocite train` costs, phase by phase.

Usage: python tests/load/scale.py [--papers N] [--seed S] [--no-learn] [--no-related] [--json FILE]

Trains on the catalogue of COCITE_HOME; with --papers fills it first with a synthetic corpus, as `cocite bench corpus`
does. Prints for each phase its seconds of the wall clock and of CPU, and the most memory that was resident in it;
then the size of the bundle. Phases are those of the progress bars. Linux only: peaks are reset through /proc.
"""

import argparse
import json
import resource
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cocite.catalogue.store import Catalogue
from cocite.core.settings import load_settings
from cocite.synthetic.corpus import SyntheticCorpus
from cocite.training.options import TrainingOptions
from cocite.training.synthetic_home import fill_home
from cocite.training.train import train

_RESET_PEAK = "5"


@dataclass
class Phase:
    """What one phase took so far."""

    name: str
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: int = 0


class Phases:
    """A progress that counts what passes between its calls to the phase that calls."""

    def __init__(self) -> None:
        self.found: dict[str, Phase] = {}
        self._last: Phase | None = None
        self._wall, self._cpu = time.perf_counter(), _cpu_s()

    def __call__(self, name: str, done: int, total: int) -> None:
        phase = self.found.setdefault(name, Phase(name))
        if self._last is not phase:
            self.tell()
            self._last = phase
        wall, cpu = time.perf_counter(), _cpu_s()
        phase.wall_s += wall - self._wall
        phase.cpu_s += cpu - self._cpu
        phase.peak_mb = max(phase.peak_mb, _peak_mb())
        self._wall, self._cpu = wall, cpu
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")

    def tell(self) -> None:
        """Print the phase that was last under way."""
        if self._last is not None:
            took = self._last
            print(f"{took.name:<60} {took.wall_s:9.1f} {took.cpu_s:9.1f} {took.peak_mb:9,d}", flush=True)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_mb() -> int:
    """The most anonymous and mapped memory that was resident since the last reset."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, help="fill the empty home with so many papers first")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-learn", dest="learn", action="store_false")
    parser.add_argument("--no-related", dest="related", action="store_false", help="keep no results ready")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    settings, phases = load_settings(), Phases()
    print(f"{'phase':<60} {'wall s':>9} {'CPU s':>9} {'peak MB':>9}")
    if asked.papers:
        fill_home(SyntheticCorpus.of(asked.papers, asked.seed), settings, phases)
    with Catalogue.open(settings.catalogue) as catalogue:
        options = TrainingOptions(seed=asked.seed, learn=asked.learn, choose=asked.learn)
        if not asked.related:
            options = replace(options, related=0)
        manifest = train(catalogue, settings, options, phases, force=True).manifest
    phases.tell()
    found: dict[str, Any] = {
        "papers": manifest.paper_count,
        "citations": manifest.citation_count,
        "wall_s": sum(phase.wall_s for phase in phases.found.values()),
        "cpu_s": sum(phase.cpu_s for phase in phases.found.values()),
        "peak_mb": max(phase.peak_mb for phase in phases.found.values()),
        "bundle_mb": sum(entry.size for entry in manifest.files.values()) // 2**20,
        "metrics": manifest.metrics,
        "phases": [asdict(phase) for phase in phases.found.values()],
    }
    print(f"{'all':<60} {found['wall_s']:9.1f} {found['cpu_s']:9.1f} {found['peak_mb']:9,d}")
    print(f"{found['papers']:,} papers, {found['citations']:,} citations, bundle {found['bundle_mb']:,} MB")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
