"""Answers in plain words."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from cocite.client import feed_types, types

REASONS_SHOWN = 3
TERMS_SHOWN = 3
CONTRIBUTIONS_SHOWN = 3
LEAST_SHARE_SHOWN = 0.1
REFERENCES_SHOWN = 5  # of those that were not found

UNRESOLVED = {
    "unknown": "no paper of the catalogue has this id",
    "not_in_model": "newer than the model, without text or references to go by; train again",
    "unavailable": "could not be looked up just now; try again",
}
DEGRADED = {
    "embedding_unavailable": "the embedding service does not answer: texts count by their words alone",
    "embedding_slow": "the embedding service was too slow: texts count by their words alone",
    "embedding_mismatch": "the model was trained with another embedding model: texts count by their words alone",
    "features_unavailable": "the feature service does not answer: titles and years are missing",
    "recommender_unavailable": "the recommender does not answer: an older answer, or one that is not personal",
    "cache_unavailable": "Redis does not answer: slower, but complete",
    "catalogue_unavailable": "the catalogue does not answer: titles and years may be missing",
}
EVENT_STATUSES = {
    "recorded": "kept",
    "duplicate": "was kept before",
    "recorded_ahead": "kept; counts once there is a paper of this id",
    "conflict": "not kept: the reader has another event of this event_id",
    "malformed_id": "not kept: paper_id is no id of any known scheme",
    "in_future": "not kept: occurred_at is in the future",
    "flooded": "not kept: more than a reader can do; try again another day",
    "not_allowed": "not kept: this name of a reader records no events",
}
ACTED = {"save": "saved", "upvote": "upvoted", "submit": "submitted", "click": "opened"}
NOT_FOUND = "no paper of the catalogue has its id or title"  # said of entries of a reference list
UNKNOWN_REMEDY = "check the id, bring the paper in with `cocite ingest`, or describe it with --text"
FALLBACK = {"popularity": "the seeds led to no paper: these are the most cited papers instead"}


def counted(count: int, one: str, many: str) -> str:
    """ "1 paper", "2 papers"."""
    return f"{count:,} {one if count == 1 else many}"


def reason_in_words(reason: types.Reason) -> str:
    """One reason, without its seed."""
    match reason:
        case types.SharedReferences(count=count):
            return f"shares {counted(count, 'reference', 'references')}"
        case types.CoCitation(count=count):
            return f"cited together by {counted(count, 'paper', 'papers')}"
        case types.DirectCitation(seed_cites_result=True):
            return "cited by the seed"
        case types.DirectCitation():
            return "cites the seed"
        case types.TextLikeness(cosine=cosine, shared_terms=terms):
            return f"text alike ({cosine:.2f}{''.join(f', {term}' for term in terms[:TERMS_SHOWN])})"
        case types.SharedTerms(terms=terms):
            return f"words in common: {', '.join(terms[:TERMS_SHOWN])}"
        case types.SharedReaders(count=count):
            return f"kept by {counted(count, 'reader', 'readers')} of the seed"
        case types.Popularity(citation_count=count):
            return f"much cited ({count:,})"
        case types.CitedWithReferences(count=count):
            return f"cited with references of the seed by {counted(count, 'paper', 'papers')}"


def feed_reasons_in_words(reasons: Sequence[feed_types.FeedReason]) -> str:
    """Why a paper is in a feed, on one line, strongest first."""
    return ", ".join(feed_reason_in_words(reason) for reason in reasons)


def feed_reason_in_words(reason: feed_types.FeedReason) -> str:
    """One reason of a feed."""
    match reason:
        case feed_types.ActedOn(act=act, paper_id=paper_id, title=title):
            return f"because you {ACTED.get(act, act)} {title or paper_id}"
        case feed_types.NewArrival(date=date):
            return f"new on {date}"
        case feed_types.TrendingNow(readers=readers):
            return f"{counted(readers, 'reader', 'readers')} this week"
        case types.Popularity():
            return reason_in_words(reason)


def numbers_of_seeds(answer: types.Recommendations) -> dict[str, int]:
    """A number for each seed that a reason or a share of the answer names, in the order in which they do, from 1."""
    named = [reason.seed for result in answer for reason in result.reasons if not isinstance(reason, types.Popularity)]
    shared = [each.seed for result in answer for each in result.contributions]
    return {seed: number for number, seed in enumerate(dict.fromkeys([*named, *shared]), start=1)}


def reasons_in_words(reasons: Sequence[types.Reason], seeds: Mapping[str, int]) -> str:
    """The strongest reasons on one line: of each kind one, or of each seed, its number then behind it."""
    said: dict[object, str] = {}
    for reason in reasons:
        seed = None if isinstance(reason, types.Popularity) else seeds.get(reason.seed)
        said.setdefault((type(reason), seed), reason_in_words(reason) + (f" [{seed}]" if seed else ""))
    return ", ".join(list(said.values())[:REASONS_SHOWN])


def contributions_in_words(contributions: Sequence[types.SeedContribution], seeds: Mapping[str, int]) -> str:
    """The seeds that have most to do with a result, by number, with their shares: "62 % [1], 38 % [2]"."""
    most = sorted(contributions, key=lambda each: -each.share)[:CONTRIBUTIONS_SHOWN]
    told = [each for each in most if each.share >= LEAST_SHARE_SHOWN and each.seed in seeds]
    return ", ".join(f"{100 * each.share:.0f} % [{seeds[each.seed]}]" for each in told)


def shortcomings(answer: types.Recommendations | types.Resolution) -> list[str]:
    """What the reader of an answer should know beside its results, one line each."""
    lines = []
    if isinstance(answer, types.Recommendations):
        lines += left_out(answer)
        if answer.fallback:
            lines.append(FALLBACK.get(answer.fallback, f"fallback: {answer.fallback}"))
    return lines + degraded_in_words(answer)


def why_nothing(answer: types.Recommendations) -> list[str]:
    """Why an answer of which no seed could be used is not shown, and what to do."""
    remedy = [UNKNOWN_REMEDY] if any(seed.cause == "unknown" for seed in answer.unresolved) else []
    return left_out(answer) + degraded_in_words(answer) + remedy


def left_out(answer: types.Recommendations) -> list[str]:
    """The seeds that were left out, each with its cause; of a reference list how much of it, and the first of them."""
    entries = [seed for seed in answer.unresolved if seed.field.startswith("seeds.reference_text")]
    lines = [_left_out(seed, UNRESOLVED) for seed in answer.unresolved if seed not in entries]
    every = len(entries) + len(answer.references)
    if every:
        lines.append(f"{len(answer.references)} of {counted(every, 'reference was', 'references were')} found")
    lines += [_left_out(seed, {**UNRESOLVED, "unknown": NOT_FOUND}) for seed in entries[:REFERENCES_SHOWN]]
    if len(entries) > REFERENCES_SHOWN:
        lines.append(f"and {len(entries) - REFERENCES_SHOWN} more, all of them with --json")
    return lines


def _left_out(seed: types.UnresolvedSeed, causes: Mapping[str, str]) -> str:
    return f"left out {seed.id}: {causes.get(seed.cause, seed.cause)}"


class Degradable(Protocol):
    """An answer that tells its shortcomings."""

    @property
    def degraded(self) -> tuple[types.Degradation, ...]:
        """Empty when all went well."""


def degraded_in_words(answer: Degradable) -> list[str]:
    """What did not work behind the answer."""
    return [DEGRADED.get(d.cause, d.detail or d.cause) for d in answer.degraded]


def as_json(value: Any) -> Any:
    """Dataclasses to JSON values; a reason says its kind."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: as_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"kind": KINDS[type(value)], **fields} if type(value) in KINDS else fields
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    return value


KINDS: dict[type, str] = {
    types.SharedReferences: "shared_references",
    types.CoCitation: "co_citation",
    types.DirectCitation: "direct_citation",
    types.SharedReaders: "shared_readers",
    types.SharedTerms: "shared_terms",
    types.TextLikeness: "text_likeness",
    types.Popularity: "popularity",
    types.CitedWithReferences: "cited_with_references",
    feed_types.ActedOn: "acted_on",
    feed_types.NewArrival: "new_arrival",
    feed_types.TrendingNow: "trending_now",
}
