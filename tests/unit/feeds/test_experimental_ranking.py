"""Which experiment a feed is made in, and what a reader gets when half of it fails."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import grpc
import pytest
from google.protobuf.message import Message

from cocite.catalogue.events import EventKind
from cocite.catalogue.experiments import Experiments
from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument, Unavailable
from cocite.feeds import experiments as under_test
from cocite.feeds.experiments import ExperimentalRanking, RunningExperiment
from cocite.feeds.experiments_rankings import DIVERSITY
from cocite.feeds.feed_lists import FeedList
from cocite.feeds.interleaving import NO_DRAFT, TEAM_A, TEAM_B, Draft
from cocite.feeds.ranking import PersonalRanking
from cocite.feeds.reader_profile import Profile
from cocite.feeds.recommending import Recommending
from cocite.serving.deadline import Deadline
from cocite.v1 import feed_service_pb2
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.paper_pb2 import Paper
from support.scripted_recommender import Scripted, running_recommender

PROFILE = Profile(liked=(("local:liked", EventKind.SAVE),))
PLAIN = [f"local:p{number}" for number in range(6)]
DIVERSE = [*PLAIN[3:], "local:other"]


class NothingNew:
    """No papers of the last days."""

    since = datetime.now(UTC).date()

    def days(self) -> Mapping[str, date]:
        return {}


def papers(request: pb.RecommendPapersRequest) -> Message:
    found = DIVERSE if request.diversity > DIVERSITY else PLAIN
    results = [pb.Recommendation(paper=Paper(paper_id=paper)) for paper in found]
    return pb.RecommendPapersResponse(results=results, model_version="m")


def without_diverse(request: pb.RecommendPapersRequest) -> Message:
    if request.diversity > DIVERSITY:
        raise InvalidArgument("not today")
    return papers(request)


def other_model_for_diverse(request: pb.RecommendPapersRequest) -> Message:
    answer = papers(request)
    assert isinstance(answer, pb.RecommendPapersResponse)
    if request.diversity > DIVERSITY:
        answer.model_version = "m2"
    return answer


@pytest.fixture
def experiments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Experiments]:
    monkeypatch.setattr(under_test, "KEPT_S", 0.0)
    with Catalogue.open(f"sqlite:///{tmp_path / 'catalogue.db'}") as catalogue:
        yield Experiments(catalogue)


def ranked(
    experiments: Experiments, answer: Callable[[pb.RecommendPapersRequest], Message] = papers, reader_key: int = 1
) -> tuple[list[str], Draft]:
    with running_recommender(Scripted(answer)) as running, grpc.insecure_channel(running.target) as channel:
        personal = PersonalRanking(Recommending(channel), NothingNew())
        ranking = ExperimentalRanking(personal, RunningExperiment(experiments))
        found = ranking.rank(reader_key, PROFILE, Deadline.after(20))
    assert found is not None
    return [item.paper.paper_id for item in found[0].items], found[1]


def test_without_an_experiment_a_feed_is_the_default_one(experiments: Experiments):
    assert ranked(experiments) == (PLAIN, NO_DRAFT)
    experiments.start("one", "default", "diverse")
    assert ranked(experiments) != (PLAIN, NO_DRAFT)
    experiments.stop("one")
    assert ranked(experiments) == (PLAIN, NO_DRAFT)


def test_both_rankings_are_in_the_list(experiments: Experiments):
    key = experiments.start("one", "default", "diverse").key
    found, draft = ranked(experiments)
    assert sorted(found) == sorted({*PLAIN, *DIVERSE})
    assert draft.experiment == key
    assert {*draft.teams[:2]} == {TEAM_A, TEAM_B}
    assert found[draft.teams.index(TEAM_A)] == PLAIN[0]
    assert found[draft.teams.index(TEAM_B)] in (DIVERSE[0], DIVERSE[1])
    assert ranked(experiments) == (found, draft)
    assert len({ranked(experiments, reader_key=reader)[1].teams for reader in range(2, 8)}) > 1


@pytest.mark.parametrize("answer", [without_diverse, other_model_for_diverse])
@pytest.mark.parametrize("rankings", [("default", "diverse"), ("diverse", "default"), ("recommender", "diverse")])
def test_when_one_ranking_fails_the_default_one_is_shown_and_nobody_credited(
    experiments: Experiments, answer: Callable[[pb.RecommendPapersRequest], Message], rankings: tuple[str, str]
):
    experiments.start("one", *rankings)
    assert ranked(experiments, answer) == (PLAIN, NO_DRAFT)


def test_rankings_that_this_version_does_not_know_are_not_shown(experiments: Experiments):
    experiments.start("one", "default", "of-the-future")
    assert ranked(experiments) == (PLAIN, NO_DRAFT)


def test_while_the_catalogue_is_away_the_last_experiment_goes_on(
    experiments: Experiments, monkeypatch: pytest.MonkeyPatch
):
    begun = experiments.start("one", "default", "diverse")
    running = RunningExperiment(experiments)
    assert running.get() == begun

    def away() -> None:
        raise Unavailable("away")

    monkeypatch.setattr(experiments, "running", away)
    assert running.get() == begun
    assert RunningExperiment(experiments).get() is None


def test_lists_drafted_otherwise_are_other_lists():
    items = [feed_service_pb2.FeedItem(paper=Paper(paper_id=paper)) for paper in PLAIN[:2]]
    answer = feed_service_pb2.ListFeedResponse(items=items, model_version="m")
    plain = FeedList.of(answer, 1, 1)
    drafted = [FeedList.of(answer, 1, 1, Draft(key, teams)) for key in (1, 2) for teams in (b"\1\2", b"\2\1")]
    assert len({plain.list_id, *(each.list_id for each in drafted)}) == 5
