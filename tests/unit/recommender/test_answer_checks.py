"""What answers are spliced from is refused when it cannot be, though the checksums fit."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cocite.core.errors import CorruptData
from cocite.recommender import layout
from cocite.recommender.bundle import Bundle
from support.bundles import Corpus, reseal, write_bundle

Change = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="module")
def made(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("bundles"), corpus, related=22)


@pytest.fixture
def directory(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "m1"))


def put(*places_and_values: tuple[int, float]) -> Change:
    def change(array: np.ndarray) -> np.ndarray:
        for place, value in places_and_values:
            array[place] = value
        return array

    return change


def byte(place: int, value: int) -> Change:
    return put((place, value))


def test_lists_are_as_long_as_asked_and_the_first_are_explained(made: Path, corpus: Corpus) -> None:
    related = Bundle.load(made).related
    assert set(related.lists.counts()) == {22}
    assert related.start_of(3, 21) is not None and related.start_of(3, 22) is None
    assert all(np.diff(related.reason_offsets) >= layout.EXPLAINED)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (layout.DISPLAY, byte(0, 0x12)),  # no paper_id comes first
        (layout.DISPLAY, byte(1, 0x7F)),  # it is longer than the message
        (layout.DISPLAY, byte(4, 0x41)),  # it is another one
        (layout.DISPLAY, lambda a: a[:-1]),
        (layout.DISPLAY_OFFSETS, lambda a: a[::-1].copy()),
        (layout.DISPLAY_OFFSETS, lambda a: a.astype(np.int32)),
        (layout.RELATED_OFFSETS, put((1, 0))),
        (layout.RELATED_OFFSETS, lambda a: a + 1),
        (layout.RELATED, byte(0, 24)),
        (layout.RELATED, byte(5, -1)),
        (layout.RELATED, byte(0, 0)),  # a paper in its own list
        (layout.RELATED, lambda a: a[:-1]),
        (layout.RELATED_SCORES, lambda a: a[:-1]),
        (layout.RELATED_SCORES, put((3, np.nan))),
        (layout.RELATED_SCORES, put((0, np.inf))),
        (layout.RELATED_SCORES, lambda a: a[::-1].copy()),
        (layout.RELATED_REASON_OFFSETS, lambda a: a * 2),
        (layout.RELATED_REASON_OFFSETS, put((1, 3))),
        (layout.RELATED_REASONS, byte(0, 0)),  # no reason where some follow
        (layout.RELATED_REASONS, byte(0, 9)),  # more than there are
        (layout.RELATED_REASONS, byte(1, 0x01)),  # of no kind
        (layout.RELATED_REASONS, byte(1, 0x06)),  # popularity ties no seed
        (layout.RELATED_REASONS, byte(2, 2)),  # there is one seed
        (layout.RELATED_REASONS, byte(2, 0x81)),
        (layout.RELATED_REASONS, put(*((place, 0x80) for place in range(3, 9)))),  # a count without end
        (layout.RELATED_REASONS, lambda a: a[:-1]),
    ],
)
def test_what_cannot_be_is_refused(directory: Path, name: str, change: Change) -> None:
    original = np.array(np.load(directory / name))
    reseal(directory, name, original)
    Bundle.load(directory)  # resealing alone is not what is refused
    reseal(directory, name, change(original.copy()))
    with pytest.raises(CorruptData, match=r"display|related"):
        Bundle.load(directory)


def test_any_byte_of_the_reasons_may_be_anything_without_a_crash(directory: Path) -> None:
    original = np.array(np.load(directory / layout.RELATED_REASONS))
    generator = np.random.default_rng(0)
    refused = 0
    for _ in range(20):
        spoilt = original.copy()
        spoilt[generator.integers(0, spoilt.size, 3)] = generator.integers(0, 256, 3)
        reseal(directory, layout.RELATED_REASONS, spoilt)
        try:
            Bundle.load(directory)
        except CorruptData:
            refused += 1
    assert refused > 10
