"""Clients of the three services: typed, with a deadline on every call and bounded retries."""

from cocite.client.recommender import Client
from cocite.client.stores import EmbeddingClient, FeatureClient
from cocite.client.types import (
    CoCitation,
    Degradation,
    DirectCitation,
    Embeddings,
    FoundPapers,
    Model,
    Paper,
    Popularity,
    Reason,
    Recommendation,
    Recommendations,
    RefusedModel,
    Resolution,
    ResolvedPaper,
    SharedReferences,
    TextLikeness,
    TextSeed,
    UnresolvedSeed,
)

__all__ = [
    "Client",
    "CoCitation",
    "Degradation",
    "DirectCitation",
    "EmbeddingClient",
    "Embeddings",
    "FeatureClient",
    "FoundPapers",
    "Model",
    "Paper",
    "Popularity",
    "Reason",
    "Recommendation",
    "Recommendations",
    "RefusedModel",
    "Resolution",
    "ResolvedPaper",
    "SharedReferences",
    "TextLikeness",
    "TextSeed",
    "UnresolvedSeed",
]
