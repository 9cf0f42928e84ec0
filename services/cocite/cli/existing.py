"""A catalogue that must be there already."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from cocite.core.errors import NotReady

if TYPE_CHECKING:
    from cocite.catalogue.store import Catalogue


def _hint(missing: Path) -> str:
    """What to do; where a demo has its catalogue below the same home, that is most likely the one meant."""
    demos = sorted((path.parent for path in missing.parent.glob("demo/*/catalogue.db")), key=str)
    if demos:
        home = shlex.quote(str(demos[0]))
        return f"for that of the demo say COCITE_HOME={home}; else bring papers in with `cocite ingest`"
    return "bring papers in with `cocite ingest`, or see `cocite up --demo`"


def open_existing(url: str) -> "Catalogue":
    """Open the catalogue. Raises NotReady where a SQLite file would have to be created first, and creates none."""
    from cocite.catalogue.engine import parse_url
    from cocite.catalogue.store import Catalogue

    parsed = parse_url(url)
    if parsed.drivername.startswith("sqlite") and not Path(parsed.database or "").exists():
        raise NotReady(f"there is no catalogue at {parsed.database}", hint=_hint(Path(parsed.database or "")))
    return Catalogue.open(url)
