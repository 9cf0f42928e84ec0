"""What tells works apart, of many papers, in columns."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from cocite.training.works import Described


@dataclass(frozen=True, slots=True)
class DescribedPapers(Sequence[Described]):
    """The descriptions of n papers, each made when it is asked for; row i is paper places[i] of columns."""

    columns: "DescriptionColumns"
    places: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, row: int) -> Described: ...

    @overload
    def __getitem__(self, row: slice) -> "DescribedPapers": ...

    def __getitem__(self, row: int | slice) -> "Described | DescribedPapers":
        if isinstance(row, slice):
            return DescribedPapers(self.columns, self.places[row])
        return self.columns.at(int(self.places[row]))


class DescriptionColumns:
    """Descriptions one after another; names that come again are kept once."""

    def __init__(self) -> None:
        self._titles, self._words, self._years = array("Q"), array("i"), array("h")
        self._venues, self._surnames, self._ends = array("i"), array("i"), array("q", [0])
        self._places: dict[str, int] = {}
        self._names: list[str] = []

    def add(self, described: Described) -> None:
        """The next paper's."""
        self._titles.append(described.title)
        self._words.append(described.words)
        self._years.append(described.year)
        self._venues.append(self._place(described.venue))
        self._surnames.extend(self._place(name) for name in described.surnames)
        self._ends.append(len(self._surnames))

    def at(self, place: int) -> Described:
        """That of the paper added so many others after the first."""
        surnames = self._surnames[self._ends[place] : self._ends[place + 1]]
        return Described(
            self._titles[place],
            self._words[place],
            self._years[place],
            self._names[self._venues[place]],
            frozenset(self._names[name] for name in surnames),
        )

    def in_order(self, places: npt.NDArray[np.int64]) -> DescribedPapers:
        """Those of the papers of places (n,)."""
        return DescribedPapers(self, places)

    def _place(self, name: str) -> int:
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = len(self._names)
            self._names.append(name)
        return place
