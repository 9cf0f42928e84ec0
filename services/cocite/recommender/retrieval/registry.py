"""All retrievers there are, wired for a bundle."""

from cocite.recommender.bundle import Bundle
from cocite.recommender.retrieval.als import AlsRetriever, ItemsRetriever
from cocite.recommender.retrieval.cocitation import CocitationRetriever
from cocite.recommender.retrieval.contract import Retriever
from cocite.recommender.retrieval.coupling import CouplingRetriever
from cocite.recommender.retrieval.likeness import TextNeighbours
from cocite.recommender.retrieval.neighbourhood import NeighbourhoodRetriever
from cocite.recommender.retrieval.passages import PassagesRetriever
from cocite.recommender.retrieval.profile import Lists
from cocite.recommender.retrieval.text import TextRetriever
from cocite.recommender.retrieval.walk import WalkRetriever
from cocite.recommender.retrieval.words import ContextsRetriever, WordsRetriever

RETRIEVERS = (
    "als",
    "items",
    "text",
    "words",
    "contexts",
    "coupling",
    "cocitation",
    "neighbourhood",
    "walk",
    "passages",
)


def retrievers_of(bundle: Bundle, lists: Lists | None = None, als: AlsRetriever | None = None) -> tuple[Retriever, ...]:
    """One of each of RETRIEVERS, in that order. lists and als are those of the bundle, where they are at hand."""
    lists, als = lists or Lists.of(bundle), als or AlsRetriever(bundle)
    text, words = TextRetriever(bundle), WordsRetriever(bundle)
    neighbours = TextNeighbours(bundle, text, words)
    return (
        als,
        ItemsRetriever(bundle, als.texts),
        text,
        words,
        ContextsRetriever(bundle),
        CouplingRetriever(lists),
        CocitationRetriever(lists),
        NeighbourhoodRetriever(lists, neighbours),
        WalkRetriever(bundle, lists, neighbours),
        PassagesRetriever(bundle),
    )
