"""A catalogue that must be there already."""

from pathlib import Path
from typing import TYPE_CHECKING

from cocite.core.errors import NotReady

if TYPE_CHECKING:
    from cocite.catalogue.store import Catalogue


def open_existing(url: str) -> "Catalogue":
    """Open the catalogue. Raises NotReady where a SQLite file would have to be created first, and creates none."""
    from cocite.catalogue.engine import parse_url
    from cocite.catalogue.store import Catalogue

    parsed = parse_url(url)
    if parsed.drivername.startswith("sqlite") and not Path(parsed.database or "").exists():
        raise NotReady(
            f"there is no catalogue at {parsed.database}",
            hint="bring papers in with `cocite ingest`, or see `cocite up --demo`",
        )
    return Catalogue.open(url)
