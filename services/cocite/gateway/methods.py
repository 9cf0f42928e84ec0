"""The methods that are opened to HTTP, as the protos describe them."""

from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from cocite.v1 import embedding_service_pb2, feature_service_pb2, feed_service_pb2, recommender_service_pb2


@dataclass(frozen=True, slots=True)
class Method:
    """One unary method; service is the name of the setting NAME_target of who answers it."""

    descriptor: MethodDescriptor
    service: str
    request: type[Message]
    response: type[Message]

    @property
    def path(self) -> str:
        """What gRPC calls it by, "/package.Service/Method"."""
        return f"/{self.descriptor.containing_service.full_name}/{self.descriptor.name}"


# Vectors are between services alone: who may write them could change what others are answered.
_SERVICES: Mapping[str, tuple[ServiceDescriptor, frozenset[str]]] = {
    "recommender": (recommender_service_pb2.DESCRIPTOR.services_by_name["RecommenderService"], frozenset()),
    "features": (
        feature_service_pb2.DESCRIPTOR.services_by_name["FeatureService"],
        frozenset({"BatchGetVectors", "BatchPutVectors"}),
    ),
    "feeds": (feed_service_pb2.DESCRIPTOR.services_by_name["FeedService"], frozenset()),
    "embedding": (embedding_service_pb2.DESCRIPTOR.services_by_name["EmbeddingService"], frozenset()),
}


def open_methods() -> dict[str, Method]:
    """The methods by their paths."""
    found = [
        Method(method, service, GetMessageClass(method.input_type), GetMessageClass(method.output_type))
        for service, (descriptor, closed) in _SERVICES.items()
        for method in descriptor.methods
        if method.name not in closed
    ]
    return {method.path: method for method in found}
