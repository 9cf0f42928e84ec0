"""Who may call what: one row for each RPC. docs/authorisation.md shows it, and a test compares it with the protos.

A method without a row is nobody's, so that one that is forgotten here is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.message import Message

from cocite.serving.keys import Scope
from cocite.v1 import feed_service_pb2


@dataclass(frozen=True, slots=True)
class Rule:
    """What a caller needs. named: the kind of request that needs READERS instead when it names a reader by reader_id;
    None where none can, or all need READERS.
    """

    scope: Scope
    named: type[Message] | None = None


_READ, _EMBED = Rule(Scope.READ), Rule(Scope.EMBED)
_READERS, _ADMIN = Rule(Scope.READERS), Rule(Scope.ADMIN)

RULES: Mapping[str, Rule] = {
    f"/cocite.v1.{method}": rule
    for method, rule in {
        "EmbeddingService/EmbedTexts": _EMBED,
        "EmbeddingService/GetEmbeddingModel": _EMBED,
        "FeatureService/BatchGetPapers": _READ,
        "FeatureService/ListNewPapers": _READ,
        "FeatureService/BatchGetReferences": _READ,
        "FeatureService/BatchGetVectors": _ADMIN,
        "FeatureService/BatchPutVectors": _ADMIN,
        "FeedService/RecordEvents": _READERS,
        "FeedService/ListFeed": Rule(Scope.READ, feed_service_pb2.ListFeedRequest),
        "FeedService/ListTrending": _READ,
        "FeedService/ListNew": _READ,
        "FeedService/Subscribe": _READERS,
        "FeedService/ConfirmSubscription": _READ,
        "FeedService/Unsubscribe": _READ,
        "FeedService/GetReader": _READERS,
        "FeedService/RotateFeedToken": _READERS,
        "FeedService/DeleteReader": _READERS,
        "RecommenderService/RecommendPapers": _READ,
        "RecommenderService/ResolvePapers": _READ,
        "RecommenderService/GetModel": _READ,
    }.items()
}
