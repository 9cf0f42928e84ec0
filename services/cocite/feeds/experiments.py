"""Feeds while an experiment runs: two rankings made and interleaved for each reader."""

import hashlib
import random
import threading
import time
from collections.abc import Sequence

import structlog

from cocite.catalogue.experiments import Experiment, Experiments
from cocite.core.errors import CociteError
from cocite.feeds.blending import SIZE
from cocite.feeds.experiments_rankings import DEFAULT, RANKINGS, RankingVariant
from cocite.feeds.interleaving import NO_DRAFT, Draft, team_draft
from cocite.feeds.ranking import PersonalRanking
from cocite.feeds.reader_profile import Profile
from cocite.serving.deadline import Deadline
from cocite.v1 import feed_service_pb2 as pb

log = structlog.get_logger("cocite.feeds")

KEPT_S = 5.0


class RunningExperiment:
    """The experiment that runs, looked up anew after some seconds. Thread-safe; without the catalogue, the last one."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments
        self._lock = threading.Lock()
        self._until = 0.0
        self._running: Experiment | None = None

    def get(self) -> Experiment | None:
        """The one that runs, None without one or while its rankings are not known to this version."""
        with self._lock:
            if time.monotonic() >= self._until:
                try:
                    self._running = _known(self._experiments.running())
                except CociteError as error:
                    log.info("running experiment not looked up", detail=error.message)
                self._until = time.monotonic() + KEPT_S
            return self._running


class ExperimentalRanking:
    """Ranks as PersonalRanking does, and while an experiment runs by two rankings at once. Thread-safe."""

    def __init__(self, personal: PersonalRanking, running: RunningExperiment) -> None:
        self._personal = personal
        self._running = running

    def rank(self, reader_key: int, profile: Profile, deadline: Deadline) -> tuple[pb.ListFeedResponse, Draft] | None:
        """The list of a profile, and how it came about; None when the model knows none of what the reader likes.

        Where one of two rankings falls short in anything, the answer is the default one and no part of the experiment.
        Raises as PersonalRanking.rank.
        """
        experiment = self._running.get()
        if experiment is not None:
            a, b = self._both(experiment, profile, deadline)
            if a and b and a.model_version == b.model_version:
                return interleaved(experiment, reader_key, a, b)
            if a and experiment.ranking_a == DEFAULT.name:
                return a, NO_DRAFT
        answer = self._personal.rank(profile, deadline)
        return None if answer is None else (answer, NO_DRAFT)

    def _both(
        self, experiment: Experiment, profile: Profile, deadline: Deadline
    ) -> tuple[pb.ListFeedResponse | None, pb.ListFeedResponse | None]:
        """The lists by A and by B; by B not where A has failed, which leaves more time for the default one."""
        name_a, name_b = _rankings(experiment)
        a = self._whole(profile, RANKINGS[name_a], deadline)
        return a, self._whole(profile, RANKINGS[name_b], deadline) if a else None

    def _whole(self, profile: Profile, ranking: RankingVariant, deadline: Deadline) -> pb.ListFeedResponse | None:
        try:
            answer = self._personal.rank(profile, deadline, ranking)
        except CociteError:
            return None
        return None if answer is None or answer.degraded else answer


def interleaved(
    experiment: Experiment, reader_key: int, a: pb.ListFeedResponse, b: pb.ListFeedResponse
) -> tuple[pb.ListFeedResponse, Draft]:
    """Two lists as one. The same experiment, reader and lists always make the same one."""
    papers_a, papers_b = _papers(a), _papers(b)
    names = "\n".join((str(experiment.key), str(reader_key), *papers_a, "", *papers_b))
    coin = random.Random(hashlib.blake2b(names.encode(), digest_size=16).digest())
    drafted = team_draft(papers_a, papers_b, SIZE, coin)
    items = {item.paper.paper_id: item for item in (*b.items, *a.items)}
    answer = pb.ListFeedResponse(
        items=[items[paper] for paper, _ in drafted], model_version=a.model_version, personal=True
    )
    return answer, Draft(experiment.key, bytes(team for _, team in drafted))


def _papers(answer: pb.ListFeedResponse) -> Sequence[str]:
    return [item.paper.paper_id for item in answer.items]


def _known(experiment: Experiment | None) -> Experiment | None:
    if experiment is None or all(name in RANKINGS for name in _rankings(experiment)):
        return experiment
    log.warning("the running experiment names a ranking that is unknown here", experiment=experiment.name)
    return None


def _rankings(experiment: Experiment) -> tuple[str, str]:
    return experiment.ranking_a, experiment.ranking_b
