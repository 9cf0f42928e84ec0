"""Small real catalogues whose citations have a known structure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from cocite.catalogue.records import CitationRecord, Fields, LibraryRecord, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.settings import Settings
from cocite.training.corpus import Corpus, read_corpus
from cocite.training.fitting import Material, fit
from cocite.training.model import Model
from cocite.training.options import AlsOptions, TrainingOptions
from cocite.training.train import ready_to_answer
from cocite.training.vectors import NO_MODEL, TextVectors

QUICK = TrainingOptions(als=AlsOptions(factors=8, iterations=5, regularization=0.1), evaluation_queries=50)


def checkerboard(size: int, diagonal: bool = False) -> csr_array:
    """Row i has the columns of its colour but its own: the one right answer for row i is column i.

    The idea of implicit's own tests.
    """
    places = np.arange(size)
    board = (places[:, None] % 2 == places % 2).astype(np.float32)
    if not diagonal:
        np.fill_diagonal(board, 0)
    return csr_array(board)


def paper(number: int, *, text: bool = True, year: int | None = 2000) -> PaperRecord:
    colour = "black knights" if number % 2 == 0 else "white bishops"
    fields = Fields(
        title=f"Paper {number} on {colour}" if text else "",
        abstract=f"{colour} and number {number} and so on" if text and number % 3 else "",
        year=year,
        venue="Board Journal" if number % 2 == 0 else "board letters",
    )
    return PaperRecord(ids=(f"doi:10.1000/{number:03d}",), fields=fields)


def cites(citing: int, cited: int) -> CitationRecord:
    return CitationRecord(f"doi:10.1000/{citing:03d}", f"doi:10.1000/{cited:03d}")


def keeps(reader: str, number: int) -> LibraryRecord:
    return LibraryRecord(reader, f"doi:10.1000/{number:03d}")


def board_records(size: int = 40) -> list[PaperRecord | CitationRecord]:
    """Papers of two colours; each cites eight of its own colour."""
    papers: list[PaperRecord | CitationRecord] = [paper(number) for number in range(size)]
    return papers + [cites(i, (i + 2 * step) % size) for i in range(size) for step in range(1, 9)]


Fill = Callable[..., Catalogue]


@pytest.fixture
def fill(tmp_path: Path) -> Iterator[Fill]:
    """Opens a new SQLite catalogue and writes the records into it."""
    opened: list[Catalogue] = []

    def make(records: Sequence[object] = ()) -> Catalogue:
        catalogue = Catalogue.open(f"sqlite:///{tmp_path / f'catalogue-{len(opened)}.db'}")
        opened.append(catalogue)
        catalogue.write(list(records))
        return catalogue

    yield make
    for catalogue in opened:
        catalogue.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", encoder="hashing")


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with Catalogue.open(f"sqlite:///{tmp_path_factory.mktemp('board') / 'catalogue.db'}") as catalogue:
        catalogue.write(board_records())
        yield read_corpus(catalogue)


@pytest.fixture(scope="session")
def model(corpus: Corpus) -> Model:
    return model_of(corpus, seed=0)


def material_of(corpus: Corpus) -> Material:
    """The corpus without vectors of its texts."""
    return Material.of(corpus, TextVectors(np.zeros((corpus.paper_count, 1), dtype=np.float16), NO_MODEL, 0))


def model_of(corpus: Corpus, seed: int) -> Model:
    """A model without vectors of texts."""
    options = replace(QUICK, seed=seed)
    return ready_to_answer(fit(material_of(corpus), options), corpus, options)
