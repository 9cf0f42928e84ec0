"""Ids of a request, normalised, and what they mean: rows of the bundle, else papers of the feature service."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cocite.core.ids import normalise_id
from cocite.recommender.bundle import Bundle
from cocite.recommender.clients import FeatureClient, Lookup
from cocite.serving.deadline import Deadline
from cocite.v1 import paper_pb2, recommender_service_pb2
from cocite.v1.recommender_service_pb2 import UnresolvedCause, UnresolvedSeed


@dataclass(frozen=True, slots=True)
class Asked:
    """An id of a request, as it was given and as it is meant, and the field that it stands in."""

    given: str
    canonical: str
    field: str


def normalised(ids: Sequence[str], name: str) -> list[Asked]:
    """The ids of the field called name, in order. Raises InvalidId that names the place of a malformed one."""
    return [
        Asked(given, normalise_id(given, field=f"{name}[{place}]"), f"{name}[{place}]")
        for place, given in enumerate(ids)
    ]


def rows_of_paper(bundle: Bundle, paper: paper_pb2.Paper) -> tuple[int, ...]:
    """Rows of a paper by its id and aliases, each once; several when it was joined of several since the training."""
    rows = bundle.rows_of([paper.paper_id, *paper.aliases])
    return tuple(dict.fromkeys(int(row) for row in rows if row >= 0))


@dataclass(frozen=True, slots=True)
class Known:
    """What ids mean: rows of the bundle by canonical id, and papers for those that the bundle does not know."""

    rows: dict[str, tuple[int, ...]]
    lookup: Lookup
    references: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, ids: Sequence[str], bundle: Bundle, features: FeatureClient, deadline: Deadline) -> "Known":
        """What the ids mean. The feature service is asked, once, about those that the bundle does not know."""
        distinct = list(dict.fromkeys(ids))
        rows = {name: (int(row),) for name, row in zip(distinct, bundle.rows_of(distinct), strict=True) if row >= 0}
        unknown = [name for name in distinct if name not in rows]
        lookup = features.papers(unknown, paper_pb2.PAPER_VIEW_FULL, deadline)
        return cls(rows | {name: rows_of_paper(bundle, paper) for name, paper in lookup.papers.items()}, lookup)

    def with_references(self, ids: Sequence[str], features: FeatureClient, deadline: Deadline) -> "Known":
        """The same, and what those papers among ids cite that the bundle does not know."""
        unknown = [name for name in dict.fromkeys(ids) if name in self.lookup.papers and not self.rows.get(name)]
        cited, lookup = features.references(unknown, deadline)
        return replace(self, references=cited, lookup=self.lookup.joined(lookup))

    def every_row(self) -> tuple[int, ...]:
        """All rows of all ids."""
        return tuple(row for rows in self.rows.values() for row in rows)

    def rows_of(self, asked: Sequence[Asked]) -> tuple[int, ...]:
        """First row of each that has one, each once."""
        rows = (self.rows.get(each.canonical) for each in asked)
        return tuple(dict.fromkeys(found[0] for found in rows if found))

    def unresolved(self, asked: Asked) -> UnresolvedSeed:
        """The id, and why it cannot be used."""
        return UnresolvedSeed(id=asked.given, cause=self.cause(asked.canonical), field=asked.field)

    def cause(self, canonical: str) -> "UnresolvedCause":
        """Why an id cannot be used. Quoted: protobuf enums are no types at run time."""
        if canonical in self.lookup.papers:
            return recommender_service_pb2.UNRESOLVED_CAUSE_NOT_IN_MODEL
        if self.lookup.complete:
            return recommender_service_pb2.UNRESOLVED_CAUSE_UNKNOWN
        return recommender_service_pb2.UNRESOLVED_CAUSE_UNAVAILABLE
