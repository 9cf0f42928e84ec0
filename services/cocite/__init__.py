"""Citation-style related-paper recommendations. `cocite.Client` asks a running recommender; everything it raises is a
`cocite.CociteError`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cocite.client import Client, EmbeddingClient, Event, FeatureClient, FeedClient, Reader, TextSeed
    from cocite.core import errors
    from cocite.core.errors import (
        CociteError,
        CorruptData,
        DeadlineExceeded,
        InvalidArgument,
        InvalidId,
        NotFound,
        NotReady,
        Overloaded,
        PermissionDenied,
        Unauthenticated,
        Unavailable,
    )

__all__ = [
    "Client",
    "CociteError",
    "CorruptData",
    "DeadlineExceeded",
    "EmbeddingClient",
    "Event",
    "FeatureClient",
    "FeedClient",
    "InvalidArgument",
    "InvalidId",
    "NotFound",
    "NotReady",
    "Overloaded",
    "PermissionDenied",
    "Reader",
    "TextSeed",
    "Unauthenticated",
    "Unavailable",
    "errors",
]

_OF_CLIENT = ("Client", "EmbeddingClient", "Event", "FeatureClient", "FeedClient", "Reader", "TextSeed")


def __getattr__(name: str) -> Any:
    if name in _OF_CLIENT:
        return getattr(import_module("cocite.client"), name)  # loads gRPC, which most importers of a room do not need
    if name in __all__:
        errors = import_module("cocite.core.errors")
        return errors if name == "errors" else getattr(errors, name)
    raise AttributeError(f"module 'cocite' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
