import datetime

from cocite.v1 import validate_rules as _validate_pb2
from cocite.v1 import degradation_pb2 as _degradation_pb2
from cocite.v1 import paper_pb2 as _paper_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UnresolvedCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNRESOLVED_CAUSE_UNSPECIFIED: _ClassVar[UnresolvedCause]
    UNRESOLVED_CAUSE_UNKNOWN: _ClassVar[UnresolvedCause]
    UNRESOLVED_CAUSE_NOT_IN_MODEL: _ClassVar[UnresolvedCause]
    UNRESOLVED_CAUSE_UNAVAILABLE: _ClassVar[UnresolvedCause]

class Fallback(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FALLBACK_UNSPECIFIED: _ClassVar[Fallback]
    FALLBACK_POPULARITY: _ClassVar[Fallback]

class ResolveStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESOLVE_STATUS_UNSPECIFIED: _ClassVar[ResolveStatus]
    RESOLVE_STATUS_FOUND: _ClassVar[ResolveStatus]
    RESOLVE_STATUS_UNKNOWN: _ClassVar[ResolveStatus]
    RESOLVE_STATUS_MALFORMED: _ClassVar[ResolveStatus]
    RESOLVE_STATUS_UNAVAILABLE: _ClassVar[ResolveStatus]
UNRESOLVED_CAUSE_UNSPECIFIED: UnresolvedCause
UNRESOLVED_CAUSE_UNKNOWN: UnresolvedCause
UNRESOLVED_CAUSE_NOT_IN_MODEL: UnresolvedCause
UNRESOLVED_CAUSE_UNAVAILABLE: UnresolvedCause
FALLBACK_UNSPECIFIED: Fallback
FALLBACK_POPULARITY: Fallback
RESOLVE_STATUS_UNSPECIFIED: ResolveStatus
RESOLVE_STATUS_FOUND: ResolveStatus
RESOLVE_STATUS_UNKNOWN: ResolveStatus
RESOLVE_STATUS_MALFORMED: ResolveStatus
RESOLVE_STATUS_UNAVAILABLE: ResolveStatus

class TextSeed(_message.Message):
    __slots__ = ("title", "abstract")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ABSTRACT_FIELD_NUMBER: _ClassVar[int]
    title: str
    abstract: str
    def __init__(self, title: _Optional[str] = ..., abstract: _Optional[str] = ...) -> None: ...

class Seeds(_message.Message):
    __slots__ = ("positive_ids", "negative_ids", "texts", "negative_texts", "library_ids", "reference_ids", "reference_text")
    POSITIVE_IDS_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_IDS_FIELD_NUMBER: _ClassVar[int]
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_TEXTS_FIELD_NUMBER: _ClassVar[int]
    LIBRARY_IDS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_IDS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_TEXT_FIELD_NUMBER: _ClassVar[int]
    positive_ids: _containers.RepeatedScalarFieldContainer[str]
    negative_ids: _containers.RepeatedScalarFieldContainer[str]
    texts: _containers.RepeatedCompositeFieldContainer[TextSeed]
    negative_texts: _containers.RepeatedCompositeFieldContainer[TextSeed]
    library_ids: _containers.RepeatedScalarFieldContainer[str]
    reference_ids: _containers.RepeatedScalarFieldContainer[str]
    reference_text: str
    def __init__(self, positive_ids: _Optional[_Iterable[str]] = ..., negative_ids: _Optional[_Iterable[str]] = ..., texts: _Optional[_Iterable[_Union[TextSeed, _Mapping]]] = ..., negative_texts: _Optional[_Iterable[_Union[TextSeed, _Mapping]]] = ..., library_ids: _Optional[_Iterable[str]] = ..., reference_ids: _Optional[_Iterable[str]] = ..., reference_text: _Optional[str] = ...) -> None: ...

class PaperFilter(_message.Message):
    __slots__ = ("min_year", "max_year", "venues", "has_abstract", "fields")
    MIN_YEAR_FIELD_NUMBER: _ClassVar[int]
    MAX_YEAR_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    HAS_ABSTRACT_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    min_year: int
    max_year: int
    venues: _containers.RepeatedScalarFieldContainer[str]
    has_abstract: bool
    fields: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, min_year: _Optional[int] = ..., max_year: _Optional[int] = ..., venues: _Optional[_Iterable[str]] = ..., has_abstract: _Optional[bool] = ..., fields: _Optional[_Iterable[str]] = ...) -> None: ...

