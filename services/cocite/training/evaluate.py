"""How well a corpus predicts its own references: hide some, train on the rest, ask the serving engine for them."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from cocite.recommender.bundle import Bundle
from cocite.training.als import factorise
from cocite.training.bundle_files import write_bundle
from cocite.training.corpus import Corpus
from cocite.training.durable import TEMPORARY_PREFIX
from cocite.training.matrices import interaction_matrix
from cocite.training.metrics import DEPTH, METRICS, Estimate, estimate, measure
from cocite.training.model import assemble
from cocite.training.options import TrainingOptions
from cocite.training.progress import Progress, silent
from cocite.training.rankers import RANKERS, Ranker
from cocite.training.split import LEAST_REFERENCES, Split, hide_references
from cocite.training.vectors import TextVectors

_PHASE = "Evaluating"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """estimates of each ranker and metric over so many queries; skipped says why there are none."""

    queries: int = 0
    estimates: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    skipped: str = ""

    def as_metrics(self) -> dict[str, float]:
        """Means by name, "fused.recall@20", for the manifest."""
        means = {f"{ranker}.{name}": e.mean for ranker, found in self.estimates.items() for name, e in found.items()}
        return {"queries": float(self.queries), **means} if means else {}


def evaluate(
    corpus: Corpus, text: TextVectors, options: TrainingOptions, scratch_parent: Path, progress: Progress = silent
) -> Evaluation:
    """Evaluate on references hidden by options.seed, at most options.evaluation_queries papers, drawn by it too.

    The bundle trained on the rest lies in scratch_parent as long as this runs.
    """
    split = hide_references(corpus.citations, options.seed)
    if not split.queries.size:
        return Evaluation(skipped=f"no paper has {LEAST_REFERENCES} references in the catalogue to hide one of")
    with tempfile.TemporaryDirectory(prefix=TEMPORARY_PREFIX, dir=scratch_parent) as scratch:
        bundle = train_bundle(replace(corpus, citations=split.citations), text, options, Path(scratch), progress)
        return evaluate_bundle(bundle, split, options, progress)


def train_bundle(
    corpus: Corpus, text: TextVectors, options: TrainingOptions, directory: Path, progress: Progress = silent
) -> Bundle:
    """A bundle of the corpus in a directory of its own, loaded."""
    interactions = interaction_matrix(corpus.citations, corpus.libraries)
    factorisation = factorise(interactions, options.als, options.seed, progress)
    write_bundle(directory, assemble(corpus, factorisation, text, options.seed))
    return Bundle.load(directory)


def evaluate_bundle(bundle: Bundle, split: Split, options: TrainingOptions, progress: Progress = silent) -> Evaluation:
    """Estimates of all rankers on the same queries."""
    count = min(split.queries.size, options.evaluation_queries)
    places = np.sort(np.random.default_rng(options.seed).choice(split.queries.size, count, replace=False))
    estimates = {}
    for index, name in enumerate(RANKERS):
        ranker = Ranker(bundle, name)
        measured = []
        for done, place in enumerate(places):
            measured.append(measure(ranker.rank(int(split.queries[place]), DEPTH).rows, split.hidden[place]))
            if done % 50 == 0:
                progress(_PHASE, index * count + done, len(RANKERS) * count)
        estimates[name] = {metric: estimate([values[metric] for values in measured]) for metric in METRICS}
    progress(_PHASE, len(RANKERS) * count, len(RANKERS) * count)
    return Evaluation(queries=count, estimates=estimates)
