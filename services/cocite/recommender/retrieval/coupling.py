"""Bibliographic coupling: papers whose reference lists are like the query's."""

from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Found
from cocite.recommender.retrieval.coupled import scores_of_papers
from cocite.recommender.retrieval.profile import Lists, profile_of_asked
from cocite.recommender.retrieval.tally import Tally


class CouplingRetriever:
    """Papers that cite what the seeds cite (Kessler 1963): the cosine of idf-weighted reference lists."""

    name = "coupling"
    weight = 0.5

    def __init__(self, lists: Lists) -> None:
        self._lists = lists

    def find(self, asked: Asked) -> Found | None:
        """See Retriever."""
        if not asked.shared(profile_of_asked).rows.size:
            return None
        slots, lists, cosines, _ = asked.shared(self._lists.coupled)
        return Tally(slots, lists, scores_of_papers(lists, cosines))
