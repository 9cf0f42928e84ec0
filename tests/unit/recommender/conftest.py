from collections.abc import Iterator
from pathlib import Path

import pytest

from cocite.recommender.bundle import Bundle
from support.bundles import Corpus, checkerboard, publish, write_bundle
from support.recommender import House, open_house
from support.recommender_calls import LATER


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return checkerboard()


@pytest.fixture(scope="session")
def bundle(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return Bundle.load(write_bundle(tmp_path_factory.mktemp("bundles"), corpus))


@pytest.fixture
def bundle_dir(corpus: Corpus, tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundles", corpus)


@pytest.fixture
def house(bundle_dir: Path, corpus: Corpus) -> Iterator[House]:
    publish(bundle_dir.parent, "m1")
    with open_house(bundle_dir.parent, corpus.papers + LATER) as opened:
        yield opened
