import datetime

from cocite.v1 import validate_rules as _validate_pb2
from cocite.v1 import degradation_pb2 as _degradation_pb2
from cocite.v1 import paper_pb2 as _paper_pb2
from cocite.v1 import recommender_service_pb2 as _recommender_service_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_KIND_UNSPECIFIED: _ClassVar[EventKind]
    EVENT_KIND_VIEW: _ClassVar[EventKind]
    EVENT_KIND_CLICK: _ClassVar[EventKind]
    EVENT_KIND_SAVE: _ClassVar[EventKind]
    EVENT_KIND_UPVOTE: _ClassVar[EventKind]
    EVENT_KIND_DISMISS: _ClassVar[EventKind]
    EVENT_KIND_SUBMIT: _ClassVar[EventKind]

class EventStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_STATUS_UNSPECIFIED: _ClassVar[EventStatus]
    EVENT_STATUS_RECORDED: _ClassVar[EventStatus]
    EVENT_STATUS_DUPLICATE: _ClassVar[EventStatus]
    EVENT_STATUS_RECORDED_AHEAD: _ClassVar[EventStatus]
    EVENT_STATUS_CONFLICT: _ClassVar[EventStatus]
    EVENT_STATUS_MALFORMED_ID: _ClassVar[EventStatus]
    EVENT_STATUS_IN_FUTURE: _ClassVar[EventStatus]
    EVENT_STATUS_FLOODED: _ClassVar[EventStatus]
    EVENT_STATUS_NOT_ALLOWED: _ClassVar[EventStatus]

