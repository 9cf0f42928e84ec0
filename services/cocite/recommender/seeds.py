"""What the ids of a request mean: rows of the bundle, else texts of papers the catalogue knows, else unresolved."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from cocite.core.errors import InvalidArgument
from cocite.core.ids import normalise_id
from cocite.core.paper import PaperText, text_of
from cocite.recommender.bundle import Bundle
from cocite.recommender.clients import FeatureClient, Lookup
from cocite.serving.deadline import Deadline
from cocite.serving.papers import paper_from_proto
from cocite.v1 import paper_pb2, recommender_service_pb2
from cocite.v1.degradation_pb2 import Degradation
from cocite.v1.recommender_service_pb2 import RecommendPapersRequest, UnresolvedCause, UnresolvedSeed


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed that can be used. label is what reasons call it; row is None when only its text can be used."""

    label: str
    row: int | None = None
    text: str = ""

    @property
    def identity(self) -> int | str:
        """Equal for two seeds that are the same paper or text."""
        return self.row if self.row is not None else self.text


@dataclass(slots=True)
class ResolvedSeeds:
    """Seeds of a request, each once, in its order; rows to exclude; and what could not be used.

    complete is False when an id could not be looked up, so that the seeds may be others in a moment.
    """

    positives: list[Seed] = field(default_factory=list)
    negatives: list[Seed] = field(default_factory=list)
    excluded_rows: tuple[int, ...] = ()
    unresolved: list[UnresolvedSeed] = field(default_factory=list)
    degraded: list[Degradation] = field(default_factory=list)
    complete: bool = True


@dataclass(frozen=True, slots=True)
class _Asked:
    given: str
    canonical: str
    field: str


def rows_of_paper(bundle: Bundle, paper: paper_pb2.Paper) -> tuple[int, ...]:
    """Rows of a paper by its id and aliases, each once; several when it was joined of several since the training."""
    rows = bundle.rows_of([paper.paper_id, *paper.aliases])
    return tuple(dict.fromkeys(int(row) for row in rows if row >= 0))


def resolve_seeds(
    request: RecommendPapersRequest, bundle: Bundle, features: FeatureClient, deadline: Deadline
) -> ResolvedSeeds:
    """Resolve every id of a request; the feature service is asked about those the bundle does not know.

    Raises InvalidId for a malformed id and InvalidArgument for a seed that is positive and negative or a text
    without text, all naming the field.
    """
    positives = _normalised(request.seeds.positive_ids, "seeds.positive_ids")
    negatives = _normalised(request.seeds.negative_ids, "seeds.negative_ids")
    excluded = _normalised(request.exclude_ids, "exclude_ids")
    texts = _texts(request)
    _refuse_conflicts({asked.canonical: asked for asked in positives}, negatives, [a.canonical for a in negatives])

    known = _Known.of([each.canonical for each in (*positives, *negatives, *excluded)], bundle, features, deadline)
    resolved = ResolvedSeeds(
        excluded_rows=known.every_row(), degraded=list(known.lookup.degraded), complete=known.lookup.complete
    )
    found = _find([*positives, *negatives], bundle, known, resolved)
    resolved.positives = _distinct([found[each.canonical] for each in positives if each.canonical in found])
    usable = [each for each in negatives if each.canonical in found]
    _refuse_conflicts(
        {seed.identity: seed for seed in resolved.positives},
        usable,
        [found[each.canonical].identity for each in usable],
    )
    resolved.negatives = _distinct([found[each.canonical] for each in usable])
    resolved.positives = _distinct([*resolved.positives, *texts])
    return resolved


@dataclass(frozen=True, slots=True)
class _Known:
    """What ids mean: rows of the bundle by canonical id, and papers for those that the bundle does not know."""

    rows: dict[str, tuple[int, ...]]
    lookup: Lookup

    @classmethod
    def of(cls, ids: Sequence[str], bundle: Bundle, features: FeatureClient, deadline: Deadline) -> "_Known":
        distinct = list(dict.fromkeys(ids))
        rows = {name: (int(row),) for name, row in zip(distinct, bundle.rows_of(distinct), strict=True) if row >= 0}
        unknown = [name for name in distinct if name not in rows]
        lookup = features.papers(unknown, paper_pb2.PAPER_VIEW_FULL, deadline)
        return cls(rows | {name: rows_of_paper(bundle, paper) for name, paper in lookup.papers.items()}, lookup)

    def every_row(self) -> tuple[int, ...]:
        return tuple(row for rows in self.rows.values() for row in rows)


def _normalised(ids: Sequence[str], name: str) -> list[_Asked]:
    return [
        _Asked(given, normalise_id(given, field=f"{name}[{place}]"), f"{name}[{place}]")
        for place, given in enumerate(ids)
    ]


def _find(asked: Sequence[_Asked], bundle: Bundle, known: _Known, resolved: ResolvedSeeds) -> dict[str, Seed]:
    """Seeds by canonical id; what cannot be one is noted in resolved."""
    given = {each.canonical: each.given for each in reversed(asked)}  # as it was written first
    found: dict[str, Seed] = {}
    for canonical in dict.fromkeys(each.canonical for each in asked):
        seed = _seed(canonical, bundle, known)
        if isinstance(seed, Seed):
            found[canonical] = seed
        else:
            resolved.unresolved.append(UnresolvedSeed(id=given[canonical], cause=seed))
    return found


def _refuse_conflicts(positives: Container[object], negatives: list[_Asked], identities: Sequence[object]) -> None:
    for asked, identity in zip(negatives, identities, strict=True):
        if identity in positives:
            shown = asked.given if len(asked.given) <= 60 else asked.given[:57] + "..."
            raise InvalidArgument(f"{shown} is both a positive and a negative seed", field=asked.field)


def _seed(canonical: str, bundle: Bundle, known: _Known) -> "Seed | UnresolvedCause":
    rows = known.rows.get(canonical)  # the type above is quoted: protobuf enums are none at run time
    if rows:
        return Seed(bundle.paper_id(rows[0]), rows[0])
    message = known.lookup.papers.get(canonical)
    if message is None:
        return (
            recommender_service_pb2.UNRESOLVED_CAUSE_UNKNOWN
            if known.lookup.complete
            else recommender_service_pb2.UNRESOLVED_CAUSE_UNAVAILABLE
        )
    text = text_of(paper_from_proto(message))
    return Seed(message.paper_id, text=text) if text else recommender_service_pb2.UNRESOLVED_CAUSE_NOT_IN_MODEL


def _texts(request: RecommendPapersRequest) -> list[Seed]:
    seeds = []
    for place, given in enumerate(request.seeds.texts):
        text = PaperText(given.title, given.abstract).joined()
        if not text:  # the proto's rule knows the white space of ASCII only
            field = f"seeds.texts[{place}]"
            raise InvalidArgument(f"{field}: title or abstract must hold some text", field=field)
        seeds.append(Seed(f"text:{place}", text=text))
    return seeds


def _distinct(seeds: list[Seed]) -> list[Seed]:
    return list({seed.identity: seed for seed in reversed(seeds)}.values())[::-1]