class RecommendPapersRequest(_message.Message):
    __slots__ = ("seeds", "filter", "exclude_ids", "page_size", "page_token", "view", "recency", "diversity")
    SEEDS_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_IDS_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    RECENCY_FIELD_NUMBER: _ClassVar[int]
    DIVERSITY_FIELD_NUMBER: _ClassVar[int]
    seeds: Seeds
    filter: PaperFilter
    exclude_ids: _containers.RepeatedScalarFieldContainer[str]
    page_size: int
    page_token: str
    view: _paper_pb2.PaperView
    recency: float
    diversity: float
    def __init__(self, seeds: _Optional[_Union[Seeds, _Mapping]] = ..., filter: _Optional[_Union[PaperFilter, _Mapping]] = ..., exclude_ids: _Optional[_Iterable[str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., view: _Optional[_Union[_paper_pb2.PaperView, str]] = ..., recency: _Optional[float] = ..., diversity: _Optional[float] = ...) -> None: ...

class SharedReferences(_message.Message):
    __slots__ = ("count", "paper_ids")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    PAPER_IDS_FIELD_NUMBER: _ClassVar[int]
    count: int
    paper_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, count: _Optional[int] = ..., paper_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class CoCitation(_message.Message):
    __slots__ = ("count", "paper_ids")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    PAPER_IDS_FIELD_NUMBER: _ClassVar[int]
    count: int
    paper_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, count: _Optional[int] = ..., paper_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class DirectCitation(_message.Message):
    __slots__ = ("seed_cites_result",)
    SEED_CITES_RESULT_FIELD_NUMBER: _ClassVar[int]
    seed_cites_result: bool
    def __init__(self, seed_cites_result: _Optional[bool] = ...) -> None: ...

class TextLikeness(_message.Message):
    __slots__ = ("cosine", "shared_terms")
    COSINE_FIELD_NUMBER: _ClassVar[int]
    SHARED_TERMS_FIELD_NUMBER: _ClassVar[int]
    cosine: float
    shared_terms: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, cosine: _Optional[float] = ..., shared_terms: _Optional[_Iterable[str]] = ...) -> None: ...

class SharedTerms(_message.Message):
    __slots__ = ("terms",)
    TERMS_FIELD_NUMBER: _ClassVar[int]
    terms: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, terms: _Optional[_Iterable[str]] = ...) -> None: ...

class SharedReaders(_message.Message):
    __slots__ = ("count",)
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: int
    def __init__(self, count: _Optional[int] = ...) -> None: ...

class Popularity(_message.Message):
    __slots__ = ("citation_count",)
    CITATION_COUNT_FIELD_NUMBER: _ClassVar[int]
    citation_count: int
    def __init__(self, citation_count: _Optional[int] = ...) -> None: ...

class CitedWithReferences(_message.Message):
    __slots__ = ("count", "paper_ids")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    PAPER_IDS_FIELD_NUMBER: _ClassVar[int]
    count: int
    paper_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, count: _Optional[int] = ..., paper_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class Reason(_message.Message):
    __slots__ = ("seed", "shared_references", "co_citation", "direct_citation", "text_likeness", "popularity", "cited_with_references", "shared_readers", "shared_terms")
    SEED_FIELD_NUMBER: _ClassVar[int]
    SHARED_REFERENCES_FIELD_NUMBER: _ClassVar[int]
    CO_CITATION_FIELD_NUMBER: _ClassVar[int]
    DIRECT_CITATION_FIELD_NUMBER: _ClassVar[int]
    TEXT_LIKENESS_FIELD_NUMBER: _ClassVar[int]
    POPULARITY_FIELD_NUMBER: _ClassVar[int]
    CITED_WITH_REFERENCES_FIELD_NUMBER: _ClassVar[int]
    SHARED_READERS_FIELD_NUMBER: _ClassVar[int]
    SHARED_TERMS_FIELD_NUMBER: _ClassVar[int]
    seed: str
    shared_references: SharedReferences
    co_citation: CoCitation
    direct_citation: DirectCitation
    text_likeness: TextLikeness
    popularity: Popularity
    cited_with_references: CitedWithReferences
    shared_readers: SharedReaders
    shared_terms: SharedTerms
    def __init__(self, seed: _Optional[str] = ..., shared_references: _Optional[_Union[SharedReferences, _Mapping]] = ..., co_citation: _Optional[_Union[CoCitation, _Mapping]] = ..., direct_citation: _Optional[_Union[DirectCitation, _Mapping]] = ..., text_likeness: _Optional[_Union[TextLikeness, _Mapping]] = ..., popularity: _Optional[_Union[Popularity, _Mapping]] = ..., cited_with_references: _Optional[_Union[CitedWithReferences, _Mapping]] = ..., shared_readers: _Optional[_Union[SharedReaders, _Mapping]] = ..., shared_terms: _Optional[_Union[SharedTerms, _Mapping]] = ...) -> None: ...

class SeedContribution(_message.Message):
    __slots__ = ("seed", "share")
    SEED_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    seed: str
    share: float
    def __init__(self, seed: _Optional[str] = ..., share: _Optional[float] = ...) -> None: ...

