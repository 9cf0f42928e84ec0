"""Errors as HTTP answers, in the form of https://google.aip.dev/193."""

from math import ceil
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict
from starlette.responses import Response

from cocite.core.errors import CociteError, InvalidArgument, Unauthenticated
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


class WrongMethod(InvalidArgument):
    """A request by another HTTP method than those allowed, "GET, POST"."""

    def __init__(self, allowed: str) -> None:
        super().__init__(f"method: must be one of {allowed}", hint="see /docs/api", field="method")
        self.allowed = allowed


_OF_HTTP: dict[type[CociteError], int] = {WrongMethod: 405, TooSlow: 408, TooLarge: 413, WrongType: 415}


def status_of(error: CociteError) -> int:
    """The HTTP status of an error."""
    return _OF_HTTP.get(type(error)) or _STATUSES.get(code_of(error).name, 500)


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
    return Response(told, status_of(error), error_headers(error), "application/json")


def error_headers(error: CociteError) -> dict[str, str]:
    """What every failed answer says of being kept, and of asking again or otherwise."""
    headers = {"cache-control": "no-store"}
    if isinstance(error, Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, WrongMethod):
        headers["allow"] = error.allowed
    if error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, ceil(error.retry_after_s)))
    return headers
