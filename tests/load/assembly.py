"""CPU of putting a page of results together: by bytes that are spliced, and by messages, taking turns in one process.

Usage: python tests/load/assembly.py [--queries 100] [--rounds 15] [--json FILE]

Takes papers spread evenly over the model of COCITE_HOME and the first 20 results for each. `messages` builds protobuf
messages of them and encodes those; rows, scores, reasons and parsed papers are at hand. `bytes` has the same at hand.
`related` splices the related list, and `answer` is the whole of the quick way, from the request's bytes on. Each round
takes all of them one after another; told are medians of the rounds in microseconds a page, and of their ratios.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time_ns
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from cocite.core.settings import load_settings
from cocite.recommender.assembly import Assembler
from cocite.recommender.bundle import Bundle
from cocite.recommender.bundle_files import read_current
from cocite.recommender.engine import Engine
from cocite.recommender.evidence import SeedEvidence
from cocite.recommender.explaining import Explanation
from cocite.recommender.layout import EXPLAINED
from cocite.recommender.one_paper import OnePaper, PageAsked
from cocite.recommender.query import Query
from cocite.v1 import paper_pb2
from cocite.v1 import recommender_service_pb2 as pb
from support.messages import reason_message


class Page:
    """The first results for one paper, by each way."""

    def __init__(self, bundle: Bundle, engine: Engine, row: int) -> None:
        self._bundle = bundle
        self._row = row
        self._assembler = Assembler(bundle)
        self._one_paper = OnePaper(bundle, bundle.version, self._assembler)
        ranking = engine.rank(Query.of_paper(row))
        self._rows = ranking.rows[:EXPLAINED].astype(np.int32)
        self._scores = ranking.scores[:EXPLAINED].astype(np.float32)
        reasons = engine.explain([SeedEvidence(row)], ranking, 0, EXPLAINED)
        self._reasons = reasons[:]
        self._told = Explanation(reasons, [bundle.paper_id(row)], np.empty((len(reasons), 0)))
        self._papers = [paper_pb2.Paper.FromString(bundle.display.of(each)) for each in self._rows.tolist()]
        seeds = pb.Seeds(positive_ids=[bundle.paper_id(row)])
        self._request = pb.RecommendPapersRequest(seeds=seeds).SerializeToString(deterministic=True)

    def messages(self) -> bytes:
        results = [
            pb.Recommendation(
                paper=paper,
                score=float(score),
                rank=rank,
                reasons=[reason_message(self._bundle, reason, self._told.labels) for reason in found],
            )
            for rank, (paper, score, found) in enumerate(
                zip(self._papers, self._scores, self._reasons, strict=True), start=1
            )
        ]
        return pb.RecommendPapersResponse(results=results).SerializeToString(deterministic=True)

    def spliced(self) -> bytes:
        return self._assembler.results(self._rows, self._scores, 1, self._told, {})

    def related(self) -> bytes:
        found = self._assembler.related(self._row, 0, EXPLAINED)
        assert found is not None
        return found[1]

    def answer(self) -> bytes | None:
        asked = PageAsked.of(self._request)
        return None if asked is None else self._one_paper.answer(asked, self._request)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    bundles = load_settings().bundles
    version = read_current(bundles)
    if version is None:
        parser.error(f"no model is published in {bundles}: run cocite train")
    bundle = Bundle.load(bundles / version)
    pages = pages_of(bundle, asked.queries)
    if not pages:
        parser.error("no paper of the model has a related list that is longer than a page")
    spent = measure(pages, asked.rounds)
    sizes = {name: size_per_paper(bundle, name) for name in ("display", "lists", "reasons")}
    size = np.mean([len(page.related()) for page in pages])
    print(f"{bundle.paper_count:,} papers, {len(pages)} pages of {size:.0f} bytes")
    for way, values in spent.items():
        ratio = np.median(spent["messages"] / values)
        print(f"{way:9} {np.median(values):8.2f} us of CPU   messages take {ratio:6.2f} times that")
    print(", ".join(f"{name} {size:.0f}" for name, size in sizes.items()), "bytes a paper in the bundle")
    if asked.json:
        medians = {way: round(float(np.median(values)), 3) for way, values in spent.items()}
        asked.json.write_text(json.dumps({"papers": bundle.paper_count, "median_us": medians, "bytes": sizes}) + "\n")


def pages_of(bundle: Bundle, count: int) -> list[Page]:
    """Pages of count papers that have one, each way checked to give the same bytes."""
    engine = Engine(bundle)
    able = np.flatnonzero(bundle.related.lists.counts() > EXPLAINED)
    rows = np.unique(able[np.linspace(0, able.size - 1, count).astype(np.int64)]).tolist() if able.size else []
    pages = [Page(bundle, engine, row) for row in rows]
    for page in pages:
        assert page.messages() == page.spliced() == page.related()
    return pages


def measure(pages: list[Page], rounds: int) -> dict[str, np.ndarray]:
    """Microseconds of CPU a page of each way in each round."""
    ways: dict[str, Callable[[Page], Any]] = {
        "messages": Page.messages,
        "bytes": Page.spliced,
        "related": Page.related,
        "answer": Page.answer,
    }
    spent: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, assemble in ways.items():
            start = process_time_ns()
            for page in pages:
                assemble(page)
            spent[way].append((process_time_ns() - start) / 1e3 / len(pages))
    return {way: np.array(values) for way, values in spent.items()}


def size_per_paper(bundle: Bundle, part: str) -> float:
    """Bytes of one part of the bundle, offsets included, by the number of papers."""
    related = bundle.related
    arrays = {
        "display": (bundle.display.encoded, bundle.display.offsets),
        "lists": (related.lists.rows, related.scores, related.lists.offsets),
        "reasons": (related.reasons, related.reason_offsets),
    }
    return sum(array.nbytes for array in arrays[part]) / bundle.paper_count


if __name__ == "__main__":
    main()
