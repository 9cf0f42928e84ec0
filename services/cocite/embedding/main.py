"""The embedding service as a process: encoder, batcher, cache and server wired together."""

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from cocite.core.settings import Settings
from cocite.embedding.batching import Batcher
from cocite.embedding.cache import VectorCache
from cocite.embedding.encoder import Encoder
from cocite.embedding.encoders import load_encoder, worker_count
from cocite.embedding.servicer import EmbeddingServicer
from cocite.serving.channel import open_channel
from cocite.serving.credentials import credentials_of
from cocite.serving.rpc_meter import RpcMeter
from cocite.serving.server import GrpcServer, run
from cocite.v1 import embedding_service_pb2, embedding_service_pb2_grpc

SERVICE = embedding_service_pb2.DESCRIPTOR.services_by_name["EmbeddingService"].full_name


@dataclass(frozen=True, slots=True)
class EmbeddingProcess:
    """An embedding service wired up, its encoder loaded and warm."""

    server: GrpcServer
    encoder: Encoder
    batcher: Batcher
    resources: ExitStack

    def close(self) -> None:
        """Release what the service holds, after its server has stopped."""
        self.resources.close()


def build(settings: Settings) -> EmbeddingProcess:
    """Wire the service. Raises NotReady when the model's files are missing or damaged."""
    encoder = load_encoder(settings)
    encoder.encode(encoder.tokenize(["The first call allocates; better now than on a caller's time."]))
    with ExitStack() as stack:
        channel = stack.enter_context(open_channel(settings.features_target, (), credentials_of(settings)))
        cache = VectorCache(channel, encoder.model_version, encoder.dimension)
        stack.callback(cache.close)
        batcher = Batcher(
            encoder,
            queue_tokens=settings.embedding_queue_tokens,
            batch_tokens=settings.embedding_batch_tokens,
            workers=worker_count(settings.encoder_threads),
        )
        stack.callback(batcher.close)
        servicer = EmbeddingServicer(encoder, batcher, cache, settings.default_deadline_s)
        register = partial(embedding_service_pb2_grpc.add_EmbeddingServiceServicer_to_server, servicer)
        # A call waits for its vectors in a thread, and only texts of calls that have one can be packed together.
        waiting = settings.model_copy(update={"server_threads": settings.max_concurrent_calls})
        meter = RpcMeter()
        server = GrpcServer(waiting, settings.embedding_listen, [SERVICE], register, meter=meter)
        if settings.metrics_listen:
            from cocite.embedding.metrics import tell

            stack.enter_context(tell(settings, server, meter, batcher, cache, encoder.model_version))
        server.set_ready(True)
        return EmbeddingProcess(server, encoder, batcher, stack.pop_all())


def serve(settings: Settings) -> None:
    """Run the service until SIGTERM or SIGINT."""
    process = build(settings)
    run(process.server, "embedding", process.close)
