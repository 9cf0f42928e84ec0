"""Errors as HTTP answers, in the form of https://google.aip.dev/193."""

from math import ceil
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict
from starlette.responses import Response

from cocite.core.errors import CociteError, Unauthenticated
from cocite.gateway.bodies import TooLarge, TooSlow, WrongType
from cocite.serving.status import code_of, to_status

_STATUSES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 503,  # no model is published yet: not the client's doing
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_OF_BODIES: dict[type[CociteError], int] = {TooSlow: 408, TooLarge: 413, WrongType: 415}


def status_of(error: CociteError) -> int:
    """The HTTP status of an error."""
    return _OF_BODIES.get(type(error)) or _STATUSES.get(code_of(error).name, 500)


def error_value(error: CociteError) -> dict[str, Any]:
    """The error with its details."""
    status = to_status(error)
    return {
        "code": status_of(error),
        "status": code_of(error).name,
        "message": status.message,
        "details": [MessageToDict(detail) for detail in status.details],
    }


def error_response(error: CociteError) -> Response:
    """The error as an answer."""
    told = orjson.dumps({"error": error_value(error)})
    return Response(told, status_of(error), retry_headers(error), "application/json")


def retry_headers(error: CociteError) -> dict[str, str]:
    """What every failed answer says of being kept, and of asking again."""
    headers = {"cache-control": "no-store"}
    if isinstance(error, Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    if error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, ceil(error.retry_after_s)))
    return headers
