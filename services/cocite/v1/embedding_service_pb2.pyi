from cocite.v1 import validate_rules as _validate_pb2
from cocite.v1 import vector_pb2 as _vector_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EmbedTextsRequest(_message.Message):
    __slots__ = ("texts", "dtype")
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    texts: _containers.RepeatedScalarFieldContainer[str]
    dtype: _vector_pb2.VectorDtype
    def __init__(self, texts: _Optional[_Iterable[str]] = ..., dtype: _Optional[_Union[_vector_pb2.VectorDtype, str]] = ...) -> None: ...

class Embedding(_message.Message):
    __slots__ = ("vector", "token_count", "truncated", "cached")
    VECTOR_FIELD_NUMBER: _ClassVar[int]
    TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    CACHED_FIELD_NUMBER: _ClassVar[int]
    vector: bytes
    token_count: int
    truncated: bool
    cached: bool
    def __init__(self, vector: _Optional[bytes] = ..., token_count: _Optional[int] = ..., truncated: _Optional[bool] = ..., cached: _Optional[bool] = ...) -> None: ...

class EmbedTextsResponse(_message.Message):
    __slots__ = ("model_version", "dimension", "dtype", "embeddings")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_FIELD_NUMBER: _ClassVar[int]
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    EMBEDDINGS_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    dimension: int
    dtype: _vector_pb2.VectorDtype
    embeddings: _containers.RepeatedCompositeFieldContainer[Embedding]
    def __init__(self, model_version: _Optional[str] = ..., dimension: _Optional[int] = ..., dtype: _Optional[_Union[_vector_pb2.VectorDtype, str]] = ..., embeddings: _Optional[_Iterable[_Union[Embedding, _Mapping]]] = ...) -> None: ...

class GetEmbeddingModelRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetEmbeddingModelResponse(_message.Message):
    __slots__ = ("model_version", "dimension", "max_tokens")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKENS_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    dimension: int
    max_tokens: int
    def __init__(self, model_version: _Optional[str] = ..., dimension: _Optional[int] = ..., max_tokens: _Optional[int] = ...) -> None: ...