class Recommendation(_message.Message):
    __slots__ = ("paper", "score", "rank", "reasons", "contributions")
    PAPER_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTIONS_FIELD_NUMBER: _ClassVar[int]
    paper: _paper_pb2.Paper
    score: float
    rank: int
    reasons: _containers.RepeatedCompositeFieldContainer[Reason]
    contributions: _containers.RepeatedCompositeFieldContainer[SeedContribution]
    def __init__(self, paper: _Optional[_Union[_paper_pb2.Paper, _Mapping]] = ..., score: _Optional[float] = ..., rank: _Optional[int] = ..., reasons: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ..., contributions: _Optional[_Iterable[_Union[SeedContribution, _Mapping]]] = ...) -> None: ...

class UnresolvedSeed(_message.Message):
    __slots__ = ("id", "cause", "field")
    ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    id: str
    cause: UnresolvedCause
    field: str
    def __init__(self, id: _Optional[str] = ..., cause: _Optional[_Union[UnresolvedCause, str]] = ..., field: _Optional[str] = ...) -> None: ...

class ResolvedReference(_message.Message):
    __slots__ = ("entry", "paper_id")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    PAPER_ID_FIELD_NUMBER: _ClassVar[int]
    entry: str
    paper_id: str
    def __init__(self, entry: _Optional[str] = ..., paper_id: _Optional[str] = ...) -> None: ...

class RecommendPapersResponse(_message.Message):
    __slots__ = ("results", "next_page_token", "model_version", "unresolved_seeds", "degraded", "attribution_token", "fallback", "resolved_references")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    UNRESOLVED_SEEDS_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_REFERENCES_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[Recommendation]
    next_page_token: str
    model_version: str
    unresolved_seeds: _containers.RepeatedCompositeFieldContainer[UnresolvedSeed]
    degraded: _containers.RepeatedCompositeFieldContainer[_degradation_pb2.Degradation]
    attribution_token: str
    fallback: Fallback
    resolved_references: _containers.RepeatedCompositeFieldContainer[ResolvedReference]
    def __init__(self, results: _Optional[_Iterable[_Union[Recommendation, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., model_version: _Optional[str] = ..., unresolved_seeds: _Optional[_Iterable[_Union[UnresolvedSeed, _Mapping]]] = ..., degraded: _Optional[_Iterable[_Union[_degradation_pb2.Degradation, _Mapping]]] = ..., attribution_token: _Optional[str] = ..., fallback: _Optional[_Union[Fallback, str]] = ..., resolved_references: _Optional[_Iterable[_Union[ResolvedReference, _Mapping]]] = ...) -> None: ...

class ResolvePapersRequest(_message.Message):
    __slots__ = ("queries",)
    QUERIES_FIELD_NUMBER: _ClassVar[int]
    queries: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, queries: _Optional[_Iterable[str]] = ...) -> None: ...

class ResolvedPaper(_message.Message):
    __slots__ = ("query", "status", "paper", "in_model")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PAPER_FIELD_NUMBER: _ClassVar[int]
    IN_MODEL_FIELD_NUMBER: _ClassVar[int]
    query: str
    status: ResolveStatus
    paper: _paper_pb2.Paper
    in_model: bool
    def __init__(self, query: _Optional[str] = ..., status: _Optional[_Union[ResolveStatus, str]] = ..., paper: _Optional[_Union[_paper_pb2.Paper, _Mapping]] = ..., in_model: _Optional[bool] = ...) -> None: ...

class ResolvePapersResponse(_message.Message):
    __slots__ = ("results", "degraded", "model_version")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ResolvedPaper]
    degraded: _containers.RepeatedCompositeFieldContainer[_degradation_pb2.Degradation]
    model_version: str
    def __init__(self, results: _Optional[_Iterable[_Union[ResolvedPaper, _Mapping]]] = ..., degraded: _Optional[_Iterable[_Union[_degradation_pb2.Degradation, _Mapping]]] = ..., model_version: _Optional[str] = ...) -> None: ...

class GetModelRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetModelResponse(_message.Message):
    __slots__ = ("model_version", "create_time", "paper_count", "citation_count", "embedding_model_version", "metrics", "refused", "fresh_paper_count")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    PAPER_COUNT_FIELD_NUMBER: _ClassVar[int]
    CITATION_COUNT_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    FRESH_PAPER_COUNT_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    create_time: _timestamp_pb2.Timestamp
    paper_count: int
    citation_count: int
    embedding_model_version: str
    metrics: _containers.ScalarMap[str, float]
    refused: _containers.RepeatedCompositeFieldContainer[RefusedModel]
    fresh_paper_count: int
    def __init__(self, model_version: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., paper_count: _Optional[int] = ..., citation_count: _Optional[int] = ..., embedding_model_version: _Optional[str] = ..., metrics: _Optional[_Mapping[str, float]] = ..., refused: _Optional[_Iterable[_Union[RefusedModel, _Mapping]]] = ..., fresh_paper_count: _Optional[int] = ...) -> None: ...

class RefusedModel(_message.Message):
    __slots__ = ("model_version", "detail")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    detail: str
    def __init__(self, model_version: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...
