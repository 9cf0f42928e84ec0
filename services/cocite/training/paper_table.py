"""What a bundle says of papers besides links and vectors, gathered as they stream by, in columns."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from cocite.core.paper import Paper
from cocite.training.descriptions import DescribedPapers, DescriptionColumns
from cocite.training.works import Described

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PaperRow:
    """The little of a paper that stays in memory; its text does not."""

    paper_id: str
    aliases: tuple[str, ...]
    year: int
    venue: str
    has_abstract: bool
    fields: tuple[str, ...]
    described: Described

    @classmethod
    def of(cls, paper: Paper) -> "PaperRow":
        """What of the paper the table needs."""
        return cls(
            paper.paper_id,
            paper.aliases,
            paper.year or 0,
            paper.venue.strip().casefold(),
            bool(paper.abstract.strip()),
            tuple(sorted({name.strip().casefold() for name in paper.fields} - {""})),
            Described.of(paper),
        )


@dataclass(frozen=True, slots=True)
class PaperTable:
    """What a bundle says of n papers besides links and vectors.

    years int16 (n,), 0 where unknown; venue_codes int32 (n,), places in venues, -1 where unknown; venues are
    case-folded and sorted; has_abstract bool (n,). fields and field_codes say the same of fields of study, of which
    a paper may have several.
    """

    ids: tuple[str, ...]
    aliases: tuple[tuple[str, ...], ...]
    years: npt.NDArray[np.int16]
    venues: tuple[str, ...]
    venue_codes: npt.NDArray[np.int32]
    has_abstract: npt.NDArray[np.bool_]
    fields: tuple[str, ...]
    field_codes: tuple[tuple[int, ...], ...]
    described: DescribedPapers

    @classmethod
    def of(cls, papers: Iterable[PaperRow]) -> "PaperTable":
        """The table of papers in the order given."""
        columns = PaperColumns()
        for paper in papers:
            columns.add(paper)
        return columns.table()


class PaperColumns:
    """Papers one after another, column by column: a million of them as objects would be 1 GB."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._aliases: list[tuple[str, ...]] = []
        self._years, self._has_abstract = array("h"), array("b")
        self._venues: dict[str, int] = {}
        self._fields: dict[tuple[str, ...], int] = {}
        self._venue_places, self._field_places = array("i"), array("i")
        self._described = DescriptionColumns()

    def add(self, paper: PaperRow) -> None:
        """The next paper."""
        self.ids.append(paper.paper_id)
        self._aliases.append(paper.aliases)
        self._years.append(paper.year)
        self._has_abstract.append(paper.has_abstract)
        self._venue_places.append(self._venues.setdefault(paper.venue, len(self._venues)))
        self._field_places.append(self._fields.setdefault(paper.fields, len(self._fields)))
        self._described.add(paper.described)

    def table(self, order: npt.NDArray[np.int64] | None = None) -> PaperTable:
        """The table whose row i is paper order[i] of those added (n,), by default as they came."""
        places = np.arange(len(self.ids)) if order is None else order
        venues = sorted(self._venues.keys() - {""})
        code = {name: place for place, name in enumerate(venues)}
        codes = np.array([code.get(name, -1) for name in self._venues], dtype=np.int32)
        fields = sorted({name for names in self._fields for name in names})
        field_code = {name: place for place, name in enumerate(fields)}
        sets = [tuple(field_code[name] for name in names) for names in self._fields]
        return PaperTable(
            ids=_taken(self.ids, places),
            aliases=_taken(self._aliases, places),
            years=np.array(self._years, dtype=np.int16)[places],
            venues=tuple(venues),
            venue_codes=codes[np.array(self._venue_places, dtype=np.int64)[places]],
            has_abstract=np.array(self._has_abstract, dtype=np.bool_)[places],
            fields=tuple(fields),
            field_codes=tuple(sets[self._field_places[place]] for place in places.tolist()),
            described=self._described.in_order(places),
        )


def _taken(values: Sequence[T], places: npt.NDArray[np.int64]) -> tuple[T, ...]:
    return tuple(values[place] for place in places.tolist())
