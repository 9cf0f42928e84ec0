"""Where training keeps things besides the bundles."""

from pathlib import Path

from cocite.core.settings import Settings


def vector_cache_path(settings: Settings) -> Path:
    """The cache of text vectors, shared by all training and benchmark runs of one home directory."""
    return settings.home / "vectors" / "vectors.db"
