"""EmbeddingService: texts to vectors, by way of the cache and the batcher."""

from collections.abc import Sequence

import grpc

from cocite.core.errors import InvalidArgument
from cocite.core.paper import content_hash
from cocite.core.vectors import Dtype, encode_vector
from cocite.embedding.batching import Batcher
from cocite.embedding.cache import VectorCache, rounded
from cocite.embedding.encoder import Encoder, TokenizedText
from cocite.serving.deadline import Deadline
from cocite.v1 import embedding_service_pb2 as messages
from cocite.v1 import vector_pb2
from cocite.v1.embedding_service_pb2_grpc import EmbeddingServiceServicer

_CACHE_SHARE = 0.1  # of what is left of the deadline
_TOKENIZED = 16  # texts between two looks at the clock


class EmbeddingServicer(EmbeddingServiceServicer):
    """Answers EmbeddingService with one encoder."""

    def __init__(self, encoder: Encoder, batcher: Batcher, cache: VectorCache, default_deadline_s: float) -> None:
        self._encoder = encoder
        self._batcher = batcher
        self._cache = cache
        self._default_deadline_s = default_deadline_s

    def EmbedTexts(
        self, request: messages.EmbedTextsRequest, context: grpc.ServicerContext
    ) -> messages.EmbedTextsResponse:
        """Vectors of the texts, in order. Texts that are alike are looked up and encoded once."""
        deadline = Deadline.of(context, self._default_deadline_s)
        _refuse_blank(request.texts)
        keys = [content_hash(text) for text in request.texts]
        cached = self._cache.get(list(dict.fromkeys(keys)), deadline.share(_CACHE_SHARE, at_most=1.0))
        if any(key not in cached for key in keys):
            self._batcher.refuse_if_late(deadline.at)  # before more is done for the call
        tokens = dict(zip(keys, self._tokenize(request.texts, deadline), strict=True))
        missing = [key for key in tokens if key not in cached]
        wanted = [tokens[key] for key in missing]
        encoded = self._batcher.encode(wanted, deadline.at, context.add_callback) if missing else []
        self._cache.put(dict(zip(missing, encoded, strict=True)))
        computed = {key: rounded(vector) for key, vector in zip(missing, encoded, strict=True)}

        half = request.dtype == vector_pb2.VECTOR_DTYPE_FLOAT16
        dtype: Dtype = "float16" if half else "float32"
        vectors = {key: encode_vector(vector, dtype) for key, vector in {**cached, **computed}.items()}
        return messages.EmbedTextsResponse(
            model_version=self._encoder.model_version,
            dimension=self._encoder.dimension,
            dtype=vector_pb2.VECTOR_DTYPE_FLOAT16 if half else vector_pb2.VECTOR_DTYPE_FLOAT32,
            embeddings=[
                messages.Embedding(
                    vector=vectors[key],
                    token_count=len(tokens[key].token_ids),
                    truncated=tokens[key].truncated,
                    cached=key in cached,
                )
                for key in keys
            ],
        )

    def _tokenize(self, texts: Sequence[str], deadline: Deadline) -> list[TokenizedText]:
        """Tokens of each text. This is not queued, so a caller who is gone must not be worked for."""
        tokens: list[TokenizedText] = []
        for start in range(0, len(texts), _TOKENIZED):
            deadline.check()
            tokens += self._encoder.tokenize(texts[start : start + _TOKENIZED])
        return tokens

    def GetEmbeddingModel(
        self, request: messages.GetEmbeddingModelRequest, context: grpc.ServicerContext
    ) -> messages.GetEmbeddingModelResponse:
        """The model's name and measures."""
        return messages.GetEmbeddingModelResponse(
            model_version=self._encoder.model_version,
            dimension=self._encoder.dimension,
            max_tokens=self._encoder.max_tokens,
        )


def _refuse_blank(texts: Sequence[str]) -> None:
    for place, text in enumerate(texts):
        if text.isspace():
            field = f"texts[{place}]"
            raise InvalidArgument(f"{field}: the text is blank", field=field)
