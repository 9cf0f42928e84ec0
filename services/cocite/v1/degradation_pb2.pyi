from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DegradedCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEGRADED_CAUSE_UNSPECIFIED: _ClassVar[DegradedCause]
    DEGRADED_CAUSE_EMBEDDING_UNAVAILABLE: _ClassVar[DegradedCause]
    DEGRADED_CAUSE_EMBEDDING_SLOW: _ClassVar[DegradedCause]
    DEGRADED_CAUSE_FEATURES_UNAVAILABLE: _ClassVar[DegradedCause]
    DEGRADED_CAUSE_CACHE_UNAVAILABLE: _ClassVar[DegradedCause]
    DEGRADED_CAUSE_CATALOGUE_UNAVAILABLE: _ClassVar[DegradedCause]
    DEGRADED_CAUSE_EMBEDDING_MISMATCH: _ClassVar[DegradedCause]
    DEGRADED_CAUSE_RECOMMENDER_UNAVAILABLE: _ClassVar[DegradedCause]
DEGRADED_CAUSE_UNSPECIFIED: DegradedCause
DEGRADED_CAUSE_EMBEDDING_UNAVAILABLE: DegradedCause
DEGRADED_CAUSE_EMBEDDING_SLOW: DegradedCause
DEGRADED_CAUSE_FEATURES_UNAVAILABLE: DegradedCause
DEGRADED_CAUSE_CACHE_UNAVAILABLE: DegradedCause
DEGRADED_CAUSE_CATALOGUE_UNAVAILABLE: DegradedCause
DEGRADED_CAUSE_EMBEDDING_MISMATCH: DegradedCause
DEGRADED_CAUSE_RECOMMENDER_UNAVAILABLE: DegradedCause

class Degradation(_message.Message):
    __slots__ = ("cause", "detail")
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    cause: DegradedCause
    detail: str
    def __init__(self, cause: _Optional[_Union[DegradedCause, str]] = ..., detail: _Optional[str] = ...) -> None: ...
