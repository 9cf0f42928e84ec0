"""Rankings asked in hindsight: how high would they have put the papers that readers came to keep?"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from cocite.catalogue.event_records import EventKind
from cocite.catalogue.later_keeps import LaterKeep, later_keeps
from cocite.catalogue.reader_history import reader_history
from cocite.catalogue.recent import recent_papers
from cocite.catalogue.store import Catalogue
from cocite.feeds.arrivals import DAYS, MOST
from cocite.feeds.experiments_rankings import RankingVariant
from cocite.feeds.experiments_resampling import Estimate, ratio_over_readers
from cocite.feeds.ranking import PersonalRanking
from cocite.feeds.reader_profile import Profile, profile_of
from cocite.feeds.recommending import Recommending
from cocite.serving.deadline import Deadline
from cocite.v1 import feed_service_pb2 as pb

DEPTH = 20  # of recall
TIMEOUT_S = 30.0  # that a ranking may take
_DAYS_KEPT = 64

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Replayed:
    """How high a ranking put what readers kept later: recall of the first DEPTH, mean reciprocal rank down to the end
    of the list. None where nothing could be asked.
    """  # fmt: skip

    ranking: str
    recall: Estimate | None
    mrr: Estimate | None


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """rankings in their order, each asked the same.

    kept is how many later keeps there are, sampled how many were drawn, asked those that all rankings could answer, of
    so many readers. learned are those of asked that came before the model was trained: it may have learned them.
    """

    rankings: Sequence[Replayed]
    kept: int
    sampled: int
    asked: int
    readers: int
    learned: int
    model_version: str
    trained_at: int

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


class Replay:
    """Asks a running recommender as the feed service would have, with what the reader had done up to then."""

    def __init__(self, catalogue: Catalogue, recommending: Recommending) -> None:
        self._catalogue = catalogue
        self._recommending = recommending
        self._on: Callable[[date], _Past] = lru_cache(_DAYS_KEPT)(self._past)

    def run(
        self, rankings: Sequence[RankingVariant], most: int, seed: int, progress: Progress = lambda done, of: None
    ) -> ReplayReport:
        """Ask about at most most keeps, drawn by seed. Raises a CociteError when the recommender does not answer."""
        model_version, trained_at = self._recommending.model_and_time()
        keeps, kept = later_keeps(self._catalogue, most, seed)
        ranks: dict[int, list[list[int]]] = defaultdict(list)  # reader -> for each keep the rank by each ranking
        learned = 0
        for done, keep in enumerate(keeps, start=1):
            found = self._ranks(keep, rankings)
            if found is not None:
                ranks[keep.reader_key].append(found)
                learned += keep.recorded_at <= trained_at
            progress(done, len(keeps))
        return ReplayReport(
            rankings=[_replayed(ranking.name, place, ranks) for place, ranking in enumerate(rankings)],
            kept=kept,
            sampled=len(keeps),
            asked=sum(map(len, ranks.values())),
            readers=len(ranks),
            learned=learned,
            model_version=model_version,
            trained_at=trained_at,
        )

    def _ranks(self, keep: LaterKeep, rankings: Sequence[RankingVariant]) -> list[int] | None:
        """The rank of the paper by each ranking, 0 where it is not in the list; None where one could not rank."""
        past = self._on(datetime.fromtimestamp(keep.recorded_at / 1000, UTC).date())
        profile = self._profile(keep, past)
        if not profile.liked:
            return None
        ranking_then = PersonalRanking(self._recommending, past)
        found = []
        for ranking in rankings:
            answer = ranking_then.rank(profile, Deadline.after(TIMEOUT_S), ranking)
            if answer is None or answer.degraded:
                return None
            found.append(_rank_of(keep.paper_id, answer))
        return found

    def _profile(self, keep: LaterKeep, past: "_Past") -> Profile:
        """The reader just before turning to the paper: whoever opened it and then kept it had found it by then."""
        history = reader_history(self._catalogue, keep.reader_key, keep.sequence)
        turned = [act.sequence for act in history if act.paper_id == keep.paper_id and act.kind is not EventKind.VIEW]
        first = min(turned, default=keep.sequence)
        before = [act for act in history if act.sequence < first and act.paper_id != keep.paper_id]
        profile = profile_of(before)
        later = [paper for paper in past.later if paper != keep.paper_id]
        return Profile(profile.liked, profile.disliked, (*profile.left_out, *later))

    def _past(self, day: date) -> "_Past":
        since = day - timedelta(DAYS)
        known = recent_papers(self._catalogue, since, MOST, until=day)
        later = recent_papers(self._catalogue, day + timedelta(1), MOST)
        return _Past(since, {paper.paper_id: paper.day for paper in known}, tuple(paper.paper_id for paper in later))


@dataclass(frozen=True, slots=True)
class _Past:
    """New papers as of a day; later are those that had not come yet."""

    since: date
    known: Mapping[str, date]
    later: tuple[str, ...]

    def days(self) -> Mapping[str, date]:
        """See Arrivals."""
        return self.known


def _rank_of(paper_id: str, answer: pb.ListFeedResponse) -> int:
    papers = [item.paper.paper_id for item in answer.items]
    return papers.index(paper_id) + 1 if paper_id in papers else 0


def _replayed(name: str, place: int, ranks: Mapping[int, Sequence[Sequence[int]]]) -> Replayed:
    of_readers = [[found[place] for found in of_reader] for of_reader in ranks.values()]
    asked = [len(each) for each in of_readers]
    hits = [sum(0 < rank <= DEPTH for rank in each) for each in of_readers]
    reciprocal = [sum(1.0 / rank for rank in each if rank) for each in of_readers]
    return Replayed(name, ratio_over_readers(hits, asked), ratio_over_readers(reciprocal, asked))
