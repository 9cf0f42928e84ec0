"""A home directory with a synthetic corpus, ready to be trained on: its catalogue, and the vectors of its texts."""

from contextlib import closing

from cocite.catalogue.chunks import chunked
from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument
from cocite.core.paper import Paper, content_hash, text_of
from cocite.core.settings import Settings
from cocite.embedding.encoders import load_encoder
from cocite.synthetic.corpus import SyntheticCorpus
from cocite.synthetic.shape import BLOCK
from cocite.training.paths import vector_cache_path
from cocite.training.progress import Progress, silent
from cocite.training.vector_cache import VectorCache

_PHASE = "Writing papers"


def fill_home(corpus: SyntheticCorpus, settings: Settings, progress: Progress = silent) -> None:
    """Write the corpus into the catalogue of the settings, and its vectors as if their encoder had made them.

    Raises InvalidArgument for a catalogue that holds papers already, NotReady where the encoder's files are missing.
    """
    encoder = load_encoder(settings)
    with Catalogue.open(settings.catalogue) as catalogue:
        if catalogue.count_papers():
            raise InvalidArgument(
                f"the catalogue of {settings.home} holds papers", hint="set COCITE_HOME to an empty directory"
            )
        cache = VectorCache(vector_cache_path(settings), encoder.model_version, encoder.dimension)
        with closing(cache):
            done = 0
            for papers in chunked(corpus.papers(), BLOCK):
                catalogue.write([_record(corpus, row, paper) for row, paper in enumerate(papers, done)])
                vectors = corpus.text_vectors(done, done + len(papers), encoder.dimension)
                cache.put_many({content_hash(text_of(p)): v for p, v in zip(papers, vectors, strict=True)})
                done += len(papers)
                progress(_PHASE, done, corpus.shape.papers)


def _record(corpus: SyntheticCorpus, row: int, paper: Paper) -> PaperRecord:
    fields = Fields(paper.title, paper.abstract, paper.authors, paper.year, paper.venue, fields=paper.fields)
    return PaperRecord((paper.paper_id,), fields, corpus.references_of(row))
