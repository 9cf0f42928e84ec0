"""CPU of the way from a query to a ranking, step by step, by the model that serves.

Usage: python tests/load/ranking.py [--bundle DIRECTORY] [--several] [--queries 200] [--rounds 3] [--json FILE]

Asks the model of COCITE_HOME, or that in a bundle directory, on one thread for what is related to papers spread evenly
over those that have references: to one at a time, not newer than it, or with --several to three references of one, less
an unrelated paper, of the newer two thirds of the years. Prints the median and the 90th percentile of milliseconds of
CPU over the queries, of each the least of the rounds: what each retriever takes, cutting their lists off, fusing them,
gathering features of the first candidates, the learned model, and the whole, which arranges the list besides; then the
reasons for a page, and contributions where there are several seeds. What several retrievers go by is found by the first
that asks and counts there.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import thread_time_ns
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from cocite.core.settings import load_settings
from cocite.recommender.bundle import Bundle
from cocite.recommender.bundle_files import read_current
from cocite.recommender.engine import Engine
from cocite.recommender.evidence import SeedEvidence
from cocite.recommender.proposing import Proposer, depth_of
from cocite.recommender.query import Query, RowFilter
from cocite.recommender.ranking.features import FEATURES, FeatureExtractor
from cocite.recommender.ranking.fusion import reciprocal_rank_fusion
from cocite.recommender.ranking.reranking import CANDIDATES
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.profile import Lists
from cocite.recommender.retrieval.registry import retrievers_of

Spent = dict[str, list[float]]
_PAGE = 20  # results


class Bench:
    """One model's steps, asked one after another."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._engine = Engine(bundle)
        lists = Lists.of(bundle)
        self._retrievers = retrievers_of(bundle, lists)
        self._proposer = Proposer(self._retrievers)
        self._extractor = FeatureExtractor(bundle, lists)
        self._model = bundle.rankers.papers
        self._columns = [FEATURES.index(name) for name in self._model.features] if self._model else []

    def ask(self, query: Query) -> dict[str, float]:
        """Milliseconds of CPU of each step."""
        spent: dict[str, float] = defaultdict(float)

        def timed(step: str, work: Callable[..., Any], *given: Any) -> Any:
            start = thread_time_ns()
            done = work(*given)
            spent[step] += (thread_time_ns() - start) / 1e6
            return done

        asked = Asked(query, self._bundle)
        timed("allowed rows", getattr, asked, "allowed")
        lists, weights = [], []
        for retriever in self._retrievers:
            found = timed(retriever.name, retriever.find, asked)
            if found is not None:
                lists.append(timed("cutting off", found.best, depth_of(query), asked.allowed))
                weights.append(retriever.weight)
        timed("fusion", reciprocal_rank_fusion, lists, weights)
        candidates = self._proposer.propose(asked).candidates(CANDIDATES)
        values = timed("features", self._extractor.of, asked, candidates)
        if self._model is not None:
            timed("model", self._model.scores, values[:, self._columns])
        again = Asked(replace(query), self._bundle)  # so that nothing is found already
        ranking = timed("whole", self._engine.rank, again)
        seeds = [SeedEvidence(row) for row in query.positive_rows]
        timed("reasons", self._engine.explain, seeds, ranking, 0, _PAGE)
        if len(seeds) > 1:
            timed("contributions", self._engine.contributions, again, seeds, ranking, 0, _PAGE)
        return spent


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="CPU from a query to a ranking")
    parser.add_argument("--bundle", type=Path, help="the directory of a bundle")
    parser.add_argument("--several", action="store_true", help="three seeds and a negative one, and a filter")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    bundle = Bundle.load(asked.bundle or _published(parser), verify=asked.bundle is None)
    with threadpool_limits(1):
        queries = (several_seeds if asked.several else one_seed)(bundle, asked.queries)
        spent = measure(Bench(bundle), queries, asked.rounds)
    print(f"{bundle.paper_count:,} papers, {asked.queries} queries, ms of CPU")
    for step, values in spent.items():
        print(f"{step:14} median {np.median(values):7.3f}   p90 {np.percentile(values, 90):7.3f}")
    if asked.json:
        medians = {step: round(float(np.median(values)), 4) for step, values in spent.items()}
        asked.json.write_text(json.dumps({"papers": bundle.paper_count, "median_ms": medians}, indent=2) + "\n")


def _published(parser: argparse.ArgumentParser) -> Path:
    bundles = load_settings().bundles
    version = read_current(bundles)
    if version is None:
        parser.error(f"no model is published in {bundles}: run cocite train")
    return bundles / version


def _spread(bundle: Bundle, references: int, count: int) -> list[int]:
    """Rows of about count papers that have so many references."""
    citing = np.flatnonzero(bundle.references.counts() >= references)
    rows: list[int] = np.unique(citing[np.linspace(0, citing.size - 1, count).astype(np.int64)]).tolist()
    return rows


def one_seed(bundle: Bundle, count: int) -> list[Query]:
    """A query for each of count papers with references: what else they would cite."""
    return [
        Query(
            positive_rows=(row,),
            exclude_rows=tuple(bundle.references.of(row).tolist()),
            row_filter=RowFilter(not_after=bundle.year(row)),
        )
        for row in _spread(bundle, 1, count)
    ]


def several_seeds(bundle: Bundle, count: int) -> list[Query]:
    """For each of count papers: what goes with three of its references, less some other paper."""
    generator, known = np.random.default_rng(0), np.sort(bundle.years[bundle.years > 0])
    newer = RowFilter(min_year=int(known[known.size // 3]) if known.size else None)
    return [
        Query(
            positive_rows=tuple(generator.permutation(bundle.references.of(row))[:3].tolist()),
            negative_rows=(int(generator.integers(bundle.paper_count)),),
            row_filter=newer,
        )
        for row in _spread(bundle, 3, count)
    ]


def measure(bench: Bench, queries: list[Query], rounds: int) -> Spent:
    """Of each step the milliseconds of CPU of each query, the least of the rounds."""
    spent: Spent = defaultdict(list)
    for query in queries:
        asked = [bench.ask(replace(query)) for _ in range(rounds)]
        for step in asked[0]:
            spent[step].append(min(each[step] for each in asked))
    return spent


if __name__ == "__main__":
    main()
