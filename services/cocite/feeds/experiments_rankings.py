"""The rankings of personal feeds that there are, by name: what `cocite experiment` compares."""

from collections.abc import Mapping
from dataclasses import dataclass

from cocite.core.errors import InvalidArgument
from cocite.feeds.blending import NEW_EVERY

DIVERSITY = 0.2  # moves papers among the first 200 alone: what a feed of 300 holds is the same with and without


@dataclass(frozen=True, slots=True)
class RankingVariant:
    """new_every of the places down to blending.MOST_NEW new papers is one of these, none where it is 0; diversity is
    that of RecommendPapers.
    """  # fmt: skip

    name: str
    says: str
    new_every: int = NEW_EVERY
    diversity: float = DIVERSITY


DEFAULT = RankingVariant("default", "what readers see without an experiment")
RANKINGS: Mapping[str, RankingVariant] = {
    ranking.name: ranking
    for ranking in (
        DEFAULT,
        RankingVariant("newer", "a new paper in every third place near the top", new_every=3),
        RankingVariant("diverse", "the recommender is asked for papers that are less alike", diversity=0.5),
        RankingVariant("recommender", "what the recommender ranks, and no places for new papers", 0, diversity=0.0),
    )
}


def ranking_named(name: str, field: str = "ranking") -> RankingVariant:
    """The ranking of that name. Raises InvalidArgument for none."""
    if name not in RANKINGS:
        raise InvalidArgument(f"{name!r} is no ranking", hint=f"there are {', '.join(RANKINGS)}", field=field)
    return RANKINGS[name]
