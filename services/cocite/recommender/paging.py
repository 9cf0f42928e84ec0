"""Page tokens: where the next page of one list starts, bound to the request and the model version it belongs to.

A token is base64url of a version byte, digests of the model version and of the request, the offset and a checksum.
It is opaque and short, not secret: whoever forges one only gets another page of the same list.
"""

import base64
import binascii
import hashlib
import struct

from cocite.core.errors import InvalidArgument

_FIELD = "page_token"
_VERSION = 1
_FORMAT = struct.Struct(">B8s12sI")
_CHECKSUM_BYTES = 4


def digest(data: bytes, size: int) -> bytes:
    """BLAKE2b of data, size bytes."""
    return hashlib.blake2b(data, digest_size=size).digest()


def make_token(request_key: bytes, model_version: str, offset: int) -> str:
    """The token of the page that starts at offset. request_key is the request's bytes without its paging fields."""
    body = _FORMAT.pack(_VERSION, digest(model_version.encode(), 8), digest(request_key, 12), offset)
    return base64.urlsafe_b64encode(body + digest(body, _CHECKSUM_BYTES)).rstrip(b"=").decode()


def read_token(token: str, request_key: bytes, model_version: str) -> int:
    """The offset in a token, 0 for "". Raises InvalidArgument that says why a token does not fit."""
    if not token:
        return 0
    version, model, request, offset = _unpack(token)
    if version != _VERSION:
        raise InvalidArgument("page_token is of another release", hint="ask for the first page again", field=_FIELD)
    if request != digest(request_key, 12):
        raise InvalidArgument(
            "page_token belongs to another request",
            hint="repeat the request of the page before; only page_size and view may change",
            field=_FIELD,
        )
    if model != digest(model_version.encode(), 8):
        raise InvalidArgument(
            "page_token belongs to another model version",
            hint="the model has changed since; ask for the first page again",
            field=_FIELD,
        )
    return offset


def _unpack(token: str) -> tuple[int, bytes, bytes, int]:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    body, checksum = raw[:-_CHECKSUM_BYTES], raw[-_CHECKSUM_BYTES:]
    if len(body) != _FORMAT.size or digest(body, _CHECKSUM_BYTES) != checksum:
        raise InvalidArgument(
            "page_token is no token of this service", hint="pass next_page_token as it came", field=_FIELD
        )
    version, model, request, offset = _FORMAT.unpack(body)
    return int(version), bytes(model), bytes(request), int(offset)
