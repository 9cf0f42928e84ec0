"""Predictions for a benchmark folder of citations, made by the training and the engine that serve."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings
from cocite.embedding.encoders import load_encoder
from cocite.training.bench_folder import read_bench_folder
from cocite.training.durable import replacing
from cocite.training.evaluate import train_bundle
from cocite.training.options import TrainingOptions
from cocite.training.paths import vector_cache_path
from cocite.training.progress import Progress, silent
from cocite.training.rankers import FUSED, Ranker, check_ranker
from cocite.training.vectors import embed_papers

RESULTS = 300  # predictions a query


@dataclass(frozen=True, slots=True)
class BenchSummary:
    """Queries asked, those that got an answer, and lines written."""

    queries: int
    answered: int
    predictions: int


def run_citations_bench(
    bench_dir: Path,
    settings: Settings,
    out: Path,
    *,
    retriever: str = FUSED,
    use_validation: bool = True,
    options: TrainingOptions = TrainingOptions(),  # noqa: B008  frozen
    progress: Progress = silent,
) -> BenchSummary:
    """Train on the folder's train.tsv and, where use_validation is set and it is there, val.tsv; write to out a line
    "query TAB paper TAB score" for each prediction, at most RESULTS a query, best first.

    Predictions are not newer than the query and none of its known references. out appears whole or stays as it was.
    Raises InvalidArgument for a folder that is not what it should be, for an unknown retriever, and for an out that
    can be no file.
    """  # fmt: skip
    check_ranker(retriever)
    out = out.resolve()  # a link stays one
    _check_out(out)
    folder = read_bench_folder(bench_dir, use_validation=use_validation)
    corpus = folder.corpus
    # out is opened first: better refused now than after all the training
    with replacing(out) as file, tempfile.TemporaryDirectory(prefix="cocite-bench-") as scratch:
        text = embed_papers(
            corpus.texts(), corpus.paper_count, lambda: load_encoder(settings), vector_cache_path(settings), progress
        )
        ranker = Ranker(train_bundle(corpus, text, options, Path(scratch), progress), retriever)
        return _predict(ranker, folder.queries, corpus.papers.ids, file, progress)


def _check_out(out: Path) -> None:
    if not out.parent.is_dir() or (out.exists() and not out.is_file()):
        raise InvalidArgument(
            f"{out} can be no file", hint="give the name of a file in a directory that is there", field="out"
        )


def _predict(
    ranker: Ranker, queries: Sequence[int], ids: Sequence[str], file: TextIO, progress: Progress
) -> BenchSummary:
    answered = predictions = 0
    for done, row in enumerate(queries, start=1):
        ranking = ranker.rank(row, RESULTS)
        for found, score in zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True):
            file.write(f"{ids[row]}\t{ids[found]}\t{score!r}\n")
        answered += bool(ranking.rows.size)
        predictions += ranking.rows.size
        progress("Answering queries", done, len(queries))
    return BenchSummary(len(queries), answered, predictions)
