"""Messages as JSON, by the mapping that protobuf defines.

google.protobuf maps in Python, field by field. Answers are mapped by protobuf-py, which connectrpc and protovalidate
stand on: compiled code, a fifth of the CPU, from the same descriptors and from the encoded message. What strangers
send is not: JSON that is nested deeply ends the process there (protobuf-py 0.7).
"""

from functools import lru_cache
from typing import Any

import orjson
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from protobuf import Message as Twin
from protobuf import Registry
from protobuf._file_registry import create_file_registry  # it has no other way to take descriptors; hence its pin
from protobuf.wkt import FileDescriptorProto

from cocite.core.errors import InvalidArgument
from cocite.gateway.json_faults import fault_in


def encoded_of(text: bytes | bytearray, kind: type[Message]) -> bytes:
    """The encoded message that JSON text stands for, an empty one for no text.

    Raises InvalidArgument for text that stands for none.
    """
    return encoded_value(decoded(text), kind)


def encoded_value(value: Any, kind: type[Message]) -> bytes:
    """The encoded message that a decoded JSON value stands for. Raises InvalidArgument for a value that is none."""
    if not isinstance(value, dict):
        raise InvalidArgument("request: the body must be a JSON object")
    try:
        return ParseDict(value, kind()).SerializeToString()
    except (ParseError, RecursionError):
        raise fault_in(value, kind) from None


def json_of(body: bytes, kind: type[Message]) -> bytes:
    """An encoded message as JSON text; fields that have no value are left out."""
    return _twin(kind.DESCRIPTOR).from_binary(body).to_json().encode()


def decoded(data: bytes | bytearray) -> Any:
    """The value of JSON text, an empty object for no text. Raises InvalidArgument for what is no JSON."""
    try:
        return orjson.loads(data) if data else {}
    except orjson.JSONDecodeError as error:
        raise InvalidArgument(f"request: the body is no JSON, {error}") from None


@lru_cache(256)
def _twin(kind: Descriptor) -> type[Twin]:
    """The same type of message in protobuf-py."""
    found = _registry(kind.file).message(kind.full_name)
    assert found is not None
    return found.type


@lru_cache(256)
def _registry(file: Any) -> Registry:
    """What a file defines, and what it imports: each file once, after those that it imports."""
    imported = {each.name: each for each in file.dependencies}
    return create_file_registry(_described(file), lambda name: _registry(imported[name]).file(name))


def _described(file: Any) -> FileDescriptorProto:
    """The file with the names that JSON has, which generated code leaves out."""
    described = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(described)
    waiting = [(each, file.message_types_by_name[each.name]) for each in described.message_type]
    while waiting:
        message, kind = waiting.pop()
        for field in message.field:
            field.json_name = kind.fields_by_name[field.name].json_name
        waiting += [(each, kind.nested_types_by_name[each.name]) for each in message.nested_type]
    return FileDescriptorProto.from_binary(described.SerializeToString())
