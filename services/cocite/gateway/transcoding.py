"""From an HTTP request to a message, by the rules of google.api.http in the protos.

Of those rules, paths without variables, bodies of "*" and query parameters are known: what our protos use.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from cocite.core.errors import InvalidArgument
from cocite.gateway.json_faults import unknown_name
from cocite.gateway.methods import Method


@dataclass(frozen=True, slots=True)
class Route:
    """verb is GET or POST; a POST has the request as its JSON body, a GET as its query."""

    verb: str
    path: str
    method: Method


def routes_of(methods: Iterable[Method]) -> Iterator[Route]:
    """The routes that the protos give the methods."""
    for method in methods:
        rule = method.descriptor.GetOptions().Extensions[annotations_pb2.http]
        for each in (rule, *rule.additional_bindings):
            yield _route(each, method)


def _route(rule: http_pb2.HttpRule, method: Method) -> Route:
    verb = str(rule.WhichOneof("pattern") or "")
    path = getattr(rule, verb) if verb in ("get", "post") else ""
    if not path or "{" in path or rule.body != ("*" if verb == "post" else ""):
        raise NotImplementedError(f"{method.path}: a rule of google.api.http that is not known here")
    return Route(verb.upper(), path, method)


def value_of_query(query: Sequence[tuple[str, str]], kind: type[Message]) -> dict[str, Any]:
    """The request that query parameters describe, in JSON's terms: "filter.min_year=2010" is {"filter": {...}}.

    Names are those of the proto or of its JSON; one of a repeated field may come again and again. Raises
    InvalidArgument that names the parameter at fault.
    """
    found: dict[str, Any] = {}
    for name, text in query:
        inside, descriptor = found, kind.DESCRIPTOR
        *above, last = name.split(".")
        for part in above:
            field = _field(descriptor, part, name, kind)
            if field.message_type is None or field.is_repeated:
                raise InvalidArgument(f"{name}: {part} has no parts", field=name)
            inside, descriptor = inside.setdefault(field.name, {}), field.message_type
        field = _field(descriptor, last, name, kind)
        if field.message_type is not None:
            raise InvalidArgument(f"{name}: cannot be told in a query", hint="send it by POST, as JSON", field=name)
        value = _value(field, text, name)
        if field.is_repeated:
            inside.setdefault(field.name, []).append(value)
        elif field.name in inside:
            raise InvalidArgument(f"{name}: is given twice", field=name)
        else:
            inside[field.name] = value
    return found


def _parameters(kind: Any, above: str = "") -> Iterator[str]:
    """Names of what a query can tell of a message."""
    for field in kind.fields:
        if field.message_type is None:
            yield f"{above}{field.json_name}"
        elif not field.is_repeated:
            yield from _parameters(field.message_type, f"{above}{field.json_name}.")


def _field(descriptor: Any, name: str, whole: str, kind: type[Message]) -> FieldDescriptor:
    field: FieldDescriptor | None = descriptor.fields_by_name.get(name) or descriptor.fields_by_camelcase_name.get(name)
    if field is None:
        names = list(_parameters(kind.DESCRIPTOR))
        raise unknown_name(whole, "parameter", names, names)
    return field


def _value(field: FieldDescriptor, text: str, name: str) -> str | bool | int:
    """As JSON has it: numbers may be strings there, booleans and numbers of enums may not."""
    if field.type == FieldDescriptor.TYPE_ENUM and text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    if field.type != FieldDescriptor.TYPE_BOOL:
        return text
    if text not in ("true", "false"):
        raise InvalidArgument(f"{name}: must be true or false", field=name)
    return text == "true"
