"""Citation-style related-paper recommendations. `cocite.Client` asks a running recommender."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cocite.client import Client, EmbeddingClient, FeatureClient, TextSeed

__all__ = ["Client", "EmbeddingClient", "FeatureClient", "TextSeed"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from cocite import client  # loads gRPC, which most importers of a room do not need

        return getattr(client, name)
    raise AttributeError(f"module 'cocite' has no attribute {name!r}")
