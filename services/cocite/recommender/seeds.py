"""What the ids of a request mean: rows of the bundle, else texts of papers the catalogue knows, else unresolved."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from cocite.core.errors import InvalidArgument
from cocite.core.paper import PaperText, text_of
from cocite.recommender.asked_ids import Asked, Known, normalised
from cocite.recommender.bundle import Bundle
from cocite.recommender.clients import FeatureClient
from cocite.recommender.references_text import Entry, entries_of, rows_of_entries
from cocite.serving.deadline import Deadline
from cocite.serving.papers import paper_from_proto
from cocite.v1 import recommender_service_pb2
from cocite.v1.degradation_pb2 import Degradation
from cocite.v1.recommender_service_pb2 import (
    RecommendPapersRequest,
    ResolvedReference,
    TextSeed,
    UnresolvedSeed,
)


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed that can be used. label is what reasons call it; row is None when only its text can be used, and what
    it cites, reference_rows.
    """  # fmt: skip

    label: str
    row: int | None = None
    text: str = ""
    reference_rows: tuple[int, ...] = ()

    @property
    def identity(self) -> int | str:
        """Equal for two seeds that are the same paper or text."""
        return self.row if self.row is not None else self.text or self.label


@dataclass(slots=True)
class ResolvedSeeds:
    """Seeds of a request, each once, in its order; rows to exclude; and what could not be used.

    references are the entries of the reference text that mean papers. complete is False when an id could not be
    looked up, so that the seeds may be others in a moment.
    """

    positives: list[Seed] = field(default_factory=list)
    negatives: list[Seed] = field(default_factory=list)
    library_rows: tuple[int, ...] = ()
    reference_rows: tuple[int, ...] = ()
    references: list[ResolvedReference] = field(default_factory=list)
    excluded_rows: tuple[int, ...] = ()
    unresolved: list[UnresolvedSeed] = field(default_factory=list)
    degraded: list[Degradation] = field(default_factory=list)
    complete: bool = True


def resolve_seeds(
    request: RecommendPapersRequest, bundle: Bundle, features: FeatureClient, deadline: Deadline
) -> ResolvedSeeds:
    """Resolve every id and reference of a request; the feature service is asked about what the bundle does not know.

    Raises InvalidId for a malformed id and InvalidArgument for a seed that is positive and negative, a text without
    text, or a reference text without an entry where nothing else is positive, all naming the field.
    """
    given = request.seeds
    positives = normalised(given.positive_ids, "seeds.positive_ids")
    negatives = normalised(given.negative_ids, "seeds.negative_ids")
    library = normalised(given.library_ids, "seeds.library_ids")
    references = normalised(given.reference_ids, "seeds.reference_ids")
    excluded = normalised(request.exclude_ids, "exclude_ids")
    texts, negative_texts = _texts(given.texts, "texts"), _texts(given.negative_texts, "negative_texts")
    _refuse_conflicts({asked.canonical: asked for asked in positives}, negatives, [a.canonical for a in negatives])

    entries = entries_of(given.reference_text)
    if not (entries or positives or texts or library or references):  # a heading alone, white space beyond ASCII
        name = "seeds.reference_text"
        raise InvalidArgument(f"{name}: there is no reference in it", field=name)
    rows = rows_of_entries(entries, bundle)
    open_ids = [name for entry, row in zip(entries, rows, strict=True) if row < 0 for name in entry.ids]
    asked = [each.canonical for each in (*positives, *negatives, *library, *references, *excluded)]
    known = Known.of([*asked, *open_ids], bundle, features, deadline)
    known = known.with_references([each.canonical for each in positives], features, deadline)
    resolved = ResolvedSeeds(degraded=list(known.lookup.degraded), complete=known.lookup.complete)
    _resolve_likes(resolved, positives, negatives, bundle, known)
    _add_texts(resolved, texts, negative_texts)
    _resolve_rows(resolved, library, references, known)
    _resolve_entries(resolved, entries, rows, bundle, known)
    resolved.excluded_rows = tuple(dict.fromkeys((*known.every_row(), *resolved.reference_rows)))
    return resolved


def _resolve_likes(
    resolved: ResolvedSeeds, positives: list[Asked], negatives: list[Asked], bundle: Bundle, known: Known
) -> None:
    found = _find([*positives, *negatives], bundle, known, resolved)
    resolved.positives = _distinct([found[each.canonical] for each in positives if each.canonical in found])
    usable = [each for each in negatives if each.canonical in found]
    _refuse_conflicts(
        {seed.identity: seed for seed in resolved.positives},
        usable,
        [found[each.canonical].identity for each in usable],
    )
    resolved.negatives = _distinct([found[each.canonical] for each in usable])


