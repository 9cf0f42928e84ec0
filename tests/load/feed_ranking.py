"""What places for new papers take from a feed's ranking, on a benchmark of readers' libraries.

Usage: cocite bench quality FOLDER --out predictions.tsv
       python tests/load/feed_ranking.py FOLDER predictions.tsv [--share S] [--json FILE]

FOLDER is a benchmark of libraries, such as B-P10; the predictions are what the model ranks for each reader. They are
blended as a feed is: with new papers of which the reader keeps none, in all the places there are for them, which is the
most that can be lost; and with a share of the papers drawn as the new ones, those near the reader first. Prints the
mean recall among the first 300 by each list, and what it loses of that of the ranking alone.
"""

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cocite.feeds.blending import MOST_NEW, SIZE, blended
from cocite.training.bench_scores import score
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.paper_pb2 import Paper

RANKED, STRANGERS, DRAWN = "ranking alone", "new, none of them kept", "new, drawn"
MEASURE = f"R@{SIZE}"


def read_predictions(path: Path) -> Mapping[str, list[str]]:
    """Papers by reader, best first."""
    found: dict[str, list[str]] = defaultdict(list)
    with path.open() as lines:
        for line in lines:
            reader, paper, _ = line.split("\t")
            found[reader].append(paper)
    return found


def items(papers: Sequence[str]) -> list[pb.FeedItem]:
    return [pb.FeedItem(paper=Paper(paper_id=paper)) for paper in papers]


def feed(ranked: Sequence[str], new: Sequence[str]) -> list[str]:
    """The list of a feed."""
    return [item.paper.paper_id for item in blended(items(ranked), items(new), frozenset())]


def recall(folder: Path, lists: Callable[[str], Sequence[str]]) -> float:
    found = score(folder, lists)
    assert found is not None, "the folder has no truth"
    return found[MEASURE].mean


def measure(folder: Path, ranked: Mapping[str, list[str]], share: float) -> dict[str, float]:
    """Recall by each list."""
    known = sorted({paper for papers in ranked.values() for paper in papers})
    drawn = set(random.Random(0).sample(known, round(share * len(known))))
    strangers = [f"new {number}" for number in range(MOST_NEW)]

    def near(reader: str) -> list[str]:
        return [*(paper for paper in ranked[reader] if paper in drawn), *strangers]

    return {
        RANKED: recall(folder, lambda reader: ranked.get(reader, [])),
        STRANGERS: recall(folder, lambda reader: feed(ranked.get(reader, []), strangers)),
        DRAWN: recall(folder, lambda reader: feed(ranked[reader], near(reader)) if reader in ranked else []),
    }


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measure(options.folder, read_predictions(options.predictions), options.share)
    for name, value in found.items():
        print(f"{name:<24} {MEASURE} {value:.4f}, {100 * (1 - value / found[RANKED]):5.2f} % less")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
