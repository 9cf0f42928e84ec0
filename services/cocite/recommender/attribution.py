"""Attribution tokens: a name for an answer, so that events that follow from it can be told apart."""

import base64
import hashlib
import struct

_LENGTHS = struct.Struct("<QQ")


def attribution_token(request: bytes, model_version: str, papers: bytes) -> str:
    """The same for the same request bytes, model version and papers in their order; 22 characters of base64url.

    papers is Bundle.key_of their rows.
    """
    version = model_version.encode()
    parts = b"".join((_LENGTHS.pack(len(request), len(version)), request, version, papers))
    digest = hashlib.blake2b(parts, digest_size=16, person=b"cocite-answer").digest()
    return base64.urlsafe_b64encode(digest)[:22].decode()
