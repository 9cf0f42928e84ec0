"""Messages made of fuzzed bytes, field by field: a mutation changes what is asked, rather than break its encoding."""

import struct
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

_MOST_ENTRIES, _DEEPEST = 5, 6
_NAMES = ("doi:10.1000/20", "arxiv:2001.00003", "doi:10.1000/none", "local:x", "reader-1", "0" * 32, "", "hashing-64")


class Bytes:
    """Bytes that are used up; zeros follow when there are none."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        found = self._data[self._at : self._at + size]
        self._at += size
        return found.ljust(size, b"\0")

    def byte(self) -> int:
        return self.take(1)[0]


def message_of(data: bytes, descriptor: Descriptor) -> Message:
    """A message of a kind; none of it need be allowed."""
    return _message(Bytes(data), descriptor, 0)


def _message(data: Bytes, descriptor: Descriptor, depth: int) -> Message:
    message = GetMessageClass(descriptor)()
    for field in descriptor.fields:
        how = data.byte()
        if how < 100 or depth > _DEEPEST:  # most fields are not there in most messages
            continue
        if field.is_repeated:
            entries = [_value(data, field, depth) for _ in range(how % _MOST_ENTRIES)]
            if field.message_type and field.message_type.GetOptions().map_entry:
                continue
            getattr(message, field.name).extend(entries)
        elif field.message_type:
            getattr(message, field.name).CopyFrom(_value(data, field, depth))
        else:
            setattr(message, field.name, _value(data, field, depth))
    return message


def _value(data: Bytes, field: FieldDescriptor, depth: int) -> Any:
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_MESSAGE:
        return _message(data, field.message_type, depth + 1)
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return bool(data.byte() & 1)
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        return data.byte() % 16
    if kind in (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE):
        return struct.unpack("<f", data.take(4))[0]
    if kind == FieldDescriptor.CPPTYPE_STRING:
        text = _text(data)
        return text.encode() if field.type == FieldDescriptor.TYPE_BYTES else text
    signed = kind in (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64)
    wide = kind in (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64)
    size = data.byte()
    if size < 200:  # small numbers are what is asked for
        return size
    return int.from_bytes(data.take(8 if wide else 4), "little", signed=signed)


def _text(data: Bytes) -> str:
    how = data.byte()
    if how < 160:
        return _NAMES[how % len(_NAMES)]
    return data.take(how - 160).decode("utf-8", "replace")
