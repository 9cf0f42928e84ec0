"""Predictions for a benchmark folder, made by the training and the engine that serve."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings
from cocite.embedding.encoders import load_encoder
from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Query, Ranking
from cocite.recommender.retrieval.popularity import PopularityRetriever
from cocite.training.bench_corpus import bench_corpus
from cocite.training.bench_folder import BenchFolder, read_bench_folder
from cocite.training.bench_passages import PassageVectors
from cocite.training.bench_queries import BenchQuery, bench_queries
from cocite.training.bench_scores import score
from cocite.training.corpus import Corpus
from cocite.training.durable import replacing, write_atomically
from cocite.training.fitting import Material, loaded
from cocite.training.metrics import Estimate
from cocite.training.options import TrainingOptions
from cocite.training.paths import vector_cache_path
from cocite.training.progress import Progress, silent
from cocite.training.rankers import MODEL, Ranker, check_ranker
from cocite.training.train import build
from cocite.training.vectors import TextVectors, embed_papers

RESULTS = 300  # predictions a query, unless it names what is to be ranked
_PHASE = "Answering queries"

Ranked = dict[str, npt.NDArray[np.int32]]


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


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds of the wall clock to embed, train and answer; CPU milliseconds to answer a query."""

    embedding_s: float
    training_s: float
    queries_s: float
    cpu_ms_per_query: float


@dataclass(frozen=True, slots=True)
class BenchReport:
    """Queries asked, those that got an answer, lines written, what it took, what was used, and how good it is.

    metrics is empty where the folder has no truth.
    """

    queries: int
    answered: int
    predictions: int
    timings: Timings
    settings: Mapping[str, Any]
    metrics: Mapping[str, Estimate]

    def as_json(self) -> dict[str, Any]:
        """Plain values; a metric is its mean and the ends of its interval, to 5 decimals."""
        metrics = {name: [round(value, 5) for value in (e.mean, e.low, e.high)] for name, e in self.metrics.items()}
        return {**asdict(replace(self, metrics={})), "metrics": metrics}


def run_bench(
    bench_dir: Path,
    settings: Settings,
    out: Path,
    bench: BenchOptions = BenchOptions(),
    options: TrainingOptions = TrainingOptions(),  # noqa: B008  frozen
    *,
    json_out: Path | None = None,
    progress: Progress = silent,
) -> BenchReport:
    """Train on what the folder lets a model see, and write to out a line "query TAB paper TAB score" for each
    prediction, best first: at most RESULTS a query, or its whole pool. Then measure, where there is a truth.

    out appears whole or stays as it was, and so does json_out, which takes the report. The truth is opened when out
    is there, never before. Raises InvalidArgument for a folder that is not what it should be and for an out or
    json_out that can be no file.
    """
    out, json_out = out.resolve(), json_out and json_out.resolve()  # a link stays one
    _check_file(out, "out")
    if json_out is not None:
        _check_file(json_out, "json")
        if json_out == out:
            raise InvalidArgument("out and json are the same file", field="json")
    folder = read_bench_folder(bench_dir, use_validation=bench.use_validation, fold_in=bench.fold_in)
    trained = bench_corpus(folder)
    # out is opened first: better refused now than after all the training
    with replacing(out) as file:
        watch = _Watch()
        text, queries = _embed(trained.corpus, bench_queries(folder, trained), settings, progress)
        queries = _with_passages(folder, trained.corpus, queries, settings, progress)
        embedding_s, _ = watch.lap()
        options = replace(options, learn=options.learn and bench.retriever == MODEL)
        model, _ = build(Material.of(trained.corpus, text, progress), options, progress)
        bundle = loaded(model)
        ranker = Ranker(bundle, bench.retriever)
        training_s, _ = watch.lap()
        ranked = _predict(ranker, bundle, queries, file, progress)
        queries_s, cpu_s = watch.lap()
        ids = trained.corpus.papers.ids
        used = {**asdict(bench), "seed": options.seed, **_model_choice(bundle)}
    report = BenchReport(
        queries=len(queries),
        answered=sum(rows.size > 0 for rows in ranked.values()),
        predictions=sum(rows.size for rows in ranked.values()),
        timings=Timings(embedding_s, training_s, queries_s, 1000.0 * cpu_s / max(len(queries), 1)),
        settings=used,
        metrics=score(bench_dir, lambda query: [ids[row] for row in ranked.get(query, ())]) or {},
    )
    if json_out is not None:
        write_atomically(json_out, json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n")
    return report


class _Watch:
    """Seconds of the wall clock and of CPU since it was last asked."""

    def __init__(self) -> None:
        self._since = time.perf_counter(), time.process_time()

    def lap(self) -> tuple[float, float]:
        now = time.perf_counter(), time.process_time()
        since, self._since = self._since, now
        return now[0] - since[0], now[1] - since[1]


def _check_file(path: Path, name: str) -> None:
    if not path.parent.is_dir() or (path.exists() and not path.is_file()):
        raise InvalidArgument(
            f"{path} can be no file", hint="give the name of a file in a directory that is there", field=name
        )


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


def _predict(ranker: Ranker, bundle: Bundle, queries: Sequence[BenchQuery], file: TextIO, progress: Progress) -> Ranked:
    popularity = PopularityRetriever(bundle).scores(Query())
    ids = [bundle.paper_id(row) for row in range(bundle.paper_count)]
    ranked: Ranked = {}
    with threadpool_limits(1, "blas"):  # as when serving
        for done, asked in enumerate(queries, start=1):
            ranking = ranker.rank(asked.query, len(asked.pool) or RESULTS)
            if asked.pool:
                ranking = _completed(ranking, asked.pool, popularity)
            for row, value in zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True):
                file.write(f"{asked.name}\t{ids[row]}\t{value!r}\n")
            ranked[asked.name] = ranking.rows.astype(np.int32)
            progress(_PHASE, done, len(queries))
    return ranked


def _completed(ranking: Ranking, pool: Sequence[int], popularity: npt.NDArray[np.floating]) -> Ranking:
    """The ranking, and after it what else is in the pool, the most popular first, ties by row."""
    rest = np.setdiff1d(pool, ranking.rows)
    rest = rest[np.lexsort((rest, -popularity[rest]))]
    last = ranking.scores[-1] if ranking.scores.size else 0.0
    return Ranking(np.append(ranking.rows, rest), np.append(ranking.scores, np.full(rest.size, last)))


def _model_choice(bundle: Bundle) -> dict[str, Any]:
    """What training chose, and what it was given."""
    manifest = bundle.manifest
    return {
        "rankers": manifest.rankers,
        "als": asdict(manifest.als),
        "embedding_model_version": manifest.embedding_model_version,
        "paper_count": manifest.paper_count,
        "citation_count": manifest.citation_count,
    }
