from cocite.v1 import validate_rules as _validate_pb2
from cocite.v1 import degradation_pb2 as _degradation_pb2
from cocite.v1 import paper_pb2 as _paper_pb2
from cocite.v1 import vector_pb2 as _vector_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BatchGetPapersRequest(_message.Message):
    __slots__ = ("paper_ids", "view")
    PAPER_IDS_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    paper_ids: _containers.RepeatedScalarFieldContainer[str]
    view: _paper_pb2.PaperView
    def __init__(self, paper_ids: _Optional[_Iterable[str]] = ..., view: _Optional[_Union[_paper_pb2.PaperView, str]] = ...) -> None: ...

class FoundPaper(_message.Message):
    __slots__ = ("requested_id", "paper")
    REQUESTED_ID_FIELD_NUMBER: _ClassVar[int]
    PAPER_FIELD_NUMBER: _ClassVar[int]
    requested_id: str
    paper: _paper_pb2.Paper
    def __init__(self, requested_id: _Optional[str] = ..., paper: _Optional[_Union[_paper_pb2.Paper, _Mapping]] = ...) -> None: ...

class BatchGetPapersResponse(_message.Message):
    __slots__ = ("papers", "missing_ids", "degraded")
    PAPERS_FIELD_NUMBER: _ClassVar[int]
    MISSING_IDS_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    papers: _containers.RepeatedCompositeFieldContainer[FoundPaper]
    missing_ids: _containers.RepeatedScalarFieldContainer[str]
    degraded: _containers.RepeatedCompositeFieldContainer[_degradation_pb2.Degradation]
    def __init__(self, papers: _Optional[_Iterable[_Union[FoundPaper, _Mapping]]] = ..., missing_ids: _Optional[_Iterable[str]] = ..., degraded: _Optional[_Iterable[_Union[_degradation_pb2.Degradation, _Mapping]]] = ...) -> None: ...

class ListNewPapersRequest(_message.Message):
    __slots__ = ("after", "page_size")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    after: int
    page_size: int
    def __init__(self, after: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class NewPaper(_message.Message):
    __slots__ = ("paper", "reference_ids", "citing_ids", "cursor")
    PAPER_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_IDS_FIELD_NUMBER: _ClassVar[int]
    CITING_IDS_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    paper: _paper_pb2.Paper
    reference_ids: _containers.RepeatedScalarFieldContainer[str]
    citing_ids: _containers.RepeatedScalarFieldContainer[str]
    cursor: int
    def __init__(self, paper: _Optional[_Union[_paper_pb2.Paper, _Mapping]] = ..., reference_ids: _Optional[_Iterable[str]] = ..., citing_ids: _Optional[_Iterable[str]] = ..., cursor: _Optional[int] = ...) -> None: ...

class ListNewPapersResponse(_message.Message):
    __slots__ = ("papers",)
    PAPERS_FIELD_NUMBER: _ClassVar[int]
    papers: _containers.RepeatedCompositeFieldContainer[NewPaper]
    def __init__(self, papers: _Optional[_Iterable[_Union[NewPaper, _Mapping]]] = ...) -> None: ...

class BatchGetReferencesRequest(_message.Message):
    __slots__ = ("paper_ids",)
    PAPER_IDS_FIELD_NUMBER: _ClassVar[int]
    paper_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, paper_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class References(_message.Message):
    __slots__ = ("requested_id", "reference_ids")
    REQUESTED_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_IDS_FIELD_NUMBER: _ClassVar[int]
    requested_id: str
    reference_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, requested_id: _Optional[str] = ..., reference_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchGetReferencesResponse(_message.Message):
    __slots__ = ("references",)
    REFERENCES_FIELD_NUMBER: _ClassVar[int]
    references: _containers.RepeatedCompositeFieldContainer[References]
    def __init__(self, references: _Optional[_Iterable[_Union[References, _Mapping]]] = ...) -> None: ...

class Vector(_message.Message):
    __slots__ = ("key", "data")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    key: str
    data: bytes
    def __init__(self, key: _Optional[str] = ..., data: _Optional[bytes] = ...) -> None: ...

class BatchGetVectorsRequest(_message.Message):
    __slots__ = ("model_version", "keys")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    keys: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, model_version: _Optional[str] = ..., keys: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchGetVectorsResponse(_message.Message):
    __slots__ = ("dtype", "dimension", "vectors", "missing_keys", "degraded")
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_FIELD_NUMBER: _ClassVar[int]
    VECTORS_FIELD_NUMBER: _ClassVar[int]
    MISSING_KEYS_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    dtype: _vector_pb2.VectorDtype
    dimension: int
    vectors: _containers.RepeatedCompositeFieldContainer[Vector]
    missing_keys: _containers.RepeatedScalarFieldContainer[str]
    degraded: _containers.RepeatedCompositeFieldContainer[_degradation_pb2.Degradation]
    def __init__(self, dtype: _Optional[_Union[_vector_pb2.VectorDtype, str]] = ..., dimension: _Optional[int] = ..., vectors: _Optional[_Iterable[_Union[Vector, _Mapping]]] = ..., missing_keys: _Optional[_Iterable[str]] = ..., degraded: _Optional[_Iterable[_Union[_degradation_pb2.Degradation, _Mapping]]] = ...) -> None: ...

class BatchPutVectorsRequest(_message.Message):
    __slots__ = ("model_version", "dtype", "dimension", "vectors")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_FIELD_NUMBER: _ClassVar[int]
    VECTORS_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    dtype: _vector_pb2.VectorDtype
    dimension: int
    vectors: _containers.RepeatedCompositeFieldContainer[Vector]
    def __init__(self, model_version: _Optional[str] = ..., dtype: _Optional[_Union[_vector_pb2.VectorDtype, str]] = ..., dimension: _Optional[int] = ..., vectors: _Optional[_Iterable[_Union[Vector, _Mapping]]] = ...) -> None: ...

class BatchPutVectorsResponse(_message.Message):
    __slots__ = ("stored", "degraded")
    STORED_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    stored: int
    degraded: _containers.RepeatedCompositeFieldContainer[_degradation_pb2.Degradation]
    def __init__(self, stored: _Optional[int] = ..., degraded: _Optional[_Iterable[_Union[_degradation_pb2.Degradation, _Mapping]]] = ...) -> None: ...
