"""Why the results of a page are there, as messages."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cocite.recommender.engine import Engine
from cocite.recommender.evidence import SeedEvidence
from cocite.recommender.query import Query, Ranking
from cocite.recommender.reason_messages import contribution_messages, reason_message
from cocite.recommender.seeds import ResolvedSeeds
from cocite.v1.recommender_service_pb2 import Reason, SeedContribution

REFERENCES, LIBRARY = "references", "library"  # what the two are called where they count as one seed
_MOST_EXPLAINING = 100  # papers of a library whose ties to the results are sought


@dataclass(frozen=True, slots=True)
class Explanation:
    """Of one result: reasons, strongest first; contributions where there are several seeds."""

    reasons: list[Reason]
    contributions: list[SeedContribution] = field(default_factory=list)


def explain(
    engine: Engine,
    query: Query,
    seeds: ResolvedSeeds,
    positives: Sequence[SeedEvidence],
    ranking: Ranking,
    start: int,
    end: int,
) -> list[Explanation]:
    """Explanations of the results start to end of a ranking; positives are the evidence of seeds.positives."""
    wholes = [SeedEvidence(references=seeds.reference_rows)] if seeds.reference_rows else []
    labels = [*(seed.label for seed in seeds.positives), *([REFERENCES] if wholes else [])]
    counted = [*positives, *wholes]
    rows = seeds.library_rows[:_MOST_EXPLAINING]
    found = engine.explain([*counted, *(SeedEvidence(row) for row in rows)], ranking, start, end)
    every = [*labels, *map(engine.bundle.paper_id, rows)]
    reasons = [[reason_message(engine.bundle, reason, every) for reason in each] for each in found]
    if len(counted) + bool(seeds.library_rows) < 2 or ranking.fallback:
        return [Explanation(each) for each in reasons]
    shares = engine.contributions(query, counted, ranking, start, end).tolist()
    named = [*labels, *([LIBRARY] if seeds.library_rows else [])]
    return [Explanation(each, contribution_messages(row, named)) for each, row in zip(reasons, shares, strict=True)]
