"""One training run, from the catalogue to a model that serves."""

from dataclasses import dataclass

from cocite.catalogue.store import Catalogue
from cocite.core.settings import Settings
from cocite.embedding.encoders import load_encoder
from cocite.recommender.layout import Manifest
from cocite.training.als import factorise
from cocite.training.corpus import read_corpus
from cocite.training.evaluate import Evaluation, evaluate
from cocite.training.locks import exclusive
from cocite.training.matrices import interaction_matrix
from cocite.training.model import assemble
from cocite.training.options import TrainingOptions
from cocite.training.paths import vector_cache_path
from cocite.training.progress import Progress, silent
from cocite.training.publish import publish, sweep
from cocite.training.vectors import embed_papers

_LOCK = ".train.lock"


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """manifest of the model that now serves; encoded texts were not in the vector cache."""

    manifest: Manifest
    evaluation: Evaluation
    encoded: int


def train(
    catalogue: Catalogue,
    settings: Settings,
    options: TrainingOptions = TrainingOptions(),  # noqa: B008  frozen
    progress: Progress = silent,
) -> TrainingResult:
    """Train on the catalogue and publish in settings.bundles. Stopped at any point, the model before goes on serving.

    Raises NotReady for an empty catalogue or missing model files, Unavailable while another run trains into the
    same directory.
    """
    bundles = settings.bundles
    with exclusive(bundles / _LOCK, f"training a model into {bundles}"):
        sweep(bundles)
        corpus = read_corpus(catalogue, progress)
        text = embed_papers(
            corpus.texts(), corpus.paper_count, lambda: load_encoder(settings), vector_cache_path(settings), progress
        )
        evaluation = (
            evaluate(corpus, text, options, bundles, progress)
            if options.evaluate
            else Evaluation(skipped="not asked for")
        )
        interactions = interaction_matrix(corpus.citations, corpus.libraries)
        factorisation = factorise(interactions, options.als, options.seed, progress)
        model = assemble(corpus, factorisation, text, options.seed).with_metrics(evaluation.as_metrics())
        progress("Publishing", 0, 1)
        manifest = publish(bundles, model, kept=options.bundles_kept)
        progress("Publishing", 1, 1)
    return TrainingResult(manifest, evaluation, text.encoded)
