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
    """Seeds of a request, each once, in its order; rows to exclude; and what could not be used."""

    positives: list[Seed] = field(default_factory=list)
    negatives: list[Seed] = field(default_factory=list)
    excluded_rows: tuple[int, ...] = ()
    unresolved: list[UnresolvedSeed] = field(default_factory=list)
    degraded: list[Degradation] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Asked:
    given: str
    canonical: str
    field: str


def row_of_paper(bundle: Bundle, paper: paper_pb2.Paper) -> int | None:
    """Row of a paper by its id or any alias."""
    rows = bundle.rows_of([paper.paper_id, *paper.aliases])
    known = rows[rows >= 0]
    return int(known[0]) if known.size else None


def resolve_seeds(
    request: RecommendPapersRequest, bundle: Bundle, features: FeatureClient, deadline: Deadline
) -> ResolvedSeeds:
    """Resolve every id of a request; those the bundle does not know go to the feature service in one call.

    exclude_ids are looked up in the bundle alone: what it does not know cannot be in an answer. Raises InvalidId
    for a malformed id and InvalidArgument for a seed that is positive and negative, both naming the field.
    """
    positives = _normalised(request.seeds.positive_ids, "seeds.positive_ids")
    negatives = _normalised(request.seeds.negative_ids, "seeds.negative_ids")
    excluded = bundle.rows_of([asked.canonical for asked in _normalised(request.exclude_ids, "exclude_ids")])
    resolved = ResolvedSeeds(excluded_rows=tuple(int(row) for row in excluded if row >= 0))
    _refuse_conflicts({asked.canonical: asked for asked in positives}, negatives, [a.canonical for a in negatives])

    found = _find([*positives, *negatives], bundle, features, deadline, resolved)
    resolved.positives = _distinct([found[each.canonical] for each in positives if each.canonical in found])
    usable = [each for each in negatives if each.canonical in found]
    _refuse_conflicts(
        {seed.identity: seed for seed in resolved.positives},
        usable,
        [found[each.canonical].identity for each in usable],
    )
    resolved.negatives = _distinct([found[each.canonical] for each in usable])
    resolved.positives = _distinct([*resolved.positives, *_texts(request)])
    return resolved


def _normalised(ids: Sequence[str], name: str) -> list[_Asked]:
    return [
        _Asked(given, normalise_id(given, field=f"{name}[{place}]"), f"{name}[{place}]")
        for place, given in enumerate(ids)
    ]


def _find(
    asked: Sequence[_Asked], bundle: Bundle, features: FeatureClient, deadline: Deadline, resolved: ResolvedSeeds
) -> dict[str, Seed]:
    """Seeds by canonical id; what cannot be one is noted in resolved."""
    given: dict[str, str] = {}
    for each in asked:
        given.setdefault(each.canonical, each.given)
    rows = {canonical: int(row) for canonical, row in zip(given, bundle.rows_of(list(given)), strict=True)}
    unknown = [canonical for canonical, row in rows.items() if row < 0]
    lookup = features.papers(unknown, paper_pb2.PAPER_VIEW_FULL, deadline)
    resolved.degraded.extend(lookup.degraded)
    found: dict[str, Seed] = {}
    for canonical, row in rows.items():
        seed = Seed(bundle.paper_id(row), row) if row >= 0 else _from_lookup(canonical, bundle, lookup)
        if isinstance(seed, Seed):
            found[canonical] = seed
        else:
            resolved.unresolved.append(UnresolvedSeed(id=given[canonical], cause=seed))
    return found


def _refuse_conflicts(positives: Container[object], negatives: list[_Asked], identities: Sequence[object]) -> None:
    for asked, identity in zip(negatives, identities, strict=True):
        if identity in positives:
            raise InvalidArgument(f"{asked.given} is both a positive and a negative seed", field=asked.field)


def _from_lookup(canonical: str, bundle: Bundle, lookup: Lookup) -> "Seed | UnresolvedCause":
    message = lookup.papers.get(canonical)  # the type above is quoted: protobuf enums are none at run time
    if message is None:
        return (
            recommender_service_pb2.UNRESOLVED_CAUSE_UNKNOWN
            if lookup.complete
            else recommender_service_pb2.UNRESOLVED_CAUSE_UNAVAILABLE
        )
    row = row_of_paper(bundle, message)
    if row is not None:
        return Seed(bundle.paper_id(row), row)
    text = text_of(paper_from_proto(message))
    return Seed(message.paper_id, text=text) if text else recommender_service_pb2.UNRESOLVED_CAUSE_NOT_IN_MODEL


def _texts(request: RecommendPapersRequest) -> list[Seed]:
    return [
        Seed(f"text:{place}", text=PaperText(seed.title, seed.abstract).joined())
        for place, seed in enumerate(request.seeds.texts)
    ]


def _distinct(seeds: list[Seed]) -> list[Seed]:
    return list({seed.identity: seed for seed in reversed(seeds)}.values())[::-1]
