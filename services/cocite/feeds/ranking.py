"""What a feed is made of: for a reader of whom something is known, and for everybody else.

Both make a ListFeedResponse whose items have the ids of papers only, at most blending.SIZE of them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Protocol

import structlog

from cocite.catalogue.event_records import EventKind
from cocite.core.errors import CociteError
from cocite.feeds.blending import SIZE, blended, one_after_another
from cocite.feeds.experiments_rankings import DEFAULT, RankingVariant
from cocite.feeds.reader_profile import Profile
from cocite.feeds.recommending import AWAY, Recommending, Taste
from cocite.serving.deadline import Deadline
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1 import recommender_service_pb2
from cocite.v1.paper_pb2 import Paper
from cocite.v1.recommender_service_pb2 import Recommendation, RecommendPapersResponse

log = structlog.get_logger("cocite.feeds")

RANKING_SHARE, RANKING_AT_MOST_S = 0.6, 4.0  # of what is left of the caller's time
NEW_SHARE, NEW_AT_MOST_S = 0.4, 1.5
POPULAR_KEPT_S = 60.0
MOST_EXCLUDED = 1000  # that RecommendPapers takes; the rest is taken out of its answer
MOST_NAMED = 2  # papers of the reader's that an item is put down to
MOST_EVIDENCE = 3
NOBODY = "local:a-reader-of-whom-nothing-is-known"  # a seed that leads nowhere, to which the most cited papers answer

Source = Callable[[Deadline], Sequence[pb.FeedItem]]


class NewPapersKnown(Protocol):
    """What a ranking has to know of new papers; see Arrivals."""

    @property
    def since(self) -> date:
        """The first day that counts."""

    def days(self) -> Mapping[str, date]:
        """The day of each new paper, by id. Raises Unavailable."""


class PersonalRanking:
    """Ranks for readers of whom something is known. Thread-safe."""

    def __init__(self, recommending: Recommending, arrivals: NewPapersKnown) -> None:
        self._recommending = recommending
        self._arrivals = arrivals

    def rank(
        self, profile: Profile, deadline: Deadline, ranking: RankingVariant = DEFAULT
    ) -> pb.ListFeedResponse | None:
        """The list of a profile; None when the model knows none of what the reader likes.

        Raises a CociteError when the recommender does not answer in time, or the catalogue.
        """
        liked = dict(profile.liked)
        taste = Taste(tuple(liked), profile.disliked, profile.left_out[:MOST_EXCLUDED])
        seconds = deadline.share(RANKING_SHARE, RANKING_AT_MOST_S)
        found = self._recommending.papers(taste, SIZE, seconds, diversity=ranking.diversity)
        if found.fallback == recommender_service_pb2.FALLBACK_POPULARITY:
            return None
        days, degraded = self._arrivals.days(), list(found.degraded)
        new: list[pb.FeedItem] = []
        if days and ranking.new_every:
            try:
                new = self._new(taste, liked, days, deadline)
            except CociteError as error:
                log.info("feed without new papers", detail=error.message)
                degraded.append(AWAY)
        ranked = [_item(result, liked, days) for result in found.results]
        return pb.ListFeedResponse(
            items=blended(ranked, new, frozenset(profile.left_out), ranking.new_every),
            model_version=found.model_version,
            personal=True,
            degraded=degraded,
        )

    def _new(
        self, taste: Taste, liked: Mapping[str, EventKind], days: Mapping[str, date], deadline: Deadline
    ) -> list[pb.FeedItem]:
        """New papers near the reader's interests, nearest first."""
        seconds = deadline.share(NEW_SHARE, NEW_AT_MOST_S)
        near = self._recommending.papers(taste, SIZE, seconds, since=self._arrivals.since.year)
        return [_item(result, liked, days, new_first=True) for result in near.results if result.paper.paper_id in days]


class GeneralRanking:
    """What everybody is shown of whom nothing is known: the sources one after another, then the most cited papers.

    A source that fails is left out. Thread-safe.
    """

    def __init__(self, recommending: Recommending, sources: Sequence[Source]) -> None:
        self._recommending = recommending
        self._sources = sources
        self._popular: tuple[float, RecommendPapersResponse] | None = None  # until when it need not be asked for anew

    def rank(self, left_out: Sequence[str], deadline: Deadline) -> pb.ListFeedResponse:
        """The list, without what this reader has seen enough of. Says in degraded when the recommender is away."""
        degraded = []
        try:
            popular = self._most_cited(deadline)
        except CociteError:
            degraded.append(AWAY)
            popular = self._popular[1] if self._popular else RecommendPapersResponse()
        cited = [_popular_item(result) for result in popular.results]
        parts = [*(_of_source(source, deadline) for source in self._sources), cited]
        return pb.ListFeedResponse(
            items=one_after_another(parts, frozenset(left_out)),
            model_version=popular.model_version,
            degraded=degraded,
        )

    def _most_cited(self, deadline: Deadline) -> RecommendPapersResponse:
        kept = self._popular
        if kept is None or time.monotonic() >= kept[0]:
            found = self._recommending.papers(Taste((NOBODY,)), SIZE, deadline.share(RANKING_SHARE, RANKING_AT_MOST_S))
            self._popular = kept = (time.monotonic() + POPULAR_KEPT_S, found)
        return kept[1]


def _of_source(source: Source, deadline: Deadline) -> Sequence[pb.FeedItem]:
    try:
        return source(deadline)
    except CociteError as error:
        log.warning("feed without one of its sources", detail=error.message)
        return ()


def _item(
    result: Recommendation, liked: Mapping[str, EventKind], days: Mapping[str, date], *, new_first: bool = False
) -> pb.FeedItem:
    """A result with the reader's papers that it goes with, and its day if it is new."""
    seeds = dict.fromkeys(reason.seed for reason in result.reasons if reason.seed in liked)
    because = [
        pb.FeedReason(acted_on=pb.ActedOn(kind=f"EVENT_KIND_{liked[seed].name}", paper_id=seed))
        for seed in list(seeds)[:MOST_NAMED]
    ]
    day = days.get(result.paper.paper_id)
    arrived = [pb.FeedReason(new_arrival=pb.NewArrival(date=day.isoformat()))] if day else []
    return pb.FeedItem(
        paper=Paper(paper_id=result.paper.paper_id),
        reasons=[*arrived, *because] if new_first else [*because, *arrived],
        evidence=result.reasons[:MOST_EVIDENCE],
    )


def _popular_item(result: Recommendation) -> pb.FeedItem:
    cited = [pb.FeedReason(popularity=reason.popularity) for reason in result.reasons if reason.HasField("popularity")]
    return pb.FeedItem(paper=Paper(paper_id=result.paper.paper_id), reasons=cited)
