from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class PaperView(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAPER_VIEW_UNSPECIFIED: _ClassVar[PaperView]
    PAPER_VIEW_ID: _ClassVar[PaperView]
    PAPER_VIEW_BASIC: _ClassVar[PaperView]
    PAPER_VIEW_FULL: _ClassVar[PaperView]
PAPER_VIEW_UNSPECIFIED: PaperView
PAPER_VIEW_ID: PaperView
PAPER_VIEW_BASIC: PaperView
PAPER_VIEW_FULL: PaperView

class Paper(_message.Message):
    __slots__ = ("paper_id", "title", "abstract", "authors", "year", "venue", "aliases", "citation_count", "reference_count", "has_abstract", "keywords", "fields", "listed_on")
    PAPER_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ABSTRACT_FIELD_NUMBER: _ClassVar[int]
    AUTHORS_FIELD_NUMBER: _ClassVar[int]
    YEAR_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    CITATION_COUNT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    HAS_ABSTRACT_FIELD_NUMBER: _ClassVar[int]
    KEYWORDS_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    LISTED_ON_FIELD_NUMBER: _ClassVar[int]
    paper_id: str
    title: str
    abstract: str
    authors: _containers.RepeatedScalarFieldContainer[str]
    year: int
    venue: str
    aliases: _containers.RepeatedScalarFieldContainer[str]
    citation_count: int
    reference_count: int
    has_abstract: bool
    keywords: _containers.RepeatedScalarFieldContainer[str]
    fields: _containers.RepeatedScalarFieldContainer[str]
    listed_on: str
    def __init__(self, paper_id: _Optional[str] = ..., title: _Optional[str] = ..., abstract: _Optional[str] = ..., authors: _Optional[_Iterable[str]] = ..., year: _Optional[int] = ..., venue: _Optional[str] = ..., aliases: _Optional[_Iterable[str]] = ..., citation_count: _Optional[int] = ..., reference_count: _Optional[int] = ..., has_abstract: _Optional[bool] = ..., keywords: _Optional[_Iterable[str]] = ..., fields: _Optional[_Iterable[str]] = ..., listed_on: _Optional[str] = ...) -> None: ...
