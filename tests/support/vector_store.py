"""A feature service on real gRPC that keeps vectors in memory and fails when told to."""

import threading
from collections.abc import Callable

import grpc

from cocite.core.settings import Settings
from cocite.serving.server import GrpcServer
from cocite.v1 import feature_service_pb2 as pb
from cocite.v1 import feature_service_pb2_grpc


class MemoryVectors(feature_service_pb2_grpc.FeatureServiceServicer):
    """The vector half of FeatureService."""

    def __init__(self) -> None:
        self.vectors: dict[tuple[str, str], bytes] = {}
        self.dtype = 0
        self.dimension = 0
        self.gets = 0
        self.before: Callable[[], None] = lambda: None
        self.stored = threading.Semaphore(0)

    def BatchGetVectors(
        self, request: pb.BatchGetVectorsRequest, context: grpc.ServicerContext
    ) -> pb.BatchGetVectorsResponse:
        self.gets += 1
        self.before()
        found = {key: self.vectors.get((request.model_version, key)) for key in request.keys}
        return pb.BatchGetVectorsResponse(
            dtype=self.dtype,
            dimension=self.dimension,
            vectors=[pb.Vector(key=key, data=data) for key, data in found.items() if data is not None],
            missing_keys=[key for key, data in found.items() if data is None],
        )

    def BatchPutVectors(
        self, request: pb.BatchPutVectorsRequest, context: grpc.ServicerContext
    ) -> pb.BatchPutVectorsResponse:
        self.before()
        self.dtype, self.dimension = request.dtype, request.dimension
        self.vectors.update({(request.model_version, vector.key): vector.data for vector in request.vectors})
        self.stored.release()
        return pb.BatchPutVectorsResponse(stored=len(request.vectors))


class VectorServer:
    """MemoryVectors behind a port of this machine."""

    def __init__(self) -> None:
        self.store = MemoryVectors()
        self._server = GrpcServer(
            Settings(drain_s=0),
            "127.0.0.1:0",
            ["cocite.v1.FeatureService"],
            lambda server: feature_service_pb2_grpc.add_FeatureServiceServicer_to_server(self.store, server),
        )
        self._server.set_ready(True)
        self.target = self._server.start()

    def close(self) -> None:
        self._server.stop(lame_duck_s=0)