class TrendingWindow(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRENDING_WINDOW_UNSPECIFIED: _ClassVar[TrendingWindow]
    TRENDING_WINDOW_DAY: _ClassVar[TrendingWindow]
    TRENDING_WINDOW_WEEK: _ClassVar[TrendingWindow]
    TRENDING_WINDOW_MONTH: _ClassVar[TrendingWindow]

class DigestPeriod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIGEST_PERIOD_UNSPECIFIED: _ClassVar[DigestPeriod]
    DIGEST_PERIOD_DAILY: _ClassVar[DigestPeriod]
    DIGEST_PERIOD_WEEKLY: _ClassVar[DigestPeriod]
EVENT_KIND_UNSPECIFIED: EventKind
EVENT_KIND_VIEW: EventKind
EVENT_KIND_CLICK: EventKind
EVENT_KIND_SAVE: EventKind
EVENT_KIND_UPVOTE: EventKind
EVENT_KIND_DISMISS: EventKind
EVENT_KIND_SUBMIT: EventKind
EVENT_STATUS_UNSPECIFIED: EventStatus
EVENT_STATUS_RECORDED: EventStatus
EVENT_STATUS_DUPLICATE: EventStatus
EVENT_STATUS_RECORDED_AHEAD: EventStatus
EVENT_STATUS_CONFLICT: EventStatus
EVENT_STATUS_MALFORMED_ID: EventStatus
EVENT_STATUS_IN_FUTURE: EventStatus
EVENT_STATUS_FLOODED: EventStatus
EVENT_STATUS_NOT_ALLOWED: EventStatus
TRENDING_WINDOW_UNSPECIFIED: TrendingWindow
TRENDING_WINDOW_DAY: TrendingWindow
TRENDING_WINDOW_WEEK: TrendingWindow
TRENDING_WINDOW_MONTH: TrendingWindow
DIGEST_PERIOD_UNSPECIFIED: DigestPeriod
DIGEST_PERIOD_DAILY: DigestPeriod
DIGEST_PERIOD_WEEKLY: DigestPeriod

class ReaderRef(_message.Message):
    __slots__ = ("reader_id", "session_id", "feed_token")
    READER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    FEED_TOKEN_FIELD_NUMBER: _ClassVar[int]
    reader_id: str
    session_id: str
    feed_token: str
    def __init__(self, reader_id: _Optional[str] = ..., session_id: _Optional[str] = ..., feed_token: _Optional[str] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("event_id", "reader", "kind", "paper_id", "undo", "attribution_token", "position", "occurred_at")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PAPER_ID_FIELD_NUMBER: _ClassVar[int]
    UNDO_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    reader: ReaderRef
    kind: EventKind
    paper_id: str
    undo: bool
    attribution_token: str
    position: int
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, event_id: _Optional[str] = ..., reader: _Optional[_Union[ReaderRef, _Mapping]] = ..., kind: _Optional[_Union[EventKind, str]] = ..., paper_id: _Optional[str] = ..., undo: _Optional[bool] = ..., attribution_token: _Optional[str] = ..., position: _Optional[int] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RecordEventsRequest(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ...) -> None: ...

class EventResult(_message.Message):
    __slots__ = ("event_id", "status")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    status: EventStatus
    def __init__(self, event_id: _Optional[str] = ..., status: _Optional[_Union[EventStatus, str]] = ...) -> None: ...

class RecordEventsResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[EventResult]
    def __init__(self, results: _Optional[_Iterable[_Union[EventResult, _Mapping]]] = ...) -> None: ...

class ListFeedRequest(_message.Message):
    __slots__ = ("reader", "page_size", "page_token", "view")
    READER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    reader: ReaderRef
    page_size: int
    page_token: str
    view: _paper_pb2.PaperView
    def __init__(self, reader: _Optional[_Union[ReaderRef, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., view: _Optional[_Union[_paper_pb2.PaperView, str]] = ...) -> None: ...

class FeedReason(_message.Message):
    __slots__ = ("acted_on", "new_arrival", "trending_now", "popularity")
    ACTED_ON_FIELD_NUMBER: _ClassVar[int]
    NEW_ARRIVAL_FIELD_NUMBER: _ClassVar[int]
    TRENDING_NOW_FIELD_NUMBER: _ClassVar[int]
    POPULARITY_FIELD_NUMBER: _ClassVar[int]
    acted_on: ActedOn
    new_arrival: NewArrival
    trending_now: TrendingNow
    popularity: _recommender_service_pb2.Popularity
    def __init__(self, acted_on: _Optional[_Union[ActedOn, _Mapping]] = ..., new_arrival: _Optional[_Union[NewArrival, _Mapping]] = ..., trending_now: _Optional[_Union[TrendingNow, _Mapping]] = ..., popularity: _Optional[_Union[_recommender_service_pb2.Popularity, _Mapping]] = ...) -> None: ...

class ActedOn(_message.Message):
    __slots__ = ("kind", "paper_id", "title")
    KIND_FIELD_NUMBER: _ClassVar[int]
    PAPER_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    kind: EventKind
    paper_id: str
    title: str
    def __init__(self, kind: _Optional[_Union[EventKind, str]] = ..., paper_id: _Optional[str] = ..., title: _Optional[str] = ...) -> None: ...

class NewArrival(_message.Message):
    __slots__ = ("date",)
    DATE_FIELD_NUMBER: _ClassVar[int]
    date: str
    def __init__(self, date: _Optional[str] = ...) -> None: ...

class TrendingNow(_message.Message):
    __slots__ = ("readers",)
    READERS_FIELD_NUMBER: _ClassVar[int]
    readers: int
    def __init__(self, readers: _Optional[int] = ...) -> None: ...

class FeedItem(_message.Message):
    __slots__ = ("paper", "rank", "reasons", "evidence", "attribution_token")
    PAPER_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    paper: _paper_pb2.Paper
    rank: int
    reasons: _containers.RepeatedCompositeFieldContainer[FeedReason]
    evidence: _containers.RepeatedCompositeFieldContainer[_recommender_service_pb2.Reason]
    attribution_token: str
    def __init__(self, paper: _Optional[_Union[_paper_pb2.Paper, _Mapping]] = ..., rank: _Optional[int] = ..., reasons: _Optional[_Iterable[_Union[FeedReason, _Mapping]]] = ..., evidence: _Optional[_Iterable[_Union[_recommender_service_pb2.Reason, _Mapping]]] = ..., attribution_token: _Optional[str] = ...) -> None: ...

class ListFeedResponse(_message.Message):
    __slots__ = ("items", "next_page_token", "model_version", "personal", "degraded")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    PERSONAL_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[FeedItem]
    next_page_token: str
    model_version: str
    personal: bool
    degraded: _containers.RepeatedCompositeFieldContainer[_degradation_pb2.Degradation]
    def __init__(self, items: _Optional[_Iterable[_Union[FeedItem, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., model_version: _Optional[str] = ..., personal: _Optional[bool] = ..., degraded: _Optional[_Iterable[_Union[_degradation_pb2.Degradation, _Mapping]]] = ...) -> None: ...

class ListTrendingRequest(_message.Message):
    __slots__ = ("window", "field", "page_size", "page_token")
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    window: TrendingWindow
    field: str
    page_size: int
    page_token: str
    def __init__(self, window: _Optional[_Union[TrendingWindow, str]] = ..., field: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class TrendingItem(_message.Message):
    __slots__ = ("paper", "rank", "score", "upvotes", "saves", "attribution_token")
    PAPER_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    UPVOTES_FIELD_NUMBER: _ClassVar[int]
    SAVES_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    paper: _paper_pb2.Paper
    rank: int
    score: float
    upvotes: int
    saves: int
    attribution_token: str
    def __init__(self, paper: _Optional[_Union[_paper_pb2.Paper, _Mapping]] = ..., rank: _Optional[int] = ..., score: _Optional[float] = ..., upvotes: _Optional[int] = ..., saves: _Optional[int] = ..., attribution_token: _Optional[str] = ...) -> None: ...

class ListTrendingResponse(_message.Message):
    __slots__ = ("items", "next_page_token", "degraded", "fields")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[TrendingItem]
    next_page_token: str
    degraded: _containers.RepeatedCompositeFieldContainer[_degradation_pb2.Degradation]
    fields: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, items: _Optional[_Iterable[_Union[TrendingItem, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., degraded: _Optional[_Iterable[_Union[_degradation_pb2.Degradation, _Mapping]]] = ..., fields: _Optional[_Iterable[str]] = ...) -> None: ...

class ListNewRequest(_message.Message):
    __slots__ = ("date", "field", "page_size", "page_token", "similar", "view")
    DATE_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SIMILAR_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    date: str
    field: str
    page_size: int
    page_token: str
    similar: int
    view: _paper_pb2.PaperView
    def __init__(self, date: _Optional[str] = ..., field: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., similar: _Optional[int] = ..., view: _Optional[_Union[_paper_pb2.PaperView, str]] = ...) -> None: ...

class NewItem(_message.Message):
    __slots__ = ("paper", "rank", "similar", "upvotes", "attribution_token", "score")
    PAPER_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    SIMILAR_FIELD_NUMBER: _ClassVar[int]
    UPVOTES_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    paper: _paper_pb2.Paper
    rank: int
    similar: _containers.RepeatedCompositeFieldContainer[_paper_pb2.Paper]
    upvotes: int
    attribution_token: str
    score: float
    def __init__(self, paper: _Optional[_Union[_paper_pb2.Paper, _Mapping]] = ..., rank: _Optional[int] = ..., similar: _Optional[_Iterable[_Union[_paper_pb2.Paper, _Mapping]]] = ..., upvotes: _Optional[int] = ..., attribution_token: _Optional[str] = ..., score: _Optional[float] = ...) -> None: ...

class ListNewResponse(_message.Message):
    __slots__ = ("items", "next_page_token", "date", "previous_date", "next_date", "degraded", "total")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_DATE_FIELD_NUMBER: _ClassVar[int]
    NEXT_DATE_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[NewItem]
    next_page_token: str
    date: str
    previous_date: str
    next_date: str
    degraded: _containers.RepeatedCompositeFieldContainer[_degradation_pb2.Degradation]
    total: int
    def __init__(self, items: _Optional[_Iterable[_Union[NewItem, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., date: _Optional[str] = ..., previous_date: _Optional[str] = ..., next_date: _Optional[str] = ..., degraded: _Optional[_Iterable[_Union[_degradation_pb2.Degradation, _Mapping]]] = ..., total: _Optional[int] = ...) -> None: ...

class SubscribeRequest(_message.Message):
    __slots__ = ("email", "period", "reader", "fields")
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    email: str
    period: DigestPeriod
    reader: ReaderRef
    fields: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, email: _Optional[str] = ..., period: _Optional[_Union[DigestPeriod, str]] = ..., reader: _Optional[_Union[ReaderRef, _Mapping]] = ..., fields: _Optional[_Iterable[str]] = ...) -> None: ...

class SubscribeResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ConfirmSubscriptionRequest(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class ConfirmSubscriptionResponse(_message.Message):
    __slots__ = ("period",)
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    period: DigestPeriod
    def __init__(self, period: _Optional[_Union[DigestPeriod, str]] = ...) -> None: ...

class UnsubscribeRequest(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class UnsubscribeResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetReaderRequest(_message.Message):
    __slots__ = ("reader", "page_size", "page_token", "views")
    READER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    VIEWS_FIELD_NUMBER: _ClassVar[int]
    reader: ReaderRef
    page_size: int
    page_token: str
    views: bool
    def __init__(self, reader: _Optional[_Union[ReaderRef, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., views: _Optional[bool] = ...) -> None: ...

class ReaderPaper(_message.Message):
    __slots__ = ("paper", "kinds", "last_at")
    PAPER_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    LAST_AT_FIELD_NUMBER: _ClassVar[int]
    paper: _paper_pb2.Paper
    kinds: _containers.RepeatedScalarFieldContainer[EventKind]
    last_at: _timestamp_pb2.Timestamp
    def __init__(self, paper: _Optional[_Union[_paper_pb2.Paper, _Mapping]] = ..., kinds: _Optional[_Iterable[_Union[EventKind, str]]] = ..., last_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetReaderResponse(_message.Message):
    __slots__ = ("papers", "next_page_token", "event_count", "first_event_at", "feed_token", "subscriptions", "library_entries")
    PAPERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRST_EVENT_AT_FIELD_NUMBER: _ClassVar[int]
    FEED_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    LIBRARY_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    papers: _containers.RepeatedCompositeFieldContainer[ReaderPaper]
    next_page_token: str
    event_count: int
    first_event_at: _timestamp_pb2.Timestamp
    feed_token: str
    subscriptions: _containers.RepeatedCompositeFieldContainer[Subscription]
    library_entries: int
    def __init__(self, papers: _Optional[_Iterable[_Union[ReaderPaper, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., event_count: _Optional[int] = ..., first_event_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., feed_token: _Optional[str] = ..., subscriptions: _Optional[_Iterable[_Union[Subscription, _Mapping]]] = ..., library_entries: _Optional[int] = ...) -> None: ...

class Subscription(_message.Message):
    __slots__ = ("masked_email", "period", "confirmed", "fields")
    MASKED_EMAIL_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    masked_email: str
    period: DigestPeriod
    confirmed: bool
    fields: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, masked_email: _Optional[str] = ..., period: _Optional[_Union[DigestPeriod, str]] = ..., confirmed: _Optional[bool] = ..., fields: _Optional[_Iterable[str]] = ...) -> None: ...

class RotateFeedTokenRequest(_message.Message):
    __slots__ = ("reader",)
    READER_FIELD_NUMBER: _ClassVar[int]
    reader: ReaderRef
    def __init__(self, reader: _Optional[_Union[ReaderRef, _Mapping]] = ...) -> None: ...

class RotateFeedTokenResponse(_message.Message):
    __slots__ = ("feed_token",)
    FEED_TOKEN_FIELD_NUMBER: _ClassVar[int]
    feed_token: str
    def __init__(self, feed_token: _Optional[str] = ...) -> None: ...

class DeleteReaderRequest(_message.Message):
    __slots__ = ("reader",)
    READER_FIELD_NUMBER: _ClassVar[int]
    reader: ReaderRef
    def __init__(self, reader: _Optional[_Union[ReaderRef, _Mapping]] = ...) -> None: ...

class DeleteReaderResponse(_message.Message):
    __slots__ = ("deleted_events",)
    DELETED_EVENTS_FIELD_NUMBER: _ClassVar[int]
    deleted_events: int
    def __init__(self, deleted_events: _Optional[int] = ...) -> None: ...
