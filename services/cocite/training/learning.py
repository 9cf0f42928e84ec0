"""Learning to rank from what a corpus knows of itself.

Several draws hide part of the references and libraries, a model is fitted to the rest of each, and rankers learn
from where the hidden papers stand among its candidates. One more draw, which nothing was learned from, decides what
serves: LambdaMART or a logistic blend, or plain reciprocal rank fusion where neither is surely better. Of many papers
there is one draw, since each costs a factorisation: some of its queries are learned from, others decide.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from cocite.recommender.ranking.models import LAMBDAMART, LOGISTIC, Rankers, RankModel
from cocite.training.corpus import Corpus
from cocite.training.draws import LEAST_ENTRIES, LEAST_REFERENCES, HeldOut, draw
from cocite.training.evaluate import Evaluation, Measures, Observed, Observer, summarised
from cocite.training.fitting import Material, fit, loaded
from cocite.training.metrics import estimate
from cocite.training.options import TrainingOptions
from cocite.training.progress import Progress, silent
from cocite.training.rank_learning import TREES, Examples, examples_of, fit_lambdamart, fit_logistic
from cocite.training.rankers import MODEL, RRF

LEAST_QUERIES = 100  # with fewer, what a ranker learns is chance
MOST_PAPERS = 50_000  # with more, all is learned and measured in one draw
_PARTS = 3  # of the queries of one draw; one part is measured on
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
        for lesson in _lessons(material.corpus, options):
            _give(lesson, pupils, material, options, progress)
        papers, libraries = (pupil.graduate(options, progress) for pupil in pupils)
    return Learned(Rankers(papers[0], libraries[0]), papers[1], libraries[1])


Queries = Sequence[HeldOut]


@dataclass(frozen=True, slots=True)
class _Lesson:
    """One draw: corpus is what is to be seen; of queries about papers and about libraries, in this order, those that
    are learned from and those that are measured on.
    """  # fmt: skip

    name: str
    seed: int
    corpus: Corpus
    taught: tuple[Queries, Queries]
    asked: tuple[Queries, Queries]


def _lessons(corpus: Corpus, options: TrainingOptions) -> Iterator[_Lesson]:
    if corpus.paper_count > MOST_PAPERS:
        hidden = draw(corpus, options.seed, options.evaluation_queries)
        papers, libraries = _parted(hidden.papers), _parted(hidden.libraries)
        if any((*papers, *libraries)):
            both = (_enough(papers[0]), _enough(libraries[0])), (papers[1], libraries[1])
            yield _Lesson("Learning and measuring", options.seed, hidden.corpus, *both)
        return
    for number in range(options.draws, -1, -1):  # the last, number 0, is the one to measure on
        seed = options.seed + number
        hidden = draw(corpus, seed, options.evaluation_queries)
        if number:
            taught = _enough(hidden.papers), _enough(hidden.libraries)
            if any(taught):
                name = f"Learning {options.draws - number + 1} of {options.draws}"
                yield _Lesson(name, seed, hidden.corpus, taught, ((), ()))
        elif hidden.papers or hidden.libraries:
            yield _Lesson("Measuring", seed, hidden.corpus, ((), ()), (hidden.papers, hidden.libraries))


def _enough(queries: Queries) -> Queries:
    return queries if len(queries) >= LEAST_QUERIES else ()


def _parted(queries: Queries) -> tuple[Queries, Queries]:
    """Those to learn from and those to measure on; all queries of one paper are in one part."""
    measured = [min(each.own.positive_rows, default=place) % _PARTS == 0 for place, each in enumerate(queries)]
    parts = tuple(
        [each for each, chosen in zip(queries, measured, strict=True) if chosen == part] for part in (False, True)
    )
    return parts[0], parts[1]


def _give(
    lesson: _Lesson, pupils: "Sequence[_Pupil]", material: Material, options: TrainingOptions, progress: Progress
) -> None:
    """Let the pupils see the queries of a lesson, through a model of what is to be seen."""
    told = _as_part_of(progress, lesson.name)
    observer = Observer(loaded(fit(material.seeing(lesson.corpus), options, told)))
    for pupil, taught, asked in zip(pupils, lesson.taught, lesson.asked, strict=True):
        if taught:
            pupil.study(taught, observer, lesson.seed, told)
        if asked:
            pupil.sit(asked, observer, told)


def _as_part_of(progress: Progress, part: str) -> Progress:
    """The same progress for phases that come once in each part: a bar of its own for each."""
    return lambda phase, done, total: progress(f"{part}: {phase[0].lower()}{phase[1:]}", done, total)


class _Pupil:
    """What is seen of one kind of query, and what comes of it."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._phase = f"Looking at hidden {kind}"
        self._examples: list[Examples] = []
        self._final: list[Observed] = []

    def study(self, queries: Queries, observer: Observer, seed: int, progress: Progress) -> None:
        """See where what is hidden stands, to learn from it."""
        observed = observer.observe(queries, measured=False, phase=self._phase, progress=progress)
        self._examples.append(_examples(observed, seed))

    def sit(self, queries: Queries, observer: Observer, progress: Progress) -> None:
        """See where what is hidden stands, to be measured on it."""
        self._final = observer.observe(queries, measured=True, phase=self._phase, progress=progress)

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
