"""What is asked under load, and what an answer says, so that two answers to one question can be compared."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from google.protobuf.message import DecodeError

from chaos.harness.home import READERS, reader, settings_of
from cocite.catalogue.store import Catalogue
from cocite.cli.model_seeds import seeds_of_model
from cocite.load.zipf import zipf_draws
from cocite.v1 import feed_service_pb2 as feed_pb
from cocite.v1 import paper_pb2
from cocite.v1 import recommender_service_pb2 as pb

RECOMMEND = "/cocite.v1.RecommenderService/RecommendPapers"
LIST_FEED = "/cocite.v1.FeedService/ListFeed"
PAGE = 10
WORDS = 12  # of a text
# Of a hundred calls: a known paper; one with all that is known of its results, which the feature service tells; two
# papers together; a text asked before; a text that nobody asked before; a reader's feed.
MIX = {"known": 30, "full": 20, "pair": 15, "text": 5, "cold": 10, "feed": 20}
ZIPF = 1.0


@dataclass(frozen=True, slots=True)
class Question:
    """A request as its bytes, and the service it goes to."""

    kind: str
    service: str
    method: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says: the papers in their order, everything about them, and what it lacks."""

    ids: tuple[str, ...]
    papers: tuple[bytes, ...]
    unresolved: tuple[str, ...]
    model: str
    degraded: tuple[int, ...]

    def same_as(self, other: "Told") -> bool:
        """Whether a caller would see no difference."""
        return (self.ids, self.papers, self.unresolved) == (other.ids, other.papers, other.unresolved)


def told(question: Question, body: bytes) -> Told:
    """What the bytes of an answer say; nothing where they are no answer."""
    try:
        return _told(question, body)
    except DecodeError:
        return Told(ids=(), papers=(body,), unresolved=(), model="", degraded=())


def _told(question: Question, body: bytes) -> Told:
    if question.method == RECOMMEND:
        answer = pb.RecommendPapersResponse.FromString(body)
        items, unresolved = answer.results, tuple(seed.id for seed in answer.unresolved_seeds)
    else:
        answer = feed_pb.ListFeedResponse.FromString(body)
        items, unresolved = answer.items, ()
    return Told(
        ids=tuple(item.paper.paper_id for item in items),
        papers=tuple(item.paper.SerializeToString(deterministic=True) for item in items),
        unresolved=unresolved,
        model=answer.model_version,
        degraded=tuple(shortcoming.cause for shortcoming in answer.degraded),
    )


class Questions:
    """A source of questions without end; the same seed asks the same. mix: how often each kind of MIX is asked."""

    def __init__(self, home: Path, seed: int = 0, mix: dict[str, int] | None = None) -> None:
        settings = settings_of(home)
        self._papers = seeds_of_model(settings, 10_000)
        with Catalogue.open(settings.catalogue) as catalogue:
            titles = (paper.title for _, paper in catalogue.iter_papers(counts=False))
            self._words = sorted({word for title in titles for word in title.lower().split() if word.isalpha()})
        self._mix = mix or MIX
        self._seed = seed
        self._random = random.Random(seed)
        self._ranks = {kind: zipf_draws(n, ZIPF, seed) for kind, n in self._sizes().items()}
        self._cold = count(seed << 32)

    def __iter__(self) -> Iterator[Question]:
        kinds, weights = list(self._mix), list(self._mix.values())
        while True:
            kind = self._random.choices(kinds, weights)[0]
            yield self.question(kind, next(self._cold) if kind == "cold" else next(self._ranks[kind]))

    def again(self) -> list[Question]:
        """Every question that is asked more than once: what a cache can know."""
        return [
            self.question(kind, n) for kind, size in self._sizes().items() if kind in self._mix for n in range(size)
        ]

    def question(self, kind: str, number: int) -> Question:
        """The one of a kind that has this number."""
        if kind == "feed":
            request = feed_pb.ListFeedRequest(reader=feed_pb.ReaderRef(reader_id=reader(number).name), page_size=PAGE)
            return Question(kind, "feeds", LIST_FEED, request.SerializeToString())
        if kind in ("text", "cold"):
            chosen = random.Random(f"{kind} {number}").choices(self._words, k=WORDS)
            seeds = pb.Seeds(texts=[pb.TextSeed(title=" ".join(chosen))])
        else:
            papers = [self._papers[(number * (1 + step)) % len(self._papers)] for step in range(2)]
            seeds = pb.Seeds(positive_ids=papers if kind == "pair" and number else papers[:1])
        view = paper_pb2.PAPER_VIEW_FULL if kind == "full" else paper_pb2.PAPER_VIEW_BASIC
        body = pb.RecommendPapersRequest(seeds=seeds, page_size=PAGE, view=view).SerializeToString()
        return Question(kind, "recommender", RECOMMEND, body)

    def _sizes(self) -> dict[str, int]:
        papers = min(200, len(self._papers))
        return {"known": papers, "full": papers, "pair": papers, "text": 50, "feed": READERS}
