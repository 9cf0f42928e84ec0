"""How well each ranking finds what was hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.proposing import Proposals, Proposer
from cocite.recommender.ranking.features import FeatureExtractor
from cocite.recommender.ranking.models import RankModel
from cocite.recommender.ranking.reranking import best_first, candidate_count
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.popularity import PopularityRetriever
from cocite.recommender.retrieval.profile import Lists
from cocite.recommender.retrieval.registry import retrievers_of
from cocite.training.draws import HeldOut
from cocite.training.metrics import DEPTH, METRICS, Estimate, estimate, lower_end, measure, upper_end
from cocite.training.progress import Progress, silent
from cocite.training.rankers import MODEL, RRF

Measures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """estimates of each ranking and metric over so many queries; skipped says why there are none.

    kind is what ranks when serving: rrf, logistic or lambdamart.
    """

    queries: int = 0
    estimates: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    kind: str = RRF
    skipped: str = ""

    def as_metrics(self, prefix: str = "") -> dict[str, float]:
        """Means by name, "model.recall@20", for the manifest; of what serves the ends of the intervals too."""
        means = {
            f"{prefix}{ranker}.{name}": e.mean for ranker, found in self.estimates.items() for name, e in found.items()
        }
        ends = {}
        for name, found in self.estimates.get(MODEL, {}).items():
            ends[lower_end(f"{prefix}{MODEL}.{name}")] = found.low
            ends[upper_end(f"{prefix}{MODEL}.{name}")] = found.high
        return {f"{prefix}queries": float(self.queries), **means, **ends} if means else {}


@dataclass(frozen=True, slots=True)
class Observed:
    """One held-out query as a ranker sees it: rows in fused order, of which the first ranked are its candidates, with
    their features, values float32 (ranked, F).

    measures holds those of each retriever alone, of popularity and of the retrievers' fusion.
    """  # fmt: skip

    held_out: HeldOut
    rows: npt.NDArray[np.int64]
    ranked: int
    values: npt.NDArray[np.float32]
    measures: Mapping[str, Measures]

    @property
    def relevant(self) -> npt.NDArray[np.bool_]:
        """Which of the candidates are relevant, bool (ranked,)."""
        return np.isin(self.rows[: self.ranked], self.held_out.relevant)

    def measure(self, model: RankModel) -> Measures:
        """All metrics of the model's ranking."""
        order = best_first(model.scores(self.values))
        return measure(np.concatenate((self.rows[order], self.rows[self.ranked :])), self.held_out.relevant)


class Observer:
    """Looks at held-out queries through one bundle."""

    def __init__(self, bundle: Bundle) -> None:
        lists = Lists.of(bundle)
        self._bundle = bundle
        self._proposer = Proposer(retrievers_of(bundle, lists))
        self._extractor = FeatureExtractor(bundle, lists)
        self._popularity = PopularityRetriever(bundle)

    def observe(
        self, queries: Sequence[HeldOut], *, measured: bool, phase: str, progress: Progress = silent
    ) -> list[Observed]:
        """Candidates and features of each query; measured asks for measures too."""
        seen = []
        for done, held_out in enumerate(queries, start=1):
            asked = Asked(held_out.query, self._bundle)
            proposals = self._proposer.propose(asked)
            candidates = proposals.candidates(candidate_count(asked.query))
            seen.append(
                Observed(
                    held_out,
                    proposals.rows[: max(candidates.rows.size, DEPTH)],
                    candidates.rows.size,
                    self._extractor.of(asked, candidates),
                    self._measures(asked, held_out.relevant, proposals) if measured else {},
                )
            )
            if done % 50 == 0 or done == len(queries):
                progress(phase, done, len(queries))
        return seen

    def _measures(self, asked: Asked, relevant: npt.NDArray[np.int64], proposals: Proposals) -> dict[str, Measures]:
        found: dict[str, Measures] = {}
        nothing = np.empty(0, dtype=np.int64)
        for name in proposals.found:
            found[name] = measure(proposals.lists.get(name, nothing)[:DEPTH], relevant)
        popular = self._popularity.find(asked).best(DEPTH, asked.allowed)
        found[PopularityRetriever.name] = measure(popular, relevant)
        found[RRF] = measure(proposals.rows, relevant)
        return found


def summarised(measures: Sequence[Mapping[str, Measures]]) -> dict[str, dict[str, Estimate]]:
    """Estimates of each ranking from its measures of each query."""
    return {
        name: {metric: estimate([of_query[name][metric] for of_query in measures]) for metric in METRICS}
        for name in (measures[0] if measures else {})
    }
