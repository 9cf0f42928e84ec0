"""Learning to rank from what a corpus knows of itself.

Several draws hide part of the references and libraries, a model is fitted to the rest of each, and rankers learn
from where the hidden papers stand among its candidates. One more draw, which nothing was learned from, decides what
serves: LambdaMART or a logistic blend, or plain reciprocal rank fusion where neither is surely better.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from cocite.recommender.ranking.models import LAMBDAMART, LOGISTIC, Rankers, RankModel
from cocite.training.draws import LEAST_ENTRIES, LEAST_REFERENCES, HeldOut, draw
from cocite.training.evaluate import Evaluation, Measures, Observed, Observer, summarised
from cocite.training.fitting import Material, fit, loaded
from cocite.training.metrics import estimate
from cocite.training.options import TrainingOptions
from cocite.training.progress import Progress, silent
from cocite.training.rank_learning import TREES, Examples, examples_of, fit_lambdamart, fit_logistic
from cocite.training.rankers import MODEL, RRF

LEAST_QUERIES = 100  # with fewer, what a ranker learns is chance
_CHOSEN_BY = {"papers": "recall@20", "libraries": "recall@100"}  # longer lists are asked for libraries


@dataclass(frozen=True, slots=True)
class Learned:
    """The rankers that serve, and how well they and everything else did for papers and for readers' libraries."""

    rankers: Rankers
    papers: Evaluation
    libraries: Evaluation

    def kinds(self) -> dict[str, str]:
        """What ranks for each kind of query."""
        return {"papers": self.papers.kind, "libraries": self.libraries.kind}

    def metrics(self) -> dict[str, float]:
        """Held-out metrics for the manifest: "model.recall@20", "libraries.model.recall@20"."""
        return {**self.papers.as_metrics(), **self.libraries.as_metrics("libraries.")}


def nothing_learned(why: str) -> Learned:
    """Fusion, unmeasured."""
    return Learned(Rankers(), Evaluation(skipped=why), Evaluation(skipped=why))


def learn(material: Material, options: TrainingOptions, progress: Progress = silent) -> Learned:
    """Draw, observe, fit, choose. The same material and options give the same rankers."""
    pupils = (_Pupil("papers"), _Pupil("libraries"))
    with threadpool_limits(1, user_api="blas"):
        for number in range(options.draws, -1, -1):  # the last, number 0, is the one to measure on
            hidden = draw(material.corpus, options.seed + number, options.evaluation_queries)
            asked = (hidden.papers, hidden.libraries)
            if number and max(map(len, asked)) < LEAST_QUERIES:
                continue
            if not any(asked):
                break
            told = _as_part_of(
                progress, f"Learning {options.draws - number + 1} of {options.draws}" if number else "Measuring"
            )
            observer = Observer(loaded(fit(material.seeing(hidden.corpus), options, told)))
            for pupil, queries in zip(pupils, asked, strict=True):
                if not number or len(queries) >= LEAST_QUERIES:
                    pupil.see(queries, observer, final=not number, seed=options.seed + number, progress=told)
        papers, libraries = (pupil.graduate(options, progress) for pupil in pupils)
    return Learned(Rankers(papers[0], libraries[0]), papers[1], libraries[1])


def _as_part_of(progress: Progress, part: str) -> Progress:
    """The same progress for phases that come once in each part: a bar of its own for each."""
    return lambda phase, done, total: progress(f"{part}: {phase[0].lower()}{phase[1:]}", done, total)


class _Pupil:
    """What is seen of one kind of query, and what comes of it."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._examples: list[Examples] = []
        self._final: list[Observed] = []

    def see(
        self, queries: Sequence[HeldOut], observer: Observer, *, final: bool, seed: int, progress: Progress
    ) -> None:
        observed = observer.observe(queries, measured=final, phase=f"Looking at hidden {self._kind}", progress=progress)
        if final:
            self._final = observed
        else:
            self._examples.append(_examples(observed, seed))

    def graduate(self, options: TrainingOptions, progress: Progress) -> tuple[RankModel | None, Evaluation]:
        """The best model, fitted anew to all there is, or None for fusion, and how good everything was."""
        if not self._final:
            return None, Evaluation(skipped=_too_little(self._kind))
        measures = [dict(observed.measures) for observed in self._final]
        kind = RRF
        model: RankModel | None = None
        if self._examples:
            phase = f"Learning to rank {self._kind}"
            models = _fitted(_FITS, Examples.joined(self._examples), options, phase, progress)
            for name, learned in models.items():
                for of_query, observed in zip(measures, self._final, strict=True):
                    of_query[name] = observed.measure(learned)
            kind = _preferred(measures, models, _CHOSEN_BY[self._kind])
            if kind != RRF:
                every = Examples.joined([*self._examples, _examples(self._final, options.seed)])
                model = _fitted((kind,), every, options, f"{phase}, from all draws", progress)[kind]
        for of_query in measures:
            of_query[MODEL] = of_query[kind]
        return model, Evaluation(len(self._final), summarised(measures), kind)


def _preferred(measures: Sequence[Mapping[str, Measures]], models: Collection[str], metric: str) -> str:
    """The model of the best mean of a metric, if its lead over fusion is no chance; else RRF."""
    if not models:
        return RRF
    best = max(models, key=lambda name: np.mean([of_query[name][metric] for of_query in measures]))
    lead = estimate([of_query[best][metric] - of_query[RRF][metric] for of_query in measures])
    return best if lead.low > 0.0 else RRF


def _too_little(kind: str) -> str:
    if kind == "papers":
        return f"no paper has {LEAST_REFERENCES} references in the catalogue to hide one of"
    return f"no reader keeps {LEAST_ENTRIES} papers of the catalogue to hide one of"


def _examples(observed: Sequence[Observed], seed: int) -> Examples:
    return examples_of(
        [each.values for each in observed], [each.relevant for each in observed], np.random.default_rng(seed)
    )


def _fitted(
    kinds: Collection[str], examples: Examples, options: TrainingOptions, phase: str, progress: Progress
) -> dict[str, RankModel]:
    """One model of each of the kinds; none when there is nothing to learn from."""
    if len(examples.sizes) < LEAST_QUERIES:
        return {}
    progress(phase, 0, TREES)
    models = {kind: _FITS[kind](examples, options, lambda trees: progress(phase, trees, TREES)) for kind in kinds}
    progress(phase, TREES, TREES)
    return models


_FITS: dict[str, Callable[[Examples, TrainingOptions, Callable[[int], None]], RankModel]] = {
    LOGISTIC: lambda examples, options, grown: fit_logistic(examples),
    LAMBDAMART: lambda examples, options, grown: fit_lambdamart(examples, options.seed, options.threads, grown),
}
