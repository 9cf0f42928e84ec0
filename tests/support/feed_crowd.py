"""Readers who are shown interleaved feeds and act on what they like, through the real catalogue and real tokens."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from cocite.catalogue.events import EventKind, EventLog, NewEvent, ReaderName
from cocite.catalogue.experiments import Experiment, Experiments
from cocite.catalogue.readers import Readers
from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.feeds.experiments import interleaved
from cocite.feeds.experiments_report import Report, report_on
from cocite.feeds.experiments_tokens import shown_token
from cocite.feeds.feed_lists import FeedList
from cocite.feeds.secrets import Signer
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.paper_pb2 import Paper

PAPERS = tuple(f"local:p{number}" for number in range(40))
LISTED = 10

Reading = Callable[[random.Random, pb.FeedItem], bool]


@dataclass
class Crowd:
    """An experiment on a catalogue, and its readers; each answer is two random orders of the papers, drafted."""

    catalogue: Catalogue
    log: EventLog
    experiment: Experiment
    signer: Signer = field(default_factory=lambda: Signer(b"a secret of the tests"))
    generator: random.Random = field(default_factory=lambda: random.Random(1))
    sent: int = 0

    def shown(self, name: str, a: Sequence[str], b: Sequence[str]) -> FeedList:
        """What a reader is shown of two rankings now."""
        reader = Readers(self.catalogue).create(ReaderName(False, name))
        answer, draft = interleaved(self.experiment, reader.reader_key, _answer(a), _answer(b))
        return FeedList.of(answer, reader.reader_key, reader.last_sequence, draft)

    def token(self, ranked: FeedList, rank: int) -> str:
        return shown_token(self.signer, ranked, rank)

    def act(self, name: str, paper: str, token: str, kind: EventKind = EventKind.CLICK, *, undo: bool = False) -> None:
        self.sent += 1
        event = NewEvent(f"e{self.sent}", ReaderName(False, name), kind, paper, undo=undo, attribution_token=token)
        self.log.append([event])

    def read(self, name: str, likes: Callable[[str], float], answers: int, forge: Callable[[str], str] = str) -> None:
        """Let a reader see answers and click with the chance that each paper has. A ranks by chance, B by liking."""
        for _ in range(answers):
            a, b = (self.generator.sample(PAPERS, len(PAPERS)) for _ in range(2))
            b.sort(key=likes, reverse=True)
            ranked = self.shown(name, a[:LISTED], b[:LISTED])
            for rank, item in enumerate(ranked.answer.items, start=1):
                if self.generator.random() < likes(item.paper.paper_id) / rank**0.5:
                    self.act(name, item.paper.paper_id, forge(self.token(ranked, rank)))

    def report(self, secret: bytes | None = None) -> Report:
        signer = self.signer if secret is None else Signer(secret)
        return report_on(Experiments(self.catalogue), self.experiment.name, signer)


def crowd(catalogue: Catalogue) -> Iterator[Crowd]:
    catalogue.write([PaperRecord((paper,), Fields(paper)) for paper in PAPERS])
    with EventLog(catalogue) as log:
        yield Crowd(catalogue, log, Experiments(catalogue).start("trial", "default", "newer"))


def _answer(papers: Sequence[str]) -> pb.ListFeedResponse:
    items = [pb.FeedItem(paper=Paper(paper_id=paper)) for paper in papers]
    return pb.ListFeedResponse(items=items, model_version="m", personal=True)
