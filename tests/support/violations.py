"""Requests that break one rule of the protos each, made from the rules themselves."""

from collections.abc import Iterator
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.text_format import Parse

from cocite.v1 import (
    embedding_service_pb2,
    feature_service_pb2,
    feed_service_pb2,
    recommender_service_pb2,
)

_FIELD, _ONEOF = (descriptor_pool.Default().FindExtensionByName(f"buf.validate.{name}") for name in ("field", "oneof"))
FILES = {
    "embedding": embedding_service_pb2,
    "features": feature_service_pb2,
    "recommender": recommender_service_pb2,
    "feeds": feed_service_pb2,
}
METHODS = {
    method.name: (service, f"/{of.full_name}/{method.name}", GetMessageClass(method.input_type))
    for service, file in FILES.items()
    for of in file.DESCRIPTOR.services_by_name.values()
    for method in of.methods
}
_READER = 'reader { session_id: "0123456789abcdef0123456789abcdef" }'
_TOKEN = 'token: "0123456789abcdef0123456789abcdef"'
_IDS = 'paper_ids: "doi:10.1/1"'
# One for each method: keeps every rule, and has something in each field that holds others.
VALID = {
    "EmbedTexts": 'texts: "a"',
    "GetEmbeddingModel": "",
    "BatchGetPapers": _IDS,
    "ListNewPapers": "",
    "BatchGetReferences": _IDS,
    "BatchGetVectors": 'model_version: "m" keys: "a"',
    "BatchPutVectors": (
        'model_version: "m" dtype: VECTOR_DTYPE_FLOAT16 dimension: 1 vectors { key: "a" data: "\\000\\074" }'
    ),
    "RecommendPapers": (
        'seeds { positive_ids: "doi:10.1/1" negative_ids: "doi:10.1/2" texts { title: "a" }'
        ' negative_texts { title: "b" } library_ids: "doi:10.1/3" reference_ids: "doi:10.1/4" }'
        ' filter { min_year: 1900 max_year: 2000 venues: "v" fields: "f" } exclude_ids: "doi:10.1/5"'
    ),
    "ResolvePapers": 'queries: "doi:10.1/1"',
    "GetModel": "",
    "RecordEvents": f'events {{ event_id: "1" {_READER} kind: EVENT_KIND_SAVE paper_id: "doi:10.1/1" }}',
    "ListFeed": _READER,
    "ListTrending": "",
    "ListNew": "",
    "Subscribe": f'email: "ann@reader.example" period: DIGEST_PERIOD_DAILY fields: "f" {_READER}',
    "ConfirmSubscription": _TOKEN,
    "Unsubscribe": _TOKEN,
    "GetReader": _READER,
    "RotateFeedToken": _READER,
    "DeleteReader": _READER,
}


def valid(name: str) -> Message:
    """A request of a method that keeps every rule."""
    return Parse(VALID[name], METHODS[name][2]())


def violations(name: str) -> Iterator[tuple[str, Message]]:
    """Requests of a method that break one rule each, and which."""
    for path, rules in _ruled(valid(name)):
        for broken, change in rules:
            request = valid(name)
            change(_at(request, path[:-1]), path[-1])
            yield f"{'.'.join(map(str, path))}: {broken}", request


def unbounded(message: Descriptor, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Fields of a request, and of what it holds, that may be as long as one likes, or numbers that may be NaN."""
    for field in message.fields:
        kind = _rules_of(field)
        of_items = kind.repeated.items if field.is_repeated else kind
        if field.is_repeated and not kind.repeated.HasField("max_items"):
            yield field.full_name
        if field.type == FieldDescriptor.TYPE_STRING and not (
            of_items.string.HasField("max_len")
            or of_items.string.HasField("max_bytes")
            or _ends(of_items.string.pattern)
        ):
            yield field.full_name
        if field.type == FieldDescriptor.TYPE_BYTES and not of_items.bytes.HasField("max_len"):
            yield field.full_name
        if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT) and not (
            of_items.double.HasField("lte") and of_items.double.HasField("gte")
        ):
            yield field.full_name
        inner = field.message_type
        if inner is not None and inner.full_name not in seen and inner.full_name.startswith("cocite."):
            yield from unbounded(inner, seen | {message.full_name})


def _ends(pattern: str) -> bool:
    """Whether what a pattern lets through has an end."""
    return bool(pattern) and "*" not in pattern and "+" not in pattern


def _rules_of(field: FieldDescriptor) -> Any:
    return field.GetOptions().Extensions[_FIELD]


def _at(message: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        message = message[step] if isinstance(step, int) else getattr(message, step)
    return message


def _ruled(message: Message, before: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[Any, ...], list[Any]]]:
    for field in message.DESCRIPTOR.fields:
        rules = _rules_of(field)
        if field.is_repeated:
            yield (*before, field.name), list(_of_repeated(rules.repeated))
            for place, each in enumerate(getattr(message, field.name)):
                if field.message_type is not None:
                    yield from _ruled(each, (*before, field.name, place))
                else:
                    yield (*before, field.name, place), list(_of_value(rules.repeated.items))
        elif field.message_type is not None:
            if rules.required:
                yield (*before, field.name), [("required", lambda at, name: at.ClearField(name))]
            if message.HasField(field.name):
                yield from _ruled(getattr(message, field.name), (*before, field.name))
        else:
            yield (*before, field.name), list(_of_value(rules))
    for group in message.DESCRIPTOR.oneofs:
        if group.GetOptions().Extensions[_ONEOF].required:
            told = message.WhichOneof(group.name)
            yield (*before, told), [("oneof", lambda at, name: at.ClearField(name))]


def _of_repeated(rules: Any) -> Iterator[Any]:
    if rules.HasField("max_items"):
        most = rules.max_items

        def more(at: Any, name: str) -> None:
            values = getattr(at, name)
            values.extend([values[0]] * (most + 1 - len(values)))

        yield "max_items", more
    if rules.min_items:
        yield "min_items", lambda at, name: at.ClearField(name)


def _of_value(rules: Any) -> Iterator[Any]:
    kind = rules.WhichOneof("type")
    if kind is None:
        return
    told = getattr(rules, kind)
    wrong: dict[str, Any] = {}
    if kind in ("string", "bytes"):
        letter: Any = "x" if kind == "string" else b"x"
        for name in ("max_len", "max_bytes"):
            if name in told.DESCRIPTOR.fields_by_name and told.HasField(name):
                wrong[name] = letter * (getattr(told, name) + 1)
        if told.min_len:
            wrong["min_len"] = letter * (told.min_len - 1)
        if told.pattern:
            wrong["pattern"] = "\n"
        if kind == "string" and told.email:
            wrong["email"] = "nobody"
    elif kind == "enum":
        wrong |= {f"not_in {each}": each for each in told.not_in}
        if told.defined_only:
            wrong["defined_only"] = 9999
    else:
        for name, step in (("gte", -1), ("lte", 1)):
            if told.HasField(name):
                wrong[name] = getattr(told, name) + step
        if kind in ("double", "float"):
            wrong |= {each: float(each) for each in ("nan", "inf", "-inf")}
    for broken, value in wrong.items():
        yield broken, _setting(value)


def _setting(value: Any) -> Any:
    def change(at: Any, name: str | int) -> None:
        if isinstance(name, int):
            at[name] = value
        else:
            setattr(at, name, value)

    return change
