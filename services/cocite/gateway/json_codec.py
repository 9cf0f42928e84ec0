"""Messages as JSON, by the mapping that protobuf defines."""

from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import Message

from cocite.core.errors import InvalidArgument


def message_of(value: Any, kind: type[Message]) -> Message:
    """The message that a decoded JSON value stands for. Raises InvalidArgument for a value that is none."""
    if not isinstance(value, dict):
        raise InvalidArgument("request: the body must be a JSON object")
    try:
        return ParseDict(value, kind())
    except (ParseError, RecursionError) as error:
        raise InvalidArgument(f"request: {str(error) or 'nested too deeply'}") from None


def decoded(data: bytes | bytearray) -> Any:
    """The value of JSON text, an empty object for no text. Raises InvalidArgument for what is no JSON."""
    try:
        return orjson.loads(data) if data else {}
    except orjson.JSONDecodeError as error:
        raise InvalidArgument(f"request: the body is no JSON, {error}") from None


def encoded(message: Message) -> bytes:
    """The message as JSON text; fields that have no value are left out."""
    return orjson.dumps(MessageToDict(message))
