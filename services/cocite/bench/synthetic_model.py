"""A model of a synthetic corpus, for measuring what answers cost among many papers.

Everything is made as training makes it, but for what training learns by long iteration: factors and nearest texts are
those that the corpus was drawn from. How good answers are cannot be learned from it.
"""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cocite.bench.beside import beside
from cocite.bench.synthetic_corpus import citations_of, corpus_of, described, synthetic_words
from cocite.bench.synthetic_parts import factorisation_of, neighbours_of
from cocite.bench.synthetic_ranker import learned_ranker
from cocite.core.errors import CorruptData
from cocite.recommender import layout
from cocite.recommender.bundle import Bundle
from cocite.recommender.bundle_files import read_current
from cocite.recommender.ranking.models import LAMBDAMART
from cocite.synthetic.corpus import SyntheticCorpus
from cocite.training.fitting import loaded
from cocite.training.indexes import index_of
from cocite.training.model import Model, assemble
from cocite.training.progress import Progress, silent
from cocite.training.publish import publish
from cocite.training.rankers import RRF
from cocite.training.related import related_arrays
from cocite.training.vectors import TextVectors

RELATED_RESULTS = 100  # of each list, as TrainingOptions has it
_VERSION = 2  # of what this module makes: raise it with each change
_THREADS = 2


@dataclass(frozen=True, slots=True)
class SyntheticPlan:
    """What a synthetic model is made of: so many papers, of which with_lists have related lists; text vectors of that
    dimension, as if the encoder of version encoder had made them; trees learned from as many papers as lessons says.
    """  # fmt: skip

    papers: int
    with_lists: int
    encoder: str
    dimension: int
    seed: int = 0
    lessons: int = 5_000

    @property
    def name(self) -> str:
        """Tells models apart that differ in anything, also in what a bundle holds."""
        told = repr((self, layout.SCHEMA, layout.FILES, RELATED_RESULTS, _VERSION))
        return f"synthetic-{self.papers}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def synthetic_bundles(directory: Path, plan: SyntheticPlan, progress: Progress = silent) -> Path:
    """The bundles directory of the plan's model, made in directory unless it is there from before.

    Models of other plans of as many papers are removed: each is as large as all that was kept.
    """
    bundles = directory / plan.name
    if _serves(bundles):
        return bundles
    for old in directory.glob(f"synthetic-{plan.papers}-*"):
        shutil.rmtree(old)
    phase = f"Making a model of {plan.papers:,} papers"
    publish(
        bundles, make_model(plan, lambda name, done, total: progress(f"{phase}: {name.lower()}", done, total)), kept=2
    )
    return bundles


def make_model(plan: SyntheticPlan, progress: Progress = silent) -> Model:
    """The model, ready to be published. The same plan gives the same files."""
    with beside(described, plan.papers, plan.seed) as description:  # it is Python alone; all else is machine code
        made = SyntheticCorpus.of(plan.papers, plan.seed)
        citations, words = citations_of(made), synthetic_words(made)
        vectors = made.text_vectors(dimension=plan.dimension)
        neighbours = neighbours_of(made, vectors)
        text_index = index_of(vectors, citations, progress=progress)
        factorisation = factorisation_of(made, citations, words)
        rankers = learned_ranker(plan.lessons, plan.seed, progress)
        progress("Describing papers", 0, 0)
        papers, shown = description()
    corpus = corpus_of(made, papers, citations, words)
    text = TextVectors(vectors, plan.encoder, 0)
    model = assemble(corpus, factorisation, text, neighbours, text_index, plan.seed)
    model = model.with_rankers(rankers, {"papers": LAMBDAMART, "libraries": RRF}, {}).with_arrays(shown)
    seeds = seeds_with_lists(plan)
    return model.with_arrays(related_arrays(loaded(model), RELATED_RESULTS, _THREADS, progress, seeds))


def seeds_with_lists(plan: SyntheticPlan) -> npt.NDArray[np.int64]:
    """The rows that have related lists, ascending, drawn by the seed."""
    count = min(plan.with_lists, plan.papers)
    return np.sort(np.random.default_rng(plan.seed).choice(plan.papers, count, replace=False))


def _serves(bundles: Path) -> bool:
    """Whether a model is there that serving takes: what a bundle has to hold may have changed since it was made."""
    version = read_current(bundles)
    try:
        return version is not None and bool(Bundle.load(bundles / version))
    except CorruptData:
        return False
