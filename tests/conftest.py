"""Fixtures for all tests: the larger corpora beside the repository, and files that are fetched once for all runs."""

from pathlib import Path

import pytest

from cocite.core.settings import Settings, load_settings

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the larger corpora; tests that need it are marked corpus and skipped where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the larger corpora are not here")
    return SHARED / "data"


@pytest.fixture(scope="session")
def fetched() -> Settings:
    """Settings of this machine, with the embedding model's files and the demo corpus fetched; fetched once."""
    from cocite.catalogue.demo import demo_corpus
    from cocite.embedding.model_files import pull

    settings = load_settings()
    pull(settings)
    demo_corpus(settings)
    return settings
