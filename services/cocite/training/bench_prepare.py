"""A benchmark made ready to be asked: its model trained, its queries embedded."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from cocite.core.settings import Settings
from cocite.embedding.encoders import load_encoder
from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Ranking
from cocite.recommender.retrieval.popularity import PopularityRetriever
from cocite.training.bench_corpus import bench_corpus
from cocite.training.bench_folder import BenchFolder, read_bench_folder
from cocite.training.bench_passages import PassageVectors
from cocite.training.bench_queries import BenchQuery, bench_queries
from cocite.training.corpus import Corpus
from cocite.training.fitting import Material, loaded
from cocite.training.options import TrainingOptions
from cocite.training.paths import vector_cache_path
from cocite.training.progress import Progress, silent
from cocite.training.rankers import MODEL, Ranker, check_ranker
from cocite.training.train import build
from cocite.training.vectors import TextVectors, embed_papers

RESULTS = 300  # predictions a query, unless it names what is to be ranked
_PHASE = "Answering queries"


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """retriever is one of RANKERS. fold_in tells of unseen papers the references in foldin.tsv. use_validation trains
    on val.tsv too, as for a final run.
    """  # fmt: skip

    retriever: str = MODEL
    fold_in: bool = False
    use_validation: bool = True

    def __post_init__(self) -> None:
        check_ranker(self.retriever)


class Watch:
    """Seconds of the wall clock and of CPU since it was last asked."""

    def __init__(self) -> None:
        self._since = time.perf_counter(), time.process_time()

    def lap(self) -> tuple[float, float]:
        """Both, and start anew."""
        now = time.perf_counter(), time.process_time()
        since, self._since = self._since, now
        return now[0] - since[0], now[1] - since[1]


@dataclass(frozen=True, slots=True)
class PreparedBench:
    """The trained bundle, the ids of its rows, what it is asked, and the seconds that embedding and training took."""

    bundle: Bundle
    ids: tuple[str, ...]
    queries: tuple[BenchQuery, ...]
    embedding_s: float
    training_s: float

    @property
    def choice(self) -> dict[str, Any]:
        """What training chose, and what it was given."""
        manifest = self.bundle.manifest
        return {
            "rankers": manifest.rankers,
            "als": asdict(manifest.als),
            "embedding_model_version": manifest.embedding_model_version,
            "paper_count": manifest.paper_count,
            "citation_count": manifest.citation_count,
            "held_out": manifest.metrics,
        }

    def answers(self, ranker: Ranker, progress: Progress = silent) -> Iterator[tuple[BenchQuery, Ranking]]:
        """Each query and its at most RESULTS predictions, or its whole pool."""
        popularity = PopularityRetriever(self.bundle).counts
        with threadpool_limits(1, "blas"):  # as when serving
            for done, asked in enumerate(self.queries, start=1):
                ranking = ranker.rank(asked.query, len(asked.pool) or RESULTS)
                yield asked, _completed(ranking, asked.pool, popularity) if asked.pool else ranking
                progress(_PHASE, done, len(self.queries))


def prepare(
    bench_dir: Path, settings: Settings, bench: BenchOptions, options: TrainingOptions, progress: Progress = silent
) -> PreparedBench:
    """Read the folder, embed, train. Rankers are learned only for BenchOptions.retriever MODEL.

    Raises InvalidArgument for a folder that is not what it should be.
    """
    folder = read_bench_folder(bench_dir, use_validation=bench.use_validation, fold_in=bench.fold_in)
    trained = bench_corpus(folder)
    watch = Watch()
    text, queries = _embed(trained.corpus, bench_queries(folder, trained), settings, progress)
    queries = _with_passages(folder, trained.corpus, queries, settings, progress)
    embedding_s, _ = watch.lap()
    options = replace(options, learn=options.learn and bench.retriever == MODEL)
    model, _ = build(Material.of(trained.corpus, text, progress), options, progress)
    return PreparedBench(loaded(model), trained.corpus.papers.ids, tuple(queries), embedding_s, watch.lap()[0])


def _embed(
    corpus: Corpus, queries: Sequence[BenchQuery], settings: Settings, progress: Progress
) -> tuple[TextVectors, list[BenchQuery]]:
    """Vectors of the papers, and the queries with those of their texts."""
    papers = corpus.paper_count
    asked = ((papers + place, query.text) for place, query in enumerate(queries) if query.text)
    every = embed_papers(
        chain(corpus.texts(), asked),
        papers + len(queries),
        lambda: load_encoder(settings),
        vector_cache_path(settings),
        progress,
    )
    with_vectors = [query.with_vector(every.vectors[papers + place]) for place, query in enumerate(queries)]
    return replace(every, vectors=every.vectors[:papers]), with_vectors


def _with_passages(
    folder: BenchFolder, corpus: Corpus, queries: Sequence[BenchQuery], settings: Settings, progress: Progress
) -> list[BenchQuery]:
    """The queries, those of pools with the passages of seed and pool."""
    ids = corpus.papers.ids
    asked = [paper for query in queries if query.pool for paper in (query.paper, *(ids[row] for row in query.pool))]
    if not asked:
        return list(queries)

    def embed(texts: Sequence[str]) -> npt.NDArray[np.floating]:
        found = embed_papers(
            enumerate(texts), len(texts), lambda: load_encoder(settings), vector_cache_path(settings), progress
        )
        return found.vectors

    passages = PassageVectors.of(folder.papers, asked, embed)
    return [
        replace(
            query,
            query=replace(
                query.query, passages=passages.compared(query.paper, query.facet, {ids[row]: row for row in query.pool})
            ),
        )
        for query in queries
    ]


def _completed(ranking: Ranking, pool: Sequence[int], popularity: npt.NDArray[np.floating]) -> Ranking:
    """The ranking, and after it what else is in the pool, the most popular first, ties by row."""
    rest = np.setdiff1d(pool, ranking.rows)
    rest = rest[np.lexsort((rest, -popularity[rest]))]
    last = ranking.scores[-1] if ranking.scores.size else 0.0
    return Ranking(np.append(ranking.rows, rest), np.append(ranking.scores, np.full(rest.size, last)))
