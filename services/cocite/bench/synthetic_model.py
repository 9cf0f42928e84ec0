"""A model of a synthetic corpus, for measuring what answers cost among many papers.

Everything is made as training makes it, but for what training learns by long iteration: factors and nearest texts are
those that the corpus was drawn from. How good answers are cannot be learned from it.
"""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.bench.synthetic_parts import factorisation_of, neighbours_of
from cocite.bench.synthetic_ranker import learned_ranker
from cocite.core.errors import CorruptData
from cocite.core.paper import Paper
from cocite.recommender import layout
from cocite.recommender.bundle import Bundle, read_current
from cocite.recommender.ranking.models import LAMBDAMART
from cocite.recommender.word_index import TERM_DTYPE
from cocite.synthetic.corpus import SyntheticCorpus
from cocite.training.corpus import Corpus
from cocite.training.display import display_arrays
from cocite.training.fitting import loaded
from cocite.training.indexes import index_of
from cocite.training.matrices import library_matrix
from cocite.training.model import Arrays, Model, assemble
from cocite.training.paper_table import PaperColumns, PaperRow
from cocite.training.progress import Progress, silent
from cocite.training.publish import publish
from cocite.training.rankers import RRF
from cocite.training.related import related_arrays
from cocite.training.vectors import TextVectors
from cocite.training.word_index import words_of

RELATED_RESULTS = 100  # of each list, as TrainingOptions has it
_VERSION = 1  # of what this module makes: raise it with each change
_THREADS = 2


@dataclass(frozen=True, slots=True)
class SyntheticPlan:
    """What a synthetic model is made of: so many papers, of which with_lists have related lists; text vectors of that
    dimension, as if the encoder of version encoder had made them.
    """  # fmt: skip

    papers: int
    with_lists: int
    encoder: str
    dimension: int
    seed: int = 0

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
    made = SyntheticCorpus.of(plan.papers, plan.seed)
    corpus, shown = corpus_of(made, progress)
    vectors = made.text_vectors(dimension=plan.dimension)
    model = assemble(
        corpus,
        factorisation_of(made, corpus, progress),
        TextVectors(vectors, plan.encoder, 0),
        neighbours_of(made, vectors),
        index_of(vectors, corpus.citations, progress=progress),
        plan.seed,
    )
    rankers = learned_ranker(plan.seed, progress)
    model = model.with_rankers(rankers, {"papers": LAMBDAMART, "libraries": RRF}, {}).with_arrays(shown)
    seeds = seeds_with_lists(plan)
    return model.with_arrays(related_arrays(loaded(model), RELATED_RESULTS, _THREADS, progress, seeds))


def seeds_with_lists(plan: SyntheticPlan) -> npt.NDArray[np.int64]:
    """The rows that have related lists, ascending, drawn by the seed."""
    count = min(plan.with_lists, plan.papers)
    return np.sort(np.random.default_rng(plan.seed).choice(plan.papers, count, replace=False))


def corpus_of(made: SyntheticCorpus, progress: Progress = silent) -> tuple[Corpus, Arrays]:
    """What a training would read, and the display of its papers, in one pass over their texts."""
    n, columns = made.shape.papers, PaperColumns()
    references = made.references
    ones = np.ones(references.rows.size, dtype=np.float32)
    citations = csr_array((ones, references.rows, references.offsets.astype(np.int32)), shape=(n, n))

    def read() -> Iterator[tuple[int, Paper]]:
        for row, paper in enumerate(made.papers()):
            columns.add(PaperRow.of(paper))
            yield row, paper

    shown = display_arrays([made.paper_id(row) for row in range(n)], read(), citations, progress)
    told = made.paper_terms()
    counts = csr_array((told.counts, told.places, told.offsets.astype(np.int32)), shape=(n, made.shape.terms))
    corpus = Corpus(
        papers=columns.table(),
        citations=citations,
        libraries=library_matrix(np.empty((0, 2), dtype=np.int64), 0, n),
        words=words_of(counts, made.vocabulary.astype(TERM_DTYPE)),
        texts=lambda: iter(()),
        fingerprint=f"synthetic-{n}-{made.shape.seed}",
    )
    return corpus, shown


def _serves(bundles: Path) -> bool:
    """Whether a whole model is there."""
    version = read_current(bundles)
    try:
        return version is not None and bool(Bundle.load(bundles / version, verify=False))
    except CorruptData:
        return False
