"""Why the results of a page are there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.engine import Engine
from cocite.recommender.evidence import Reasons, SeedEvidence
from cocite.recommender.query import Query, Ranking
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.seeds import ResolvedSeeds

REFERENCES, LIBRARY = "references", "library"  # what the two are called where they count as one seed
_MOST_EXPLAINING = 100  # papers of a library whose ties to the results are sought


@dataclass(frozen=True, slots=True)
class Explanation:
    """Of the results of a page (k,): reasons, strongest first; contributions where there are several seeds.

    labels name what reasons and contributions tell of. shares float64 (k, g) are what the seeds at the places sharing
    (g,) among the labels contribute; g is 0 without contributions.
    """

    reasons: Reasons
    labels: Sequence[str]
    shares: npt.NDArray[np.float64]
    sharing: Sequence[int] = ()


def explain(
    engine: Engine,
    asked: Query | Asked,
    seeds: ResolvedSeeds,
    positives: Sequence[SeedEvidence],
    ranking: Ranking,
    start: int,
    end: int,
) -> Explanation:
    """Explanations of the results start to end of a ranking; positives are the evidence of seeds.positives."""
    wholes = [SeedEvidence(references=seeds.reference_rows)] if seeds.reference_rows else []
    labels = [*(seed.label for seed in seeds.positives), *([REFERENCES] if wholes else [])]
    counted = [*positives, *wholes]
    rows = seeds.library_rows[:_MOST_EXPLAINING]
    reasons = engine.explain([*counted, *(SeedEvidence(row) for row in rows)], ranking, start, end)
    every = [*labels, *map(engine.bundle.paper_id, rows), LIBRARY]
    if len(counted) + bool(seeds.library_rows) < 2 or ranking.fallback:
        return Explanation(reasons, every, np.empty((len(reasons), 0)))
    sharing = [*range(len(labels)), *([len(every) - 1] if seeds.library_rows else [])]
    return Explanation(reasons, every, engine.contributions(asked, counted, ranking, start, end), sharing)