def _add_texts(resolved: ResolvedSeeds, texts: list[Seed], negative_texts: list[Seed]) -> None:
    resolved.positives = _distinct([*resolved.positives, *texts])
    resolved.negatives = _distinct([*resolved.negatives, *negative_texts])
    liked = {seed.identity for seed in resolved.positives}
    for place, seed in enumerate(negative_texts):
        if seed.identity in liked:
            name = f"seeds.negative_texts[{place}]"
            raise InvalidArgument(f"{name}: the text is both a positive and a negative seed", field=name)


def _resolve_rows(resolved: ResolvedSeeds, library: list[Asked], references: list[Asked], known: Known) -> None:
    """Papers of a library and references count by their rows alone, and those that are seeds only as seeds."""
    seeds = {seed.row for seed in (*resolved.positives, *resolved.negatives)}
    lost: dict[str, Asked] = {}
    for each in (*library, *references):
        if not known.rows.get(each.canonical):
            lost.setdefault(each.canonical, each)
    resolved.unresolved += map(known.unresolved, lost.values())
    resolved.library_rows = tuple(row for row in known.rows_of(library) if row not in seeds)
    resolved.reference_rows = tuple(row for row in known.rows_of(references) if row not in seeds)


def _resolve_entries(
    resolved: ResolvedSeeds, entries: list[Entry], rows: list[int], bundle: Bundle, known: Known
) -> None:
    found = []
    for place, (entry, row) in enumerate(zip(entries, rows, strict=True)):
        if row < 0:
            row = next((known.rows[name][0] for name in entry.ids if known.rows.get(name)), -1)
        if row < 0:
            # of several ids the one that says most: causes are numbered from the least hopeful on
            cause = max(map(known.cause, entry.ids), default=recommender_service_pb2.UNRESOLVED_CAUSE_UNKNOWN)
            where = f"seeds.reference_text[{place}]"
            resolved.unresolved.append(UnresolvedSeed(id=entry.shown, cause=cause, field=where))
        else:
            found.append(row)
            resolved.references.append(ResolvedReference(entry=entry.shown, paper_id=bundle.paper_id(row)))
    seeds = {seed.row for seed in (*resolved.positives, *resolved.negatives)}
    every = dict.fromkeys((*resolved.reference_rows, *found))
    resolved.reference_rows = tuple(row for row in every if row not in seeds)


def _find(asked: Sequence[Asked], bundle: Bundle, known: Known, resolved: ResolvedSeeds) -> dict[str, Seed]:
    """Seeds by canonical id; what cannot be one is noted in resolved."""
    first = {each.canonical: each for each in reversed(asked)}  # as it was written first
    found: dict[str, Seed] = {}
    for canonical in dict.fromkeys(each.canonical for each in asked):
        seed = _seed(canonical, bundle, known)
        if seed is not None:
            found[canonical] = seed
        else:
            resolved.unresolved.append(known.unresolved(first[canonical]))
    return found


def _refuse_conflicts(positives: Container[object], negatives: list[Asked], identities: Sequence[object]) -> None:
    for asked, identity in zip(negatives, identities, strict=True):
        if identity in positives:
            shown = asked.given if len(asked.given) <= 60 else asked.given[:57] + "..."
            raise InvalidArgument(f"{shown} is both a positive and a negative seed", field=asked.field)


def _seed(canonical: str, bundle: Bundle, known: Known) -> Seed | None:
    rows = known.rows.get(canonical)
    if rows:
        return Seed(bundle.paper_id(rows[0]), rows[0])
    message = known.lookup.papers.get(canonical)
    if message is None:
        return None
    text, cited = text_of(paper_from_proto(message)), bundle.rows_of(known.references.get(canonical, ()))
    seed = Seed(message.paper_id, text=text, reference_rows=tuple(int(row) for row in cited if row >= 0))
    return seed if seed.text or seed.reference_rows else None


def _texts(texts: Iterable[TextSeed], name: str) -> list[Seed]:
    seeds = []
    for place, given in enumerate(texts):
        text = PaperText(given.title, given.abstract).joined()
        if not text:  # the proto's rule knows the white space of ASCII only
            field = f"seeds.{name}[{place}]"
            raise InvalidArgument(f"{field}: title or abstract must hold some text", field=field)
        seeds.append(Seed(f"text:{place}", text=text))
    return seeds


def _distinct(seeds: list[Seed]) -> list[Seed]:
    return list({seed.identity: seed for seed in reversed(seeds)}.values())[::-1]
