"""How long a client waits, as it says in a header."""

from starlette.requests import Request

from cocite.core.errors import InvalidArgument

HEADER = b"request-timeout-ms"
_MOST_DIGITS = 10


def is_timeout(told: bytes) -> bool:
    """Whether the header's text is a number of milliseconds."""
    return told.isdigit() and len(told) <= _MOST_DIGITS


def timeout_of(request: Request) -> float | None:
    """Seconds that the client waits, as it says in Request-Timeout-Ms; None where it does not.

    Raises InvalidArgument for what is no number.
    """
    told = request.headers.get(HEADER.decode())
    if told is None:
        return None
    if not is_timeout(told.encode("latin-1")):
        raise InvalidArgument("Request-Timeout-Ms: must be a whole number of milliseconds", field=HEADER.decode())
    return int(told) / 1000
