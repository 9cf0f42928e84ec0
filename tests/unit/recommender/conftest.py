from pathlib import Path

import pytest

from cocite.recommender.bundle import Bundle
from support.bundles import Corpus, checkerboard, write_bundle


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return checkerboard()


@pytest.fixture(scope="session")
def bundle(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return Bundle.load(write_bundle(tmp_path_factory.mktemp("bundles"), corpus))


@pytest.fixture
def bundle_dir(corpus: Corpus, tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundles", corpus)
