"""What is wrong with a JSON value that stands for no message, in words of its fields.

The value is looked at only after google.protobuf has refused it. What is no message inside is tried field by field, so
that the rules are those of google.protobuf, and the words ours.
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from cocite.core.errors import InvalidArgument

_LONGEST_NAME = 80  # of what is no name, as it is told
_WHOLE = {
    *(FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64),
    *(FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_UINT64),
}
_WELL_KNOWN = {"google.protobuf.Timestamp": "a time, 2026-11-23T09:30:00Z"}  # messages that are no objects in JSON


def fault_in(value: dict[str, Any], kind: type[Message]) -> InvalidArgument:
    """The first fault of a value that was refused as a message of that kind."""
    found = _in_object(value, kind.DESCRIPTOR, "")
    return found or InvalidArgument(f"request: is no {kind.DESCRIPTOR.name}", hint="see /docs/api")


def names_in(kind: Descriptor, above: str = "") -> Iterator[str]:
    """Names of the fields that no object has to be repeated for, those of fields with a dot: "seeds.positiveIds"."""
    for field in kind.fields:
        if field.message_type is None or field.is_repeated or field.message_type.full_name in _WELL_KNOWN:
            yield f"{above}{field.json_name}"
        else:
            yield from names_in(field.message_type, f"{above}{field.json_name}.")


def unknown_name(path: str, what: str, names: Iterable[str], meant: Iterable[str]) -> InvalidArgument:
    """That there is nothing of this name, with the nearest of those meant and the names that there are."""
    told = ", ".join(names) or "none"
    near = {_folded(each): each for each in meant}
    near |= {_folded(each.rpartition(".")[2]): each for each in [*near.values()][::-1]}
    found = get_close_matches(_folded(path.rpartition(".")[2]), near, 1)
    hint = f"did you mean {near[found[0]]}? There are: {told}" if found else f"there are: {told}"
    return InvalidArgument(f"{path[:_LONGEST_NAME]}: there is no such {what}", hint=hint, field=path)


def _folded(name: str) -> str:
    return name[:_LONGEST_NAME].replace("_", "").lower()


def _in_object(value: dict[str, Any], kind: Any, path: str) -> InvalidArgument | None:
    """The first fault of an object that stands at path, "" for the request."""
    chosen: dict[str, str] = {}
    for name, each in value.items():
        place = f"{path}{name}"
        field = kind.fields_by_name.get(name) or kind.fields_by_camelcase_name.get(name)
        if field is None:
            meant = (f"{path}{inside}" for inside in names_in(kind))
            return unknown_name(place, "field", (known.json_name for known in kind.fields), meant)
        if each is None:  # as if it were left out
            continue
        if found := _in_field(each, field, name, place):
            return found
        if field.containing_oneof and chosen.setdefault(field.containing_oneof.name, name) != name:
            told = chosen[field.containing_oneof.name]
            return InvalidArgument(f"{place}: is given beside {told}", hint="give one of them", field=place)
    return None


def _in_field(value: Any, field: FieldDescriptor, name: str, place: str) -> InvalidArgument | None:
    if field.is_repeated and not _is_map(field):
        if not isinstance(value, list):
            return _must_be(place, f"a list, each of it {_told(field)}")
        faults = (_in_one([each], each, field, name, f"{place}[{index}]") for index, each in enumerate(value))
        return next((fault for fault in faults if fault), None)
    return _in_one(value, value, field, name, place)


def _in_one(alone: Any, value: Any, field: FieldDescriptor, name: str, place: str) -> InvalidArgument | None:
    """The fault of one value; alone: what the field holds where it holds nothing else."""
    message = field.message_type
    if message is not None and message.full_name not in _WELL_KNOWN and not _is_map(field):
        return _in_object(value, message, f"{place}.") if isinstance(value, dict) else _must_be(place, _told(field))
    try:
        assert field.containing_type is not None  # it is no extension
        ParseDict({name: alone}, GetMessageClass(field.containing_type)())
    except (ParseError, RecursionError):
        return _must_be(place, _told(field))
    return None


def _must_be(place: str, what: str) -> InvalidArgument:
    return InvalidArgument(f"{place}: must be {what}", field=place)


def _told(field: FieldDescriptor) -> str:
    """What a value of the field is, in words."""
    if field.enum_type is not None:
        return f"one of {', '.join(value.name for value in field.enum_type.values if value.number)}"
    if field.message_type is not None:
        names = ", ".join(each.json_name for each in field.message_type.fields)
        return _WELL_KNOWN.get(field.message_type.full_name) or f"an object with {names}"
    if field.type == FieldDescriptor.TYPE_BYTES:
        return "bytes as base64"
    if field.cpp_type in _WHOLE:
        return "a whole number"
    return {FieldDescriptor.CPPTYPE_BOOL: "true or false", FieldDescriptor.CPPTYPE_STRING: "a text"}.get(
        field.cpp_type, "a number"
    )


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry
