"""Catalogues on both databases, for the suites that hold for either."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cocite.catalogue.store import Catalogue
from support.postgres import postgres_server, postgres_url

__all__ = ["catalogue", "catalogue_url", "postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def catalogue_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database, SQLite and PostgreSQL in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new folder' / 'catalogue.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def catalogue(catalogue_url: str) -> Iterator[Catalogue]:
    """An empty catalogue, on SQLite and PostgreSQL in turn."""
    with Catalogue.open(catalogue_url) as opened:
        yield opened
