"""Page tokens: where the next page of one list starts, bound to all that the list was made of.

That is the request, the model version with the papers that came since, and what could be used of the request at the
time, its basis: a text counts only while the embedding service answers. A page of another list is never passed off as
the next of the first.

A token is base64url of a version byte, digests of the three, the offset and a checksum.
It is opaque and short, not secret: whoever forges one only gets another page of the same list.
"""

import base64
import binascii
import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cocite.core.errors import InvalidArgument, Unavailable

DEFAULT_PAGE_SIZE = 20
_FIELD = "page_token"
_VERSION = 2
_FORMAT = struct.Struct(">B8s12s8sI")
_BASIS_BYTES = 8
_RETRY_AFTER_S = 2.0
_CHECKSUM_BYTES = 4


def digest(data: bytes, size: int) -> bytes:
    """BLAKE2b of data, size bytes."""
    return hashlib.blake2b(data, digest_size=size).digest()


@dataclass(frozen=True, slots=True)
class PageStart:
    """Where a page starts, and the digest of the basis of the pages before it; none on the first page."""

    offset: int = 0
    basis: bytes = b""

    def check(self, basis: bytes, *, complete: bool) -> None:
        """Raise when the list on basis is another than that of the pages before.

        complete says that nothing is missing from basis. Without that it may be the same list again in a moment:
        Unavailable; else it never will: InvalidArgument.
        """
        if not self.basis or self.basis == digest(basis, _BASIS_BYTES):
            return
        if not complete:
            raise Unavailable(
                "a service that the page before was made with does not answer",
                hint="try again, or ask for the first page again",
                retry_after_s=_RETRY_AFTER_S,
            )
        raise InvalidArgument(
            "the request means other papers or texts now than when page_token was made",
            hint="ask for the first page again",
            field=_FIELD,
        )


def make_token(request_key: bytes, model: str, basis: bytes, offset: int) -> str:
    """The token of the page that starts at offset. request_key is the request's bytes without its paging fields."""
    body = _FORMAT.pack(_VERSION, model_digest(model), digest(request_key, 12), digest(basis, _BASIS_BYTES), offset)
    return base64.urlsafe_b64encode(body + digest(body, _CHECKSUM_BYTES)).rstrip(b"=").decode()


def basis_of(
    *,
    positives: Sequence[int] = (),
    negatives: Sequence[int] = (),
    texts: Sequence[str | None] = (),
    library: Sequence[int] = (),
    references: Sequence[int] = (),
    excluded: Sequence[int] = (),
    cited: Sequence[Sequence[int]] = (),
) -> bytes:
    """The basis of a list: rows of all that the request names, and of each of its seeds, positive ones first, the text
    of which the vector was to be had. cited are references of each positive seed that the model does not know.
    """  # fmt: skip
    return repr((positives, negatives, texts, library, references, excluded, cited)).encode()


def model_of(token: str) -> bytes:
    """The digest of the model that a token is bound to, b"" where it is none."""
    try:
        return _unpack(token)[1] if token else b""
    except InvalidArgument:
        return b""


@lru_cache(maxsize=8)  # of the states that serve
def model_digest(model: str) -> bytes:
    """What model_of gives for tokens of a model."""
    return digest(model.encode(), 8)


def read_token(token: str, request_key: bytes, model: str) -> PageStart:
    """What is in a token, the first page for "". Raises InvalidArgument that says why a token does not fit."""
    if not token:
        return PageStart()
    version, made_by, request, basis, offset = _unpack(token)
    if version != _VERSION:
        raise InvalidArgument("page_token is of another release", hint="ask for the first page again", field=_FIELD)
    if request != digest(request_key, 12):
        raise InvalidArgument(
            "page_token belongs to another request",
            hint="repeat the request of the page before; only page_size and view may change",
            field=_FIELD,
        )
    if made_by != model_digest(model):
        raise InvalidArgument(
            "page_token belongs to another model version, or to an earlier state of this one",
            hint="the model has changed or papers have come since; ask for the first page again",
            field=_FIELD,
        )
    return PageStart(offset, basis)


def _unpack(token: str) -> tuple[int, bytes, bytes, bytes, int]:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    body, checksum = raw[:-_CHECKSUM_BYTES], raw[-_CHECKSUM_BYTES:]
    if len(body) != _FORMAT.size or digest(body, _CHECKSUM_BYTES) != checksum:
        raise InvalidArgument(
            "page_token is no token of this service", hint="pass next_page_token as it came", field=_FIELD
        )
    version, model, request, basis, offset = _FORMAT.unpack(body)
    return int(version), bytes(model), bytes(request), bytes(basis), int(offset)
