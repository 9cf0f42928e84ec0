"""One training run, from the catalogue to a model that serves."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from cocite.catalogue.store import Catalogue
from cocite.core.locks import exclusive
from cocite.core.settings import Settings
from cocite.embedding.encoders import load_encoder
from cocite.recommender.layout import Manifest
from cocite.training.choosing import choose
from cocite.training.corpus import Corpus, read_corpus
from cocite.training.display import display_arrays
from cocite.training.fitting import Material, fit, loaded
from cocite.training.gate import check_not_worse
from cocite.training.learning import Learned, learn, nothing_learned
from cocite.training.libraries import EventsUsed
from cocite.training.model import Model
from cocite.training.options import TrainingOptions
from cocite.training.paths import vector_cache_path
from cocite.training.progress import Progress, silent
from cocite.training.publish import release, sweep, write
from cocite.training.related import related_arrays
from cocite.training.vectors import embed_papers

_LOCK = ".train.lock"


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """manifest of the model that now serves; encoded texts were not in the vector cache; events it learned from."""

    manifest: Manifest
    learned: Learned
    encoded: int
    events: EventsUsed


def train(
    catalogue: Catalogue,
    settings: Settings,
    options: TrainingOptions = TrainingOptions(),  # noqa: B008  frozen
    progress: Progress = silent,
    *,
    force: bool = False,
    told: Callable[[Learned], object] = lambda learned: None,
) -> TrainingResult:
    """Train on the catalogue and publish in settings.bundles. Stopped at any point, the model before goes on serving.

    told hears how good the model is before it is published or refused.

    Raises NotReady for an empty catalogue or missing model files, Unavailable while another run trains into the
    same directory, and, unless forced, ModelRefused for a model that is worse than the one that serves.
    """
    bundles = settings.bundles
    with exclusive(bundles / _LOCK, f"training a model into {bundles}"):
        sweep(bundles)
        corpus = read_corpus(catalogue, progress)
        text = embed_papers(
            corpus.texts(), corpus.paper_count, lambda: load_encoder(settings), vector_cache_path(settings), progress
        )
        model, learned = build(Material.of(corpus, text, progress), options, progress)
        told(learned)
        if not force:
            check_not_worse(bundles, model.manifest.metrics)
        model, encoded = ready_to_answer(model, corpus, options, progress), text.encoded
        progress("Publishing", 0, 1)
        written = write(bundles, model)
        events = corpus.events
        del corpus, text, model  # gigabytes, when all files of the bundle are looked at once more
        manifest = release(bundles, written, kept=options.bundles_kept)
        progress("Publishing", 1, 1)
    return TrainingResult(manifest, learned, encoded, events)


def build(material: Material, options: TrainingOptions, progress: Progress = silent) -> tuple[Model, Learned]:
    """The model of the material with the factorisation and the ranker that validation prefers, and how good it is."""
    if options.choose:
        options = replace(options, als=choose(material, options, progress))
    learned = learn(material, options, progress) if options.learn else nothing_learned("not asked for")
    return fit(material, options, progress).with_rankers(learned.rankers, learned.kinds(), learned.metrics()), learned


def ready_to_answer(model: Model, corpus: Corpus, options: TrainingOptions, progress: Progress = silent) -> Model:
    """The model of the corpus with what answers are spliced from: how papers are shown, and their related lists."""
    shown = model.with_arrays(display_arrays(corpus.papers.ids, corpus.records(), corpus.citations, progress))
    return shown.with_arrays(related_arrays(loaded(shown), options.related, options.als.threads, progress))
