"""Replay asks about the past as it was: a real catalogue and a recommender over the wire whose answers are known."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from cocite.catalogue.events import EventKind, EventLog, NewEvent, ReaderName
from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.errors import CociteError
from cocite.feeds.experiments_rankings import RANKINGS
from cocite.feeds.experiments_replay import Replay, ReplayReport
from cocite.feeds.recommending import Recommending
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.paper_pb2 import Paper
from support.scripted_recommender import Scripted, running_recommender

TODAY = datetime.now(UTC).date()
OLD = [f"local:p{number:02d}" for number in range(30)]
NEW, NOT_YET = "local:new", "local:not-yet"
RANKED = (NOT_YET, *OLD)  # what the recommender always prefers
DEFAULT, RECOMMENDER = RANKINGS["default"], RANKINGS["recommender"]
VIEW, CLICK, SAVE, UPVOTE = EventKind.VIEW, EventKind.CLICK, EventKind.SAVE, EventKind.UPVOTE


class Past:
    """A catalogue with readers, and a recommender that ranks as RANKED says."""

    def __init__(self, catalogue: Catalogue) -> None:
        old = [PaperRecord((paper,), Fields(paper, year=1999)) for paper in OLD]
        catalogue.write([*old, PaperRecord((NEW,), Fields(NEW))], today=TODAY)
        catalogue.write([PaperRecord((NOT_YET,), Fields(NOT_YET))], today=TODAY + timedelta(2))
        self.catalogue = catalogue
        self.trained = 0
        self.scripted = Scripted(self.answer)

    def answer(self, request: Message) -> Message:
        if isinstance(request, pb.GetModelRequest):
            time = Timestamp()
            time.FromMilliseconds(self.trained)
            return pb.GetModelResponse(model_version="m", create_time=time)
        assert isinstance(request, pb.RecommendPapersRequest)
        ranked = (NEW,) if request.HasField("filter") else RANKED
        barred = {*request.exclude_ids, *request.seeds.library_ids}
        papers = [pb.Recommendation(paper=Paper(paper_id=paper)) for paper in ranked if paper not in barred]
        return pb.RecommendPapersResponse(results=papers, model_version="m")

    def did(self, *acts: tuple[str, EventKind, str]) -> None:
        with EventLog(self.catalogue) as log:
            events = [NewEvent(f"{kind}{paper}", ReaderName(False, name), kind, paper) for name, kind, paper in acts]
            log.append(events)

    def replay(self, *rankings: str, most: int = 100) -> ReplayReport:
        with running_recommender(self.scripted) as running, grpc.insecure_channel(running.target) as channel:
            replay = Replay(self.catalogue, Recommending(channel))
            return replay.run([RANKINGS[name] for name in rankings], most, seed=0)

    def asked(self) -> list[tuple[list[str], set[str]]]:
        """Libraries and exclusions of the questions of whole rankings."""
        questions = [each for each in self.scripted.requests if isinstance(each, pb.RecommendPapersRequest)]
        return [(list(q.seeds.library_ids), set(q.exclude_ids)) for q in questions if not q.HasField("filter")]


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    with Catalogue.open(f"sqlite:///{tmp_path / 'catalogue.db'}") as catalogue:
        yield Past(catalogue)


def test_a_paper_is_looked_for_with_what_came_before_it_alone(past: Past):
    past.did(
        ("ann", CLICK, OLD[0]),
        ("ann", VIEW, OLD[3]),
        ("ann", SAVE, OLD[1]),
        ("ann", CLICK, OLD[3]),
        ("ann", UPVOTE, OLD[9]),
        ("ann", SAVE, OLD[3]),
    )
    report = past.replay("recommender")
    assert [library for library, _ in past.asked()] == [[OLD[0]], [OLD[1], OLD[3], OLD[0]], [OLD[1], OLD[0]]]
    assert all(NOT_YET in excluded for _, excluded in past.asked())
    assert OLD[3] not in past.asked()[2][1], "seen before, but it is what was found"
    (found,) = report.rankings
    assert (report.kept, report.sampled, report.asked, report.readers, report.learned) == (3, 3, 3, 1, 0)
    assert found.recall is not None
    assert found.mrr is not None
    assert found.recall.value == 1.0
    # of all but those in the library p01 is the first, p09 the seventh, p03, as before it was opened, the second
    assert found.mrr.value == pytest.approx((1 + 1 / 7 + 1 / 2) / 3)


def test_rankings_are_told_apart_and_deep_papers_are_not_found(past: Past):
    past.did(("ann", CLICK, OLD[0]), ("ann", SAVE, NEW), ("ben", CLICK, OLD[0]), ("ben", SAVE, OLD[29]))
    default, recommender = past.replay("default", "recommender").rankings
    assert default.recall is not None
    assert default.mrr is not None
    assert recommender.recall is not None
    assert recommender.mrr is not None
    assert (default.recall.value, recommender.recall.value) == (0.5, 0.0)
    assert default.mrr.value == pytest.approx((1 / 5 + 1 / 30) / 2), "a new paper stands in the fifth place"
    assert recommender.mrr.value == pytest.approx((0 + 1 / 29) / 2)
    assert default.recall.low == 0.0
    assert default.recall.high == 1.0


def test_what_the_model_may_have_learned_is_told(past: Past):
    past.did(("ann", CLICK, OLD[0]), ("ann", SAVE, OLD[1]))
    past.trained = 4_000_000_000_000
    assert past.replay("default").learned == 1


def test_the_sample_is_bounded(past: Past):
    past.did(("ann", CLICK, OLD[0]), *(("ann", SAVE, paper) for paper in OLD[1:20]))
    report = past.replay("recommender", most=5)
    assert (report.kept, report.sampled, report.asked) == (19, 5, 5)


def test_without_events_there_is_nothing_to_tell(past: Past):
    report = past.replay("default")
    assert (report.kept, report.asked, report.rankings[0].recall) == (0, 0, None)


def test_a_recommender_that_fails_is_told(past: Past):
    past.did(("ann", CLICK, OLD[0]), ("ann", SAVE, OLD[1]))

    def fail(request: Message) -> Message:
        if isinstance(request, pb.GetModelRequest):
            return past.answer(request)
        raise CociteError("broken")

    past.scripted.answer = fail
    with pytest.raises(CociteError):
        past.replay("default")
